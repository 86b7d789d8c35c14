-- Probationary members and the day their probation ends. Key: membership_id; grain: one current probationary spell.
-- Probation runs from the admission, of whoever was admitted again from that day, for as long as the rule of that day
-- says: a later one changes nothing for whom it began before.
with probation as (
    select
        membership.*,
        coalesce(membership.readmission_date, membership.admission_date) as probation_from
    from {{ ref('party_membership') }} as membership
    where membership.is_current and membership.status = 'DU_BI' and membership.official_date is null
),

dated as (
    select
        probation.*,
        {{ add_months('probation.probation_from', 'length.value') }} as due_on,
        {{ add_months('probation.probation_from', 'lateness.value') }} as overdue_from,
        length.legal_basis,
        length.confidence,
        lateness.confidence as lateness_confidence
    from probation
    left join {{ ref('dated_rule') }} as length
        on
            length.rule_code = 'PROBATION'
            and length.parameter = 'MONTHS'
            and {{ applies_on('length', 'probation.probation_from') }}
    left join {{ ref('dated_rule') }} as lateness
        on
            lateness.rule_code = 'PROBATION'
            and lateness.parameter = 'OVERDUE_MONTHS'
            and {{ applies_on('lateness', 'probation.probation_from') }}
)

select
    md5('probation_outlook|' || dated.membership_id)::uuid as probation_outlook_id,
    dated.membership_id,
    dated.person_id,
    dated.organisation_id,
    organisation.province_code,
    dated.probation_from,
    dated.due_on,
    dated.overdue_from,
    case
        when dated.probation_from is null then 'KHONG_RO'
        -- the last day of the tolerated month is not yet too late
        when dated.overdue_from < {{ business_date() }} then 'QUA_HAN'
        when dated.due_on <= {{ business_date() }} then 'DA_DU_THOI_GIAN'
        when dated.due_on <= {{ business_date() }} + {{ rule_number('PROBATION', 'DUE_SOON_DAYS') }}::integer
            then 'TRONG_30_NGAY'
        when dated.due_on <= {{ business_date() }} + {{ rule_number('PROBATION', 'DUE_LATER_DAYS') }}::integer
            then 'TRONG_60_NGAY'
        else 'CHUA_DEN_HAN'
    end as probation_state,
    dated.legal_basis,
    case
        when dated.overdue_from < {{ business_date() }} then dated.lateness_confidence
        else dated.confidence
    end as rule_confidence,
    dated.source
from dated
left join {{ ref('party_organisation') }} as organisation on dated.organisation_id = organisation.organisation_id
