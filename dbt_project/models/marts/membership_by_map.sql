-- Members on two maps: 34 provinces of today, 63 before 2025-07-01. Key: map_count_id.
-- Grain: map, province of that map, province of today. What the mapping cannot place says so and keeps today's
-- province, so both maps add up to the same members.
with members as (
    select
        membership.status,
        organisation.province_code,
        former.former_province_code
    from {{ ref('party_membership') }} as membership
    left join {{ ref('party_organisation') }} as organisation
        on membership.organisation_id = organisation.organisation_id
    left join {{ ref('int_organisation_former_province') }} as former
        on membership.organisation_id = former.organisation_id
    where membership.is_current
),

placed as (
    select
        '34' as map_code,
        province_code as map_province_code,
        province_code,
        status
    from members
    union all
    select
        '63' as map_code,
        case when province_code is not null then former_province_code end as map_province_code,
        province_code,
        status
    from members
),

counts as (
    select
        map_code,
        map_province_code,
        province_code,
        count(*)::integer as members,
        (count(*) filter (where status <> 'DU_BI'))::integer as official_members
    from placed
    group by map_code, map_province_code, province_code
),

provinces as (
    select distinct on (code_set, code)
        code_set,
        code,
        unit_id
    from {{ ref('administrative_unit') }}
    where level = 'province'
    order by code_set, code, valid_from desc
)

select
    md5(concat_ws(
        '|', 'membership_by_map', counts.map_code, coalesce(counts.map_province_code, ''),
        coalesce(counts.province_code, '')
    ))::uuid as map_count_id,
    counts.map_code,
    counts.map_province_code,
    provinces.unit_id as administrative_unit_id,
    counts.province_code,
    case
        when counts.province_code is null then 'TRUNG_UONG'
        when counts.map_province_code is null then 'KHONG_QUY_DOI_DUOC'
        else 'QUY_DOI_DUOC'
    end as mapping_state,
    counts.members,
    counts.official_members
from counts
left join provinces on counts.map_code = provinces.code_set and counts.map_province_code = provinces.code
