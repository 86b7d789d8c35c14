-- Dated movements of members: admissions, transfers, leavings. Key: movement_id.
-- A movement that two records report is counted once: is_counted. A date that no source gave stays NULL.
-- The spells of a person follow one another (party_membership): the first one tells where the person was admitted, and
-- a departure that no transfer explains leads to where the next one begins the same day.
with lives as (
    select
        membership_id,
        first_value(organisation_code) over life as first_organisation_code,
        first_value(organisation_id) over life as first_organisation_id,
        case when lead(valid_from) over life = valid_to then lead(organisation_code) over life end
            as next_organisation_code,
        case when lead(valid_from) over life = valid_to then lead(organisation_id) over life end
            as next_organisation_id
    from {{ ref('party_membership') }}
    where standing in ('DANG_SINH_HOAT', 'DA_CHUYEN', 'DA_KET_THUC') and validity is not null
    window life as (partition by person_id order by valid_to asc nulls last, valid_from asc, membership_id asc)
),

overruled as (
    select membership_id
    from {{ ref('party_membership') }}
    where standing = 'TRUNG_KHAI'
),

spells as (
    select
        membership.*,
        organisation.organisation_id,
        lives.first_organisation_code,
        lives.first_organisation_id,
        lives.next_organisation_code,
        lives.next_organisation_id,
        overruled.membership_id is not null as is_overruled
    from {{ ref('int_membership') }} as membership
    left join lives on membership.membership_id = lives.membership_id
    left join overruled on membership.membership_id = overruled.membership_id
    {{ join_organisation('membership') }}
),

first_cells as (
    -- whoever has moved since was admitted where the first transfer set out from
    select distinct on (person_id)
        person_id,
        from_organisation_code,
        from_organisation_id,
        left_date
    from {{ ref('int_membership_transfer') }}
    where is_accepted and transfer_type <> 'TAM_THOI' and from_organisation_code is not null
    order by person_id asc, left_date asc, source asc, source_key asc
),

admissions as (
    select
        {{ record_id('member', 'spells', 'KET_NAP') }} as movement_id,
        spells.person_id,
        'KET_NAP' as movement_kind,
        null::text as transfer_type,
        null::text as state,
        null::text as introduction_no,
        spells.admission_date as moved_on,
        null::date as left_on,
        null::text as from_organisation_code,
        null::uuid as from_organisation_id,
        case
            when first_cells.left_date > spells.admission_date then first_cells.from_organisation_code
            else coalesce(spells.first_organisation_code, spells.organisation_code)
        end as to_organisation_code,
        case
            when first_cells.left_date > spells.admission_date then first_cells.from_organisation_id
            when spells.first_organisation_code is not null then spells.first_organisation_id
            else spells.organisation_id
        end as to_organisation_id,
        row_number() over (partition by spells.person_id order by spells.claim_no) = 1 as is_counted,
        'member' as source_record,
        spells.source,
        spells.source_key
    from spells
    left join first_cells on spells.person_id = first_cells.person_id
    where spells.admission_date is not null
),

readmissions as (
    select
        {{ record_id('member', 'spells', 'KET_NAP_LAI') }} as movement_id,
        spells.person_id,
        'KET_NAP_LAI' as movement_kind,
        null::text as transfer_type,
        null::text as state,
        null::text as introduction_no,
        spells.readmission_date as moved_on,
        null::date as left_on,
        null::text as from_organisation_code,
        null::uuid as from_organisation_id,
        spells.organisation_code as to_organisation_code,
        spells.organisation_id as to_organisation_id,
        row_number() over (
            partition by spells.person_id, spells.readmission_date order by spells.claim_no
        ) = 1 as is_counted,
        'member' as source_record,
        spells.source,
        spells.source_key
    from spells
    where spells.readmission_date is not null
),

restorations as (
    select
        {{ record_id('member', 'spells', 'KHOI_PHUC') }} as movement_id,
        spells.person_id,
        'KHOI_PHUC' as movement_kind,
        null::text as transfer_type,
        null::text as state,
        null::text as introduction_no,
        spells.status_date as moved_on,
        null::date as left_on,
        null::text as from_organisation_code,
        null::uuid as from_organisation_id,
        spells.organisation_code as to_organisation_code,
        spells.organisation_id as to_organisation_id,
        row_number() over (
            partition by spells.person_id, spells.status_date order by spells.claim_no
        ) = 1 as is_counted,
        'member' as source_record,
        spells.source,
        spells.source_key
    from spells
    where spells.status = 'KHOI_PHUC'
),

leavings as (
    select
        {{ record_id('member', 'spells', 'RA') }} as movement_id,
        spells.person_id,
        spells.status as movement_kind,
        null::text as transfer_type,
        null::text as state,
        null::text as introduction_no,
        spells.status_date as moved_on,
        spells.status_date as left_on,
        spells.organisation_code as from_organisation_code,
        spells.organisation_id as from_organisation_id,
        case when spells.has_left then spells.next_organisation_code end as to_organisation_code,
        case when spells.has_left then spells.next_organisation_id end as to_organisation_id,
        row_number() over (
            partition by spells.person_id, spells.status, spells.status_date order by spells.claim_no
        ) = 1
        and not spells.is_overruled
        -- a departure that a transfer explains is counted with the transfer
        and not (spells.has_left and spells.is_sender and spells.is_accepted)
        and spells.departed_on is null as is_counted,
        'member' as source_record,
        spells.source,
        spells.source_key
    from spells
    where spells.has_ended or spells.has_left
),

transfers as (
    select
        {{ record_id('membership_transfer') }} as movement_id,
        person_id,
        'CHUYEN_SINH_HOAT' as movement_kind,
        transfer_type,
        state,
        introduction_no,
        arrived_date as moved_on,
        left_date as left_on,
        from_organisation_code,
        from_organisation_id,
        to_organisation_code,
        to_organisation_id,
        report_rank = 1 and is_accepted and transfer_type <> 'TAM_THOI' as is_counted,
        'membership_transfer' as source_record,
        source,
        source_key
    from {{ ref('int_membership_transfer') }}
),

movements as (
    select * from admissions
    union all
    select * from readmissions
    union all
    select * from restorations
    union all
    select * from leavings
    union all
    select * from transfers
)

select
    movement_id,
    person_id,
    movement_kind,
    transfer_type,
    state,
    introduction_no,
    moved_on,
    left_on,
    from_organisation_code,
    from_organisation_id,
    from_organisation_code is not null and from_organisation_id is null as is_from_unresolved,
    to_organisation_code,
    to_organisation_id,
    to_organisation_code is not null and to_organisation_id is null as is_to_unresolved,
    is_counted,
    source_record,
    source,
    source_key
from movements
