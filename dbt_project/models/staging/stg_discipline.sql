-- What each source says now of each discipline. Key: (source, source_key).
-- A source that does not say of whom means cadres.
select
    source,
    source_key,
    coalesce(subject_kind, 'CA_NHAN') as subject_kind,
    cadre_key,
    member_key,
    organisation_code,
    discipline_kind,
    form,
    decision_no,
    decision_date,
    effective_from,
    effective_to,
    first_batch
from {{ source('raw', 'discipline') }}
where last_batch is null
