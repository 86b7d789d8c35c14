-- Members on two maps: 34 provinces of today, 63 before 2025-07-01. Key: map_count_id.
-- Grain: map, province of that map, province of today, reporting body. What the mapping cannot place says so and keeps
-- today's province, so both maps add up to the same members.
with members as (
    select
        coalesce(organisation.source, membership.source) as source,
        organisation.province_code,
        former.former_province_code,
        count(*) as members,
        count(*) filter (where membership.status <> 'DU_BI') as official_members
    from {{ ref('party_membership') }} as membership
    left join {{ ref('party_organisation') }} as organisation
        on membership.organisation_id = organisation.organisation_id
    left join {{ ref('int_organisation_former_province') }} as former
        on membership.organisation_id = former.organisation_id
    where membership.is_current
    group by
        coalesce(organisation.source, membership.source), organisation.province_code, former.former_province_code
),

counts as (
    {{ members_on_maps('members') }}
)

select
    md5(concat_ws(
        '|', 'membership_by_map', map_code, coalesce(map_province_code, ''), coalesce(province_code, ''),
        source
    ))::uuid as map_count_id,
    map_code,
    map_province_code,
    administrative_unit_id,
    province_code,
    mapping_state,
    members,
    official_members,
    legal_basis,
    rule_confidence,
    source
from counts
