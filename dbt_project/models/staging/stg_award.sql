-- What each source says now of each award. Key: (source, source_key).
-- A source that does not say of whom means cadres.
select
    source,
    source_key,
    coalesce(subject_kind, 'CA_NHAN') as subject_kind,
    cadre_key,
    member_key,
    organisation_code,
    form,
    award_level,
    decision_no,
    decision_date,
    first_batch
from {{ source('raw', 'award') }}
where last_batch is null
