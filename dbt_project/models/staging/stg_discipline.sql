-- What each source says now of each discipline. Key: (source, source_key).
select
    source,
    source_key,
    cadre_key,
    discipline_kind,
    form,
    decision_no,
    decision_date,
    effective_from,
    effective_to,
    first_batch
from {{ source('raw', 'discipline') }}
where last_batch is null
