-- What each source says now of each evaluation. Key: (source, source_key).
select
    source,
    source_key,
    subject_kind,
    cadre_key,
    member_key,
    agency_code,
    organisation_code,
    period_type,
    period,
    general_score,
    result_score,
    total_score,
    level,
    decided_on,
    first_batch
from {{ source('raw', 'evaluation') }}
where last_batch is null
