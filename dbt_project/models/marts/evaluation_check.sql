-- Yearly ratings that a rule of the last day of the year speaks against: above what it allows, or given to whom it does
-- not rate. Key: check_id; grain: check, kind of subject, year and source, and the whole country (source is NULL). A
-- finding asks for a look, it is not a verdict. Exempt or suspended is who still is, since a day that is known.
-- Who was disciplined within the year is class P3: counted, nobody is named, small figures are withheld, and the
-- country's where it would tell a single source's. On what ground somebody was disciplined is in no record, so a
-- discipline only hints at the cases of the act. Who belongs to a collective is read on the day of the decision.
with verdicts as (
    select distinct on (subject_kind, subject, period)
        evaluation_id,
        subject_kind,
        person_id,
        membership_id,
        case when subject_kind = 'TAP_THE' then agency_id end as agency_id,
        case when subject_kind = 'TAP_THE' and agency_id is null then organisation_id end as organisation_id,
        coalesce(person_id, agency_id, organisation_id)::text as subject,
        period,
        year,
        make_date(year, 12, 31) as year_ends_on,
        total_score,
        level,
        source
    from {{ ref('evaluation') }}
    where period_type = 'NAM' and year is not null and level is not null
    order by
        subject_kind asc,
        subject asc,
        period asc,
        decided_on desc nulls last,
        source asc,
        source_key asc
),

disciplined as (
    select distinct
        person_id,
        discipline_kind,
        coalesce(decision_date, effective_from) as decided_on,
        extract(year from coalesce(decision_date, effective_from))::integer as year
    from {{ ref('discipline') }}
    where person_id is not null
),

below_the_least_score as (
    select
        'DIEM_KHONG_HOAN_THANH' as check_code,
        verdicts.evaluation_id,
        rule.legal_basis,
        rule.confidence
    from verdicts
    inner join {{ ref('dated_rule') }} as rule
        on
            rule.rule_code = 'EVAL_BAND'
            and rule.parameter = 'HTNV_MIN'
            and {{ applies_on('rule', 'verdicts.year_ends_on') }}
            and verdicts.total_score < rule.value::numeric
    where verdicts.level <> 'KHTNV'
),

disciplined_within_the_year as (
    select
        'KY_LUAT_TRONG_NAM' as check_code,
        verdicts.evaluation_id,
        rule.legal_basis,
        rule.confidence
    from verdicts
    inner join disciplined on verdicts.person_id = disciplined.person_id and verdicts.year = disciplined.year
    inner join {{ ref('dated_rule') }} as rule
        on
            rule.rule_code = 'EVAL_WEAK'
            and rule.parameter = 'DISCIPLINE_' || disciplined.discipline_kind
            and {{ applies_on('rule', 'verdicts.year_ends_on') }}
    where verdicts.level <> 'KHTNV'
),

memberships_of_collectives as (
    select
        cadre.agency_id as collective_id,
        disciplined.person_id,
        disciplined.year
    from disciplined
    inner join {{ ref('cadre') }} as cadre
        on disciplined.person_id = cadre.person_id and cadre.validity @> disciplined.decided_on
    union all
    select
        closure.ancestor_id as collective_id,
        disciplined.person_id,
        disciplined.year
    from disciplined
    inner join {{ ref('party_membership') }} as membership
        on disciplined.person_id = membership.person_id and membership.validity @> disciplined.decided_on
    inner join {{ ref('int_organisation_closure') }} as closure
        on membership.organisation_id = closure.organisation_id
),

disciplined_in_collectives as (
    select
        collective_id,
        year,
        count(distinct person_id) as persons
    from memberships_of_collectives
    group by collective_id, year
),

excellent_in_spite_of_a_disciplined_member as (
    select
        'TAP_THE_CO_KY_LUAT' as check_code,
        verdicts.evaluation_id,
        rule.legal_basis,
        rule.confidence
    from verdicts
    inner join disciplined_in_collectives as disciplined
        on
            coalesce(verdicts.agency_id, verdicts.organisation_id) = disciplined.collective_id
            and verdicts.year = disciplined.year
    inner join {{ ref('dated_rule') }} as rule
        on
            rule.rule_code = 'EVAL_BEST'
            and rule.parameter = 'COLLECTIVE_DISCIPLINED_MAX'
            and {{ applies_on('rule', 'verdicts.year_ends_on') }}
            and disciplined.persons > rule.value::integer
    where verdicts.level = 'HTXSNV'
),

rated_though_excluded as (
    select
        'KHONG_THUOC_DIEN_XEP_LOAI' as check_code,
        verdicts.evaluation_id,
        rule.legal_basis,
        rule.confidence
    from verdicts
    inner join {{ ref('party_membership') }} as membership on verdicts.membership_id = membership.membership_id
    inner join {{ ref('dated_rule') }} as rule
        on
            rule.rule_code = 'EVAL_EXCLUDE'
            and {{ applies_on('rule', 'verdicts.year_ends_on') }}
            and case
                when rule.parameter = 'ADMITTED_MONTHS'
                    then {{ add_months('membership.admission_date', 'rule.value') }} > verdicts.year_ends_on
                else
                    rule.parameter = membership.status
                    and coalesce(membership.status_date, membership.exempt_from) <= verdicts.year_ends_on
            end
    where verdicts.subject_kind = 'DANG_VIEN'
),

findings as (
    select * from below_the_least_score
    union all
    select * from disciplined_within_the_year
    union all
    select * from excellent_in_spite_of_a_disciplined_member
    union all
    select * from rated_though_excluded
),

counts as (
    select
        findings.check_code,
        verdicts.subject_kind,
        verdicts.period,
        verdicts.source,
        grouping(verdicts.source) = 1 as is_country,
        count(distinct findings.evaluation_id)::integer as cases,
        string_agg(distinct findings.legal_basis, '; ' order by findings.legal_basis) as legal_basis,
        {{ lowest_confidence('findings.confidence') }} as confidence
    from findings
    inner join verdicts on findings.evaluation_id = verdicts.evaluation_id
    group by
        grouping sets (
            (findings.check_code, verdicts.subject_kind, verdicts.period, verdicts.source),
            (findings.check_code, verdicts.subject_kind, verdicts.period)
        )
),

small as (
    select
        counts.*,
        counts.check_code <> 'DIEM_KHONG_HOAN_THANH'
        and counts.cases < {{ rule_number('SMALL_CELL', 'MIN_COUNT') }} as is_small
    from counts
),

withheld as (
    select
        small.*,
        {{ is_share_withheld(['check_code', 'subject_kind', 'period']) }} as is_suppressed
    from small
)

select
    md5(concat_ws('|', 'evaluation_check', check_code, subject_kind, period, coalesce(source, '*')))::uuid as check_id,
    check_code,
    subject_kind,
    period,
    case when not is_suppressed then cases end as cases,
    is_suppressed,
    legal_basis,
    confidence as rule_confidence,
    source
from withheld
