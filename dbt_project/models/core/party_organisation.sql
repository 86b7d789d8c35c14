-- Party organisations of both structural regimes and their tree. Key: organisation_id.
-- Two that count never bear one code on one day: the constraint leaves out only what is_overlapped.
{{ config(post_hook='create unique index on {{ this }} (organisation_code) where valid_to is null') }}

select
    organisation.organisation_id,
    organisation.organisation_code,
    organisation.legacy_code,
    organisation.name,
    organisation.organisation_type,
    type_regime.type_in_b as organisation_type_in_b,
    tree.regime,
    case when tree.regime = 'B' then type_regime.level_b else type_regime.level_a end as organisation_level,
    organisation.sector,
    organisation.parent_code,
    tree.parent_id,
    tree.is_parent_unresolved,
    tree.is_in_cycle,
    tree.path,
    tree.depth,
    tree.province_code,
    organisation.administrative_unit_code,
    unit.administrative_unit_id,
    organisation.administrative_unit_code is not null and unit.code is null as is_unit_unresolved,
    coalesce(unit.is_former, false) as is_unit_former,
    host.agency_id as host_agency_id,
    organisation.host_agency_key is not null and host.agency_id is null as is_host_unresolved,
    organisation.decision_no,
    organisation.decision_date,
    organisation.valid_from,
    organisation.valid_to,
    organisation.validity,
    organisation.is_overlapped,
    organisation.end_reason,
    organisation.reported_members,
    organisation.reported_official,
    organisation.reported_probationary,
    organisation.committee_size,
    organisation.standing_size,
    organisation.term_from,
    organisation.term_to,
    organisation.source,
    organisation.source_key
from {{ ref('int_organisation') }} as organisation
inner join {{ ref('int_organisation_tree') }} as tree on organisation.organisation_id = tree.organisation_id
left join {{ ref('organisation_type_regime') }} as type_regime
    on organisation.organisation_type = type_regime.type_code
{{ join_unit_on_last_day('organisation.administrative_unit_code', 'organisation.valid_to') }}
left join {{ ref('agency') }} as host
    on organisation.source = host.source and organisation.host_agency_key = host.source_key
where organisation.claim_rank = 1
