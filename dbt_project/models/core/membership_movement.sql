-- Dated movements of members: admissions, transfers, leavings. Key: movement_id.
-- A movement that two records report is counted once: is_counted. A date that no source gave stays NULL.
with spells as (
    select
        membership.*,
        organisation.organisation_id
    from {{ ref('int_membership') }} as membership
    left join {{ ref('int_organisation_code') }} as organisation
        on
            membership.organisation_code = organisation.code
            and (organisation.source is null or membership.source = organisation.source)
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
        spells.admission_date as moved_on,
        null::date as left_on,
        null::text as from_organisation_code,
        null::uuid as from_organisation_id,
        case
            when first_cells.left_date > spells.admission_date then first_cells.from_organisation_code
            else spells.organisation_code
        end as to_organisation_code,
        case
            when first_cells.left_date > spells.admission_date then first_cells.from_organisation_id
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
        spells.status_date as moved_on,
        spells.status_date as left_on,
        spells.organisation_code as from_organisation_code,
        spells.organisation_id as from_organisation_id,
        null::text as to_organisation_code,
        null::uuid as to_organisation_id,
        row_number() over (
            partition by spells.person_id, spells.status, spells.status_date order by spells.claim_no
        ) = 1
        -- a departure that a transfer explains is counted with the transfer
        and not (spells.has_left and spells.is_sender and spells.is_accepted) as is_counted,
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
