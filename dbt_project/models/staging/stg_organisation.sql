-- What each source says now of each organisation. Key: (source, source_key).
select
    source,
    source_key,
    organisation_code,
    legacy_code,
    name,
    organisation_type,
    sector,
    parent_code,
    administrative_unit_code,
    host_agency_key,
    decision_no,
    decision_date,
    valid_from,
    valid_to,
    end_reason,
    reported_members,
    reported_official,
    reported_probationary,
    committee_size,
    standing_size,
    term_from,
    term_to,
    first_batch
from {{ source('raw', 'organisation') }}
where last_batch is null
