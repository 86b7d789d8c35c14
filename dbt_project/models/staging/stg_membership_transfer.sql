-- What each source says now of each membership transfer. Key: (source, source_key).
select
    source,
    source_key,
    member_key,
    personal_id,
    transfer_type,
    from_organisation_code,
    to_organisation_code,
    introduction_no,
    left_date,
    arrived_date,
    state,
    first_batch
from {{ source('raw', 'membership_transfer') }}
where last_batch is null
