-- Positions, held or planned for, and how many are planned for each. Key: planning_coverage_id.
-- Grain: a title at a place, the place being a party organisation or else an agency. Who is planned in two terms for
-- one position counts once; terms that are over do not count. Secretaries of cells are not managed posts.
with held as (
    select
        coalesce(organisation_id, agency_id) as place_id,
        position_key,
        min(position_title) as position_title,
        count(distinct person_id)::integer as holders,
        bool_or(is_head) as is_head
    from {{ ref('int_appointment') }}
    where not is_of_cell and coalesce(organisation_id, agency_id) is not null and position_key is not null
    group by coalesce(organisation_id, agency_id), position_key
),

candidates as (
    select
        candidate.place_id,
        candidate.position_key,
        min(candidate.target_position) as position_title,
        count(*)::integer as candidates
    from {{ ref('int_planning_candidate') }} as candidate
    group by candidate.place_id, candidate.position_key
),

positions as (
    select
        coalesce(held.place_id, candidates.place_id) as place_id,
        coalesce(held.position_key, candidates.position_key) as position_key,
        coalesce(held.position_title, candidates.position_title) as position_title,
        coalesce(held.holders, 0) as holders,
        coalesce(held.is_head, false) as is_head,
        coalesce(candidates.candidates, 0) as candidates
    from held
    full join candidates
        on held.place_id = candidates.place_id and held.position_key = candidates.position_key
)

select
    md5(concat_ws('|', 'planning_coverage', positions.place_id, positions.position_key))::uuid as planning_coverage_id,
    organisation.organisation_id,
    agency.agency_id,
    coalesce(agency.province_code, organisation.province_code) as province_code,
    agency.agency_level,
    positions.position_title,
    positions.is_head,
    positions.holders,
    positions.candidates,
    positions.candidates < {{ rule_number('PLANNING_LIMIT', 'MIN_PEOPLE_PER_POSITION') }} as is_below_minimum,
    positions.candidates > {{ rule_number('PLANNING_LIMIT', 'PEOPLE_PER_POSITION') }} as is_above_maximum,
    {{ rule_field('PLANNING_LIMIT', 'PEOPLE_PER_POSITION', 'legal_basis') }} as legal_basis,
    {{ rule_field('PLANNING_LIMIT', 'MIN_PEOPLE_PER_POSITION', 'confidence') }} as rule_confidence,
    coalesce(organisation.source, agency.source) as source
from positions
left join {{ ref('party_organisation') }} as organisation on positions.place_id = organisation.organisation_id
left join {{ ref('agency') }} as agency on positions.place_id = agency.agency_id
