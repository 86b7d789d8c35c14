-- Where dated facts of a present member do not agree with a rule of their day. Key: check_id; grain: check and
-- membership. A finding asks for a look, it is not a verdict: rule_confidence says how sure the rule itself is.
-- Of a birth known to the month or year only, nothing is said that another day of it would make untrue.
-- Duplicates and ended spells are not asked: the same fact would stand twice, or nobody could mend it.
with memberships as (
    select
        membership.membership_id,
        membership.person_id,
        membership.organisation_id,
        membership.admission_date,
        membership.admission_decision_date,
        membership.official_date,
        membership.readmission_date,
        membership.source,
        person.birth_date as born_from,
        case person.birth_date_precision
            when 'Y' then (person.birth_date + interval '1 year - 1 day')::date
            when 'M' then (person.birth_date + interval '1 month - 1 day')::date
            else person.birth_date
        end as born_until
    from {{ ref('party_membership') }} as membership
    inner join {{ ref('person') }} as person on membership.person_id = person.person_id
    where membership.is_current
),

too_young as (
    select
        'DUOI_TUOI_KET_NAP' as check_code,
        memberships.membership_id,
        memberships.admission_date as happened_on,
        rule.value as required_value,
        extract(year from age(memberships.admission_date, memberships.born_from))::text as actual_value,
        rule.legal_basis,
        rule.confidence
    from memberships
    inner join {{ ref('dated_rule') }} as rule
        on
            rule.rule_code = 'ADMISSION_AGE'
            and rule.parameter = 'MIN_YEARS'
            and {{ applies_on('rule', 'memberships.admission_date') }}
            and memberships.admission_date < {{ add_months('memberships.born_from', '12 * rule.value::integer') }}
),

too_old as (
    select
        'QUA_TUOI_KET_NAP' as check_code,
        memberships.membership_id,
        memberships.admission_date as happened_on,
        rule.value as required_value,
        extract(year from age(memberships.admission_date, memberships.born_until))::text as actual_value,
        rule.legal_basis,
        rule.confidence
    from memberships
    inner join {{ ref('dated_rule') }} as rule
        on
            rule.rule_code = 'ADMISSION_AGE'
            and rule.parameter = 'MAX_YEARS'
            and {{ applies_on('rule', 'memberships.admission_date') }}
            and memberships.admission_date > {{ add_months('memberships.born_until', '12 * rule.value::integer') }}
),

-- public holidays are not left out, so a ceremony may be said to be late some days before it is
ceremony_off_time as (
    select
        case
            when memberships.admission_date < memberships.admission_decision_date then 'KET_NAP_TRUOC_QUYET_DINH'
            else 'KET_NAP_QUA_HAN'
        end as check_code,
        memberships.membership_id,
        memberships.admission_date as happened_on,
        {{ add_working_days('memberships.admission_decision_date', 'rule.value') }}::text as required_value,
        memberships.admission_decision_date::text as actual_value,
        rule.legal_basis,
        rule.confidence
    from memberships
    inner join {{ ref('dated_rule') }} as rule
        on
            rule.rule_code = 'ADMISSION_CEREMONY'
            and rule.parameter = 'WORKING_DAYS'
            and {{ applies_on('rule', 'memberships.admission_decision_date') }}
            and memberships.admission_date not between memberships.admission_decision_date
            and {{ add_working_days('memberships.admission_decision_date', 'rule.value') }}
),

readmitted_early as (
    select
        'KET_NAP_LAI_SOM' as check_code,
        age.membership_id,
        age.readmitted_on as happened_on,
        {{ add_months('age.left_on', 'rule.value::integer') }}::text as required_value,
        age.readmitted_on::text as actual_value,
        rule.legal_basis,
        rule.confidence
    from {{ ref('int_party_age') }} as age
    inner join {{ ref('dated_rule') }} as rule
        on
            rule.rule_code = 'READMISSION'
            and rule.parameter = 'MIN_MONTHS'
            and {{ applies_on('rule', 'age.readmitted_on') }}
            and age.readmitted_on < {{ add_months('age.left_on', 'rule.value::integer') }}
),

-- the rule of the day on which the probation began, as the contract of members judges it; who is recognised late is
-- official from the day on which it ended, so a day within the tolerance asks for a look too
official_off_time as (
    select
        case
            when
                abs(
                    memberships.official_date
                    - {{ add_months('memberships.admission_date', 'probation.value::integer') }}
                ) > tolerance.value::integer
                then 'CHINH_THUC_LECH_HAN'
            else 'CHINH_THUC_LECH_NGAY'
        end as check_code,
        memberships.membership_id,
        memberships.admission_date as happened_on,
        {{ add_months('memberships.admission_date', 'probation.value::integer') }}::text as required_value,
        memberships.official_date::text as actual_value,
        probation.legal_basis,
        {{ less_confirmed('probation.confidence', 'tolerance.confidence') }} as confidence
    from memberships
    inner join {{ ref('dated_rule') }} as probation
        on
            probation.rule_code = 'PROBATION'
            and probation.parameter = 'MONTHS'
            and {{ applies_on('probation', 'memberships.admission_date') }}
    inner join {{ ref('dated_rule') }} as tolerance
        on
            tolerance.rule_code = 'PROBATION'
            and tolerance.parameter = 'TOLERANCE_DAYS'
            and {{ applies_on('tolerance', 'memberships.admission_date') }}
    where
        memberships.readmission_date is null
        and memberships.official_date
        <> {{ add_months('memberships.admission_date', 'probation.value::integer') }}
),

-- where no source says when a badge was given, it is early for certain where it would be early even today
badges as (
    select
        age.*,
        (
            case when age.is_time_out_unknown then age.started_on else age.party_age_from end
            + make_interval(years => age.badge_years)
        )::date as reached_on,
        coalesce(age.badge_awarded_on, {{ business_date() }}) as judged_on
    from {{ ref('int_party_age') }} as age
    where age.badge_years is not null
),

badge_early as (
    select
        'HUY_HIEU_SOM' as check_code,
        badges.membership_id,
        badges.badge_awarded_on as happened_on,
        {{ add_months('badges.reached_on', '-rule.value::integer') }}::text as required_value,
        badges.badge_years::text as actual_value,
        rule.legal_basis,
        {{ less_confirmed('rule.confidence', 'badges.basis_confidence') }} as confidence
    from badges
    inner join {{ ref('dated_rule') }} as rule
        on
            rule.rule_code = 'BADGE_EARLY'
            and rule.parameter = 'MAX_MONTHS'
            and {{ applies_on('rule', 'badges.judged_on') }}
            and badges.judged_on < {{ add_months('badges.reached_on', '-rule.value::integer') }}
),

findings as (
    select * from too_young
    union all
    select * from too_old
    union all
    select * from ceremony_off_time
    union all
    select * from readmitted_early
    union all
    select * from official_off_time
    union all
    select * from badge_early
)

select
    md5('membership_check|' || findings.check_code || '|' || findings.membership_id)::uuid as check_id,
    findings.check_code,
    findings.membership_id,
    memberships.person_id,
    memberships.organisation_id,
    organisation.province_code,
    findings.happened_on,
    findings.required_value,
    findings.actual_value,
    findings.legal_basis,
    findings.confidence as rule_confidence,
    memberships.source
from findings
inner join memberships on findings.membership_id = memberships.membership_id
left join {{ ref('party_organisation') }} as organisation on memberships.organisation_id = organisation.organisation_id
