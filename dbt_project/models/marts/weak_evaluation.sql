-- Who was rated weak so many times in a row, up to the last rated period, that a replacement, or for a party member the
-- removal, is considered. Key: weak_evaluation_id; grain: person, kind of subject (cadre, member) and kind of period
-- (quarter, year). Nobody else is named here: how many were rated weak in a period is a figure of
-- evaluation_distribution. Periods follow each other by the calendar: one without a rating ends the row. How somebody
-- was classified as a party member never stands for a rating in the post, nor the other way round.
with verdicts as (
    select distinct on (person_id, subject_kind, period_type, period)
        person_id,
        subject_kind,
        cadre_id,
        membership_id,
        case when subject_kind = 'CA_NHAN' then agency_id end as agency_id,
        case when subject_kind = 'DANG_VIEN' then organisation_id end as organisation_id,
        period_type,
        period,
        case when period_type = 'QUY' then year * 4 + quarter else year end as period_no,
        level = 'KHTNV' as is_weak,
        source
    from {{ ref('evaluation') }}
    where
        subject_kind in ('CA_NHAN', 'DANG_VIEN')
        and level is not null
        and year is not null
        and (period_type = 'NAM' or (period_type = 'QUY' and quarter is not null))
    order by
        person_id asc,
        subject_kind asc,
        period_type asc,
        period asc,
        decided_on desc nulls last,
        source asc,
        source_key asc
),

numbered as (
    select
        verdicts.*,
        verdicts.period_no - row_number() over (
            partition by verdicts.person_id, verdicts.subject_kind, verdicts.period_type, verdicts.is_weak
            order by verdicts.period_no
        ) as row_start,
        max(verdicts.period_no) over (
            partition by verdicts.person_id, verdicts.subject_kind, verdicts.period_type
        ) as last_period_no
    from verdicts
),

weak_rows as (
    select
        person_id,
        subject_kind,
        period_type,
        count(*)::integer as consecutive_weak,
        min(period) as first_period,
        max(period) as last_period
    from numbered
    where is_weak
    group by person_id, subject_kind, period_type, row_start
    having max(period_no) = max(last_period_no)
),

limits as (
    select
        weak_rows.*,
        rule.value::integer as consecutive_limit,
        rule.legal_basis,
        rule.confidence
    from weak_rows
    inner join {{ ref('dated_rule') }} as rule
        on
            rule.rule_code = 'EVAL_CONSEQUENCE'
            and rule.parameter
            = case
                when weak_rows.subject_kind = 'DANG_VIEN' and weak_rows.period_type = 'NAM'
                    then 'MEMBER_CONSECUTIVE_KHTNV'
                when weak_rows.subject_kind = 'DANG_VIEN' then null
                when weak_rows.period_type = 'NAM' then 'CONSECUTIVE_KHTNV'
                else 'CONSECUTIVE_KHTNV_QUARTERS'
            end
            and {{ applies_on('rule', business_date()) }}
            and weak_rows.consecutive_weak >= rule.value::integer
)

select
    md5(concat_ws(
        '|', 'weak_evaluation', limits.person_id, limits.period_type, nullif(limits.subject_kind, 'CA_NHAN')
    ))::uuid as weak_evaluation_id,
    limits.person_id,
    limits.subject_kind,
    verdicts.cadre_id,
    verdicts.membership_id,
    verdicts.agency_id,
    verdicts.organisation_id,
    coalesce(agency.province_code, organisation.province_code) as province_code,
    cadre.management_level,
    limits.period_type,
    limits.first_period,
    limits.last_period,
    limits.consecutive_weak,
    limits.consecutive_limit,
    limits.legal_basis,
    limits.confidence as rule_confidence,
    verdicts.source
from limits
inner join verdicts
    on
        limits.person_id = verdicts.person_id
        and limits.subject_kind = verdicts.subject_kind
        and limits.period_type = verdicts.period_type
        and limits.last_period = verdicts.period
left join {{ ref('cadre') }} as cadre on verdicts.cadre_id = cadre.cadre_id
left join {{ ref('agency') }} as agency on verdicts.agency_id = agency.agency_id
left join {{ ref('party_organisation') }} as organisation on verdicts.organisation_id = organisation.organisation_id
