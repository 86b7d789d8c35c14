-- From which day the party age of present members counts. Key: membership_id; grain: one current spell.
-- It starts as the rule of the admission's day says, later by the days out of the Party; where the day of leaving is
-- not known, at the re-admission. A death or a transfer is no leaving.
with spells as (
    select
        membership.membership_id,
        membership.person_id,
        membership.organisation_id,
        membership.status,
        membership.badge_years,
        membership.badge_awarded_on,
        membership.admission_date,
        membership.readmission_date,
        membership.source,
        basis.value as party_age_basis,
        basis.confidence as basis_confidence,
        case
            when basis.value = 'DECISION' then coalesce(membership.admission_decision_date, membership.admission_date)
            else membership.admission_date
        end as started_on
    from {{ ref('party_membership') }} as membership
    left join {{ ref('dated_rule') }} as basis
        on
            basis.rule_code = 'PARTY_AGE_START'
            and basis.parameter = 'BASIS'
            and {{ applies_on('basis', 'membership.admission_date') }}
    where membership.is_current and membership.admission_date is not null
),

leavings as (
    select
        spells.membership_id,
        max(ended.valid_to) as left_on
    from spells
    inner join {{ ref('party_membership') }} as ended
        on
            spells.person_id = ended.person_id
            and ended.standing = 'DA_KET_THUC'
            and ended.status <> 'TU_TRAN'
            and coalesce(spells.readmission_date, spells.admission_date) >= ended.valid_to
    group by spells.membership_id
)

select
    spells.membership_id,
    spells.person_id,
    spells.organisation_id,
    spells.status,
    spells.badge_years,
    spells.badge_awarded_on,
    spells.party_age_basis,
    spells.basis_confidence,
    spells.started_on,
    leavings.left_on,
    -- a new record of whoever had left before is a re-admission, though it may not say so
    case
        when leavings.left_on is null then spells.readmission_date
        else coalesce(spells.readmission_date, spells.admission_date)
    end as readmitted_on,
    spells.readmission_date - leavings.left_on as days_out,
    spells.readmission_date is not null and leavings.left_on is null as is_time_out_unknown,
    case
        when spells.readmission_date is null then spells.started_on
        when leavings.left_on is null then spells.readmission_date
        else spells.started_on + (spells.readmission_date - leavings.left_on)
    end as party_age_from,
    spells.source
from spells
left join leavings on spells.membership_id = leavings.membership_id
