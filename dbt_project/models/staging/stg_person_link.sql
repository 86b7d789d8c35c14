-- Which person each record belongs to. Key: (source, record, source_key).
select
    source,
    record,
    source_key,
    person_id,
    method
from {{ source('identity', 'person_link') }}
