-- In which of the 63 former provinces a unit lies, where that can be said. Key: administrative_unit_id.
-- A former unit in its own; a commune of today in the one of all that went into it, else where its province of today
-- does; a province of today in the only one that went into it. Nothing is apportioned: what joined across a border is
-- unmapped.
{{ config(materialized='table') }}

with origins as (
    select
        level,
        new_code,
        min(old_province_code) as province_code
    from {{ ref('mart_administrative_unit_mapping') }}
    group by level, new_code
    having min(old_province_code) = max(old_province_code)
),

units as (
    select
        unit_id,
        code,
        code_set,
        level,
        coalesce(parent_code, code) as province_code
    from {{ ref('administrative_unit') }}
)

select
    units.unit_id as administrative_unit_id,
    units.code_set,
    units.level,
    units.province_code,
    case
        when units.code_set = '63' then units.province_code
        else coalesce(commune_origin.province_code, province_origin.province_code)
    end as former_province_code
from units
left join origins as commune_origin
    on units.level = 'commune' and commune_origin.level = 'commune' and units.code = commune_origin.new_code
left join origins as province_origin
    on province_origin.level = 'province' and units.province_code = province_origin.new_code
