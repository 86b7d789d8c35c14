-- Transfers of party activity of known persons. Key: (source, source_key).
-- The person is the one of the member record; where the source no longer has it, the only person of that id number, if
-- it stands for that person: nobody else's record says it, right or wrong.
-- A transfer that both sides report counts once: report_rank 1.
{{ config(materialized='table') }}

with persons_by_id_number as (
    select
        personal_id,
        min(person_id::text)::uuid as person_id
    from {{ ref('int_person_record') }}
    where personal_id is not null
    group by personal_id
    having min(person_id::text) = max(person_id::text) and bool_or(is_personal_id_valid)
),

known_members as (
    select
        link.source,
        link.source_key,
        link.person_id
    from {{ ref('stg_person_link') }} as link
    where
        link.record = 'member'
        and exists (
            select 1
            from {{ ref('int_person_record') }} as described
            where described.person_id = link.person_id
        )
),

transfers as (
    select
        transfer.*,
        coalesce(known_members.person_id, persons_by_id_number.person_id) as person_id,
        origin.organisation_id as from_organisation_id,
        destination.organisation_id as to_organisation_id,
        coalesce(trust.authority, 50) as authority,
        transfer.state = 'DA_TIEP_NHAN' as is_accepted
    from {{ ref('stg_membership_transfer') }} as transfer
    left join known_members
        on transfer.source = known_members.source and transfer.member_key = known_members.source_key
    left join persons_by_id_number on transfer.personal_id = persons_by_id_number.personal_id
    {{ join_organisation('transfer', 'from_organisation_code', 'origin') }}
    {{ join_organisation('transfer', 'to_organisation_code', 'destination') }}
    left join {{ ref('stg_source_authority') }} as trust
        on transfer.source = trust.source and trust.kind = 'member'
)

select
    transfers.*,
    row_number() over (
        partition by
            transfers.person_id,
            transfers.transfer_type,
            transfers.from_organisation_code,
            transfers.to_organisation_code,
            transfers.left_date
        order by transfers.is_accepted desc, transfers.authority desc, transfers.source, transfers.source_key
    ) as report_rank
from transfers
where transfers.person_id is not null
