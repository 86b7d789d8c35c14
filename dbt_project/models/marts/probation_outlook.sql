-- Probationary members and the day their probation ends. Key: membership_id; grain: one current probationary spell.
-- Probation runs from the admission, of whoever was admitted again from that day.
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
        {{ add_months('probation.probation_from', rule_number('PROBATION', 'MONTHS')) }} as due_on,
        {{ add_months('probation.probation_from', rule_number('PROBATION', 'OVERDUE_MONTHS')) }} as overdue_from
    from probation
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
    {{ rule_field('PROBATION', 'MONTHS', 'legal_basis') }} as legal_basis,
    case
        when dated.overdue_from < {{ business_date() }}
            then {{ rule_field('PROBATION', 'OVERDUE_MONTHS', 'confidence') }}
        else {{ rule_field('PROBATION', 'MONTHS', 'confidence') }}
    end as rule_confidence,
    dated.source
from dated
left join {{ ref('party_organisation') }} as organisation on dated.organisation_id = organisation.organisation_id
