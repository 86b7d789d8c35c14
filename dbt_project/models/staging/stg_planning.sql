-- What each source says now of each planning. Key: (source, source_key).
select
    source,
    source_key,
    cadre_key,
    target_position,
    organisation_code,
    agency_code,
    term,
    status,
    decision_no,
    decision_date,
    first_batch
from {{ source('raw', 'planning') }}
where last_batch is null
