-- In which of the 63 former provinces an agency lies, where that can be said. Key: agency_id.
-- By its own unit, else by that of the nearest agency above that has one, as long as both lie in one province of today;
-- else by its province of today.
{{ config(materialized='table') }}

with recursive above as (
    select
        agency_id,
        parent_id,
        administrative_unit_id,
        province_code,
        array[agency_id] as passed
    from {{ ref('agency') }}
    union all
    select
        above.agency_id,
        superior.parent_id,
        superior.administrative_unit_id,
        superior.province_code,
        above.passed || superior.agency_id as passed
    from above
    inner join {{ ref('agency') }} as superior on above.parent_id = superior.agency_id
    where above.administrative_unit_id is null and superior.agency_id <> all(above.passed)
),

provinces as (
    select distinct -- a province of today has versions
        province_code,
        former_province_code
    from {{ ref('int_unit_former_province') }}
    where code_set = '34' and level = 'province'
)

select
    agency.agency_id,
    coalesce(unit.former_province_code, provinces.former_province_code) as former_province_code
from {{ ref('agency') }} as agency
left join above
    on
        agency.agency_id = above.agency_id
        and above.administrative_unit_id is not null
        and agency.province_code is not distinct from above.province_code
left join {{ ref('int_unit_former_province') }} as unit on above.administrative_unit_id = unit.administrative_unit_id
left join provinces on agency.province_code = provinces.province_code
