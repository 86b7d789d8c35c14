-- What each source says now of each training. Key: (source, source_key).
select
    source,
    source_key,
    cadre_key,
    training_type,
    level,
    school,
    major,
    started_on,
    started_on_precision,
    ended_on,
    ended_on_precision,
    study_form,
    certificate,
    first_batch
from {{ source('raw', 'training') }}
where last_batch is null
