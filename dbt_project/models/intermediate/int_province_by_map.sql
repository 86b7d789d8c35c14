-- Which province counts the members of a place on each of two maps: 34 provinces of today, 63 before 2025-07-01.
-- A place is a province of today with a former one, as organisations lie; with neither, it is the Centre or unknown.
-- What the mapping cannot place has no province and says so. Key: (map_code, province_code, former_province_code).
-- A table: few rows, and the planner should know how few, since NULL joins as a value.
{{ config(materialized='table') }}

with places as (
    select
        organisation.province_code,
        former.former_province_code
    from {{ ref('party_organisation') }} as organisation
    left join {{ ref('int_organisation_former_province') }} as former
        on organisation.organisation_id = former.organisation_id
    union -- also of members whose organisation is not found
    select
        null as province_code,
        null as former_province_code
),

placed as (
    select
        '34' as map_code,
        province_code as map_province_code,
        province_code,
        former_province_code
    from places
    union all
    select
        '63' as map_code,
        case when province_code is not null then former_province_code end as map_province_code,
        province_code,
        former_province_code
    from places
),

provinces as (
    select distinct on (code_set, code)
        code_set,
        code,
        unit_id
    from {{ ref('administrative_unit') }}
    where level = 'province'
    order by code_set asc, code asc, valid_from desc
)

select
    placed.map_code,
    placed.map_province_code,
    provinces.unit_id as administrative_unit_id,
    placed.province_code,
    placed.former_province_code,
    case
        when placed.province_code is null then 'TRUNG_UONG'
        when placed.map_province_code is null then 'KHONG_QUY_DOI_DUOC'
        else 'QUY_DOI_DUOC'
    end as mapping_state
from placed
left join provinces on placed.map_code = provinces.code_set and placed.map_province_code = provinces.code
