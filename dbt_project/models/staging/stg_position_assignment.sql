-- What each source says now of each position assignment. Key: (source, source_key).
select
    source,
    source_key,
    cadre_key,
    position_title,
    position_code,
    organisation_code,
    agency_code,
    assignment_kind,
    decision_no,
    decision_date,
    authority_level,
    started_on,
    planned_end_on,
    ended_on,
    is_head,
    is_primary,
    first_batch
from {{ source('raw', 'position_assignment') }}
where last_batch is null
