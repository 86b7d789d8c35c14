-- What each source says now of each headcount. Key: (source, source_key).
select
    source,
    source_key,
    agency_code,
    counted_on,
    category,
    present,
    seconded_in,
    seconded_out,
    concurrent,
    long_leave,
    retiring_within_year,
    first_batch
from {{ source('raw', 'headcount') }}
where last_batch is null
