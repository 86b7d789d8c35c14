-- Which province a place is counted in on each of two maps: 34 provinces of today, 63 before 2025-07-01.
-- A place is a province of today with a former one (int_place); with neither, it is the Centre or unknown.
-- What the mapping cannot place has no province and says so. Key: (map_code, province_code, former_province_code).
-- A table: few rows, and the planner should know how few, since NULL joins as a value.
{{ config(materialized='table') }}

with places as (
    select
        province_code,
        former_province_code
    from {{ ref('int_place') }}
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

mappings as (
    select
        new_code as province_code,
        string_agg(distinct legal_basis, '; ') as legal_basis,
        {{ lowest_confidence('rule_confidence') }} as rule_confidence
    from {{ ref('mart_administrative_unit_mapping') }}
    where level = 'province'
    group by new_code
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
    end as mapping_state,
    mappings.legal_basis,
    mappings.rule_confidence
from placed
left join mappings on placed.province_code = mappings.province_code
left join provinces on placed.map_code = provinces.code_set and placed.map_province_code = provinces.code
