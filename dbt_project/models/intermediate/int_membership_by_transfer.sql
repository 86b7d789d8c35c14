-- Spells that an accepted transfer between two committees under the Centre proves and no member record shows: at the
-- receiver while its record is missing or held, at the sender once it has dropped its own. Without them a member
-- would leave one committee and arrive nowhere. Key: (source, source_key, side) of the transfer; grain: one side of it.
with sides as (
    select
        person_id,
        bool_or(is_sender) as is_with_sender,
        bool_or(is_receiver) as is_with_receiver,
        bool_or(is_current) as is_somewhere
    from {{ ref('int_membership') }}
    group by person_id
),

-- the record that tells what the missing one would: there is one of the other side
known as (
    select distinct on (membership.person_id)
        membership.*,
        sides.is_with_sender,
        sides.is_with_receiver,
        sides.is_somewhere
    from {{ ref('int_membership') }} as membership
    inner join sides on membership.person_id = sides.person_id
    where
        membership.is_accepted
        and membership.arrived_date is not null
        and (membership.is_sender or membership.is_receiver)
        and membership.standing in ('DANG_SINH_HOAT', 'DA_CHUYEN', 'DA_KET_THUC')
    order by membership.person_id asc, membership.claim_no asc
),

proven as (
    select
        known.*,
        'DI' as side,
        known.from_organisation_code as proven_code,
        known.from_organisation_id as proven_organisation_id,
        'DA_CHUYEN' as proven_standing
    from known
    where known.is_receiver and not known.is_with_sender
    union all
    select
        known.*,
        'DEN' as side,
        known.to_organisation_code as proven_code,
        known.to_organisation_id as proven_organisation_id,
        'DANG_SINH_HOAT' as proven_standing
    from known
    where
        known.is_sender
        and known.standing = 'DA_CHUYEN'
        and not known.is_with_receiver
        and not known.is_somewhere
)

select
    md5('membership_transfer|' || transfer_source || '|' || transfer_source_key || '|' || side)::uuid as membership_id,
    person_id,
    proven_code as organisation_code,
    proven_organisation_id as organisation_id,
    case
        when side = 'DI' or status not in ('CHUYEN_DI_NGOAI', 'CHO_CHUYEN') then status
        when
            coalesce(
                official_date,
                {{ add_months('admission_date', rule_number('PROBATION', 'MONTHS', day='admission_date')) }}
            )
            <= {{ business_date() }}
            then 'CHINH_THUC'
        else 'DU_BI'
    end as status,
    proven_standing = 'DANG_SINH_HOAT' as is_current,
    proven_standing as standing,
    case when side = 'DEN' then arrived_date else coalesce(readmission_date, admission_date) end as valid_from,
    case when side = 'DI' then arrived_date end as valid_to,
    {{ kept_of_member_record() }},
    side,
    transfer_source as source,
    transfer_source_key as source_key
from proven
