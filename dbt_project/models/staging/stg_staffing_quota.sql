-- What each source says now of each staffing quota. Key: (source, source_key).
select
    source,
    source_key,
    agency_code,
    year,
    category,
    assigned,
    reserve,
    decision_no,
    parent_decision_no,
    decision_date,
    authority_level,
    allocation_scope,
    classification,
    first_batch
from {{ source('raw', 'staffing_quota') }}
where last_batch is null
