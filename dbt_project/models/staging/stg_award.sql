-- What each source says now of each award. Key: (source, source_key).
select
    source,
    source_key,
    cadre_key,
    form,
    award_level,
    decision_no,
    decision_date,
    first_batch
from {{ source('raw', 'award') }}
where last_batch is null
