-- What each source says now of each agency. Key: (source, source_key).
select
    source,
    source_key,
    agency_code,
    name,
    agency_type,
    agency_level,
    parent_agency_code,
    administrative_unit_code,
    deputy_count,
    valid_from,
    valid_to,
    first_batch
from {{ source('raw', 'agency') }}
where last_batch is null
