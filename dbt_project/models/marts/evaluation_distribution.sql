-- How evaluations are spread over the levels. Key: distribution_id.
-- Grain: group and period. group_kind says of whom a group is: the cadres of one agency (CAN_BO), the agencies of one
-- level, kind and source (CO_QUAN), the party organisations of one type and source (TO_CHUC_DANG), the members of one
-- basic party organisation (DANG_VIEN). The kinds are never counted together: a cadre who is a member is in both.
-- A period is judged by the rules of its last day, so that a later rule does not judge it anew.
-- A level may be below what the score allows (the cap, a discipline), never above it: above_score.
-- A group of criteria may give no more points than its share of the hundred: over_score.
-- No person is named: changes of level are counted against the quarter before, in the same agency.
{% set group_of_rated -%}
        group_kind,
        subject_kind,
        period_type,
        period,
        agency_id,
        basic_organisation_id,
        organisation_type,
        province_code,
        agency_level,
        agency_type,
        source
{%- endset %}
with periods as (
    select distinct
        period,
        (case
            when quarter is not null then make_date(year, quarter * 3, 1) + interval '1 month - 1 day'
            else make_date(year, 12, 31)
        end)::date as period_ends_on
    from {{ ref('evaluation') }}
    where year is not null
),

rules as (
    select
        periods.period,
        periods.period_ends_on,
        max(rule.value) filter (where rule.parameter = 'SHARE_PERCENT')::numeric as cap_percent,
        max(rule.value) filter (where rule.parameter = 'CAP_BASE') as cap_base,
        max(rule.value) filter (where rule.parameter = 'ROUNDING') as rounding,
        max(rule.value) filter (where rule.parameter = 'TOP_SHARE_PERCENT')::numeric as flat_percent,
        max(rule.value) filter (where rule.parameter = 'MIN_COUNT')::integer as flat_min_count,
        max(rule.value) filter (where rule.parameter = 'HTXSNV_MIN')::numeric as excellent_from,
        max(rule.value) filter (where rule.parameter = 'HTTNV_MIN')::numeric as good_from,
        max(rule.value) filter (where rule.parameter = 'HTNV_MIN')::numeric as fair_from,
        max(rule.value) filter (where rule.parameter = 'GENERAL_MAX')::numeric as general_max,
        max(rule.value) filter (where rule.parameter = 'RESULT_MAX')::numeric as result_max,
        max(rule.legal_basis) filter (where rule.parameter = 'CAP_BASE') as legal_basis,
        max(rule.confidence) filter (where rule.parameter = 'CAP_BASE') as confidence
    from periods
    left join {{ ref('dated_rule') }} as rule
        on
            rule.rule_code in ('EVAL_CAP', 'EVAL_FLAT', 'EVAL_BAND', 'EVAL_SCORE')
            and {{ applies_on('rule', 'periods.period_ends_on') }}
    group by periods.period, periods.period_ends_on
),

verdicts as (
    select distinct on (evaluation.subject_kind, subject, evaluation.period_type, evaluation.period)
        evaluation.subject_kind,
        coalesce(evaluation.person_id, evaluation.agency_id, evaluation.organisation_id)::text as subject,
        evaluation.period_type,
        evaluation.period,
        evaluation.year,
        evaluation.quarter,
        evaluation.level,
        evaluation.general_score,
        evaluation.result_score,
        evaluation.total_score,
        evaluation.source,
        case
            when evaluation.subject_kind = 'CA_NHAN' then 'CAN_BO'
            when evaluation.subject_kind = 'DANG_VIEN' then 'DANG_VIEN'
            when evaluation.agency_id is null then 'TO_CHUC_DANG'
            else 'CO_QUAN'
        end as group_kind,
        case when evaluation.subject_kind = 'CA_NHAN' then evaluation.agency_id end as agency_id,
        case when evaluation.subject_kind = 'DANG_VIEN' then basic.basic_id end as basic_organisation_id,
        case
            when evaluation.subject_kind = 'TAP_THE' and evaluation.agency_id is null
                then organisation.organisation_type
        end as organisation_type,
        coalesce(
            agency.province_code,
            case
                when evaluation.subject_kind = 'DANG_VIEN' or evaluation.agency_id is null
                    then organisation.province_code
            end
        ) as province_code,
        agency.agency_level,
        agency.agency_type,
        array_position(array['KHTNV', 'HTNV', 'HTTNV', 'HTXSNV'], evaluation.level) as level_rank
    from {{ ref('evaluation') }} as evaluation
    left join {{ ref('agency') }} as agency
        on evaluation.subject_kind <> 'DANG_VIEN' and evaluation.agency_id = agency.agency_id
    left join {{ ref('party_organisation') }} as organisation
        on evaluation.subject_kind <> 'CA_NHAN' and evaluation.organisation_id = organisation.organisation_id
    left join {{ ref('int_organisation_basic') }} as basic on evaluation.organisation_id = basic.organisation_id
    where evaluation.year is not null
    order by
        evaluation.subject_kind asc,
        subject asc,
        evaluation.period_type asc,
        evaluation.period asc,
        evaluation.decided_on desc nulls last,
        evaluation.source asc,
        evaluation.source_key asc
),

changes as (
    select
        verdicts.*,
        verdicts.level_rank - before.level_rank as step,
        verdicts.level_rank > case
            when verdicts.total_score >= rules.excellent_from then 4
            when verdicts.total_score >= rules.good_from then 3
            when verdicts.total_score >= rules.fair_from then 2
            when verdicts.total_score < rules.fair_from then 1
        end as is_above_score,
        verdicts.general_score > rules.general_max or verdicts.result_score > rules.result_max as is_over_score
    from verdicts
    inner join rules on verdicts.period = rules.period
    left join verdicts as before
        on
            verdicts.period_type = 'QUY'
            and before.period_type = 'QUY'
            and verdicts.subject_kind = before.subject_kind
            and verdicts.subject = before.subject
            and verdicts.agency_id is not distinct from before.agency_id
            and verdicts.year * 4 + verdicts.quarter = before.year * 4 + before.quarter + 1
),

counts as (
    select
        {{ group_of_rated }},
        count(*)::integer as evaluated,
        count(*) filter (where level = 'HTXSNV')::integer as excellent,
        count(*) filter (where level = 'HTTNV')::integer as good,
        count(*) filter (where level = 'HTNV')::integer as fair,
        count(*) filter (where level = 'KHTNV')::integer as weak,
        count(*) filter (where level is null)::integer as unrated,
        count(*) filter (where is_above_score)::integer as above_score,
        count(*) filter (where is_over_score)::integer as over_score,
        count(step)::integer as compared,
        count(*) filter (where step > 0)::integer as raised,
        count(*) filter (where step < 0)::integer as lowered,
        count(*) filter (where abs(step) > 1)::integer as jumped
    from changes
    group by
        {{ group_of_rated }}
),

judged as (
    select
        counts.*,
        rules.period_ends_on,
        rules.cap_percent,
        rules.cap_base,
        rules.flat_percent,
        rules.flat_min_count,
        rules.legal_basis,
        rules.confidence,
        counts.evaluated - counts.unrated as rated,
        case rules.cap_base
            when 'GOOD' then counts.good
            when 'GOOD+EXC' then counts.good + counts.excellent
            when 'ALL' then counts.evaluated - counts.unrated
        end as cap_base_count,
        rules.rounding
    from counts
    inner join rules on counts.period = rules.period
),

capped as (
    select
        judged.*,
        case judged.rounding
            when 'CEIL' then ceil(judged.cap_base_count * judged.cap_percent / 100)
            when 'ROUND' then round(judged.cap_base_count * judged.cap_percent / 100)
            else floor(judged.cap_base_count * judged.cap_percent / 100)
        end::integer as cap_count,
        round(
            100.0 * greatest(judged.excellent, judged.good, judged.fair, judged.weak) / nullif(judged.rated, 0), 1
        ) as top_level_percent
    from judged
)

select
    md5(concat_ws(
        '|', 'evaluation_distribution', subject_kind, period_type, period,
        coalesce(agency_id::text, ''), coalesce(province_code, ''), coalesce(agency_level, ''),
        coalesce(agency_type, ''), source,
        case when group_kind in ('TO_CHUC_DANG', 'DANG_VIEN') then group_kind end,
        coalesce(basic_organisation_id::text, organisation_type)
    ))::uuid as distribution_id,
    group_kind,
    subject_kind,
    agency_id,
    basic_organisation_id,
    organisation_type,
    province_code,
    agency_level,
    agency_type,
    period_type,
    period,
    period_ends_on,
    evaluated,
    rated,
    excellent,
    good,
    fair,
    weak,
    unrated,
    above_score,
    over_score,
    cap_base,
    cap_base_count,
    cap_percent::numeric(5, 2) as cap_percent,
    cap_count,
    case when cap_count is not null then greatest(excellent - cap_count, 0) end as over_cap,
    excellent > cap_count as is_over_cap,
    weak = 0 and rated >= flat_min_count as has_no_weak,
    top_level_percent::numeric(5, 1) as top_level_percent,
    top_level_percent >= flat_percent and rated >= flat_min_count as is_flat,
    compared,
    raised,
    lowered,
    jumped,
    legal_basis,
    confidence as rule_confidence,
    source
from capped
