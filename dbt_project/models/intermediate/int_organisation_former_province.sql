-- In which of the 63 former provinces an organisation lies, where that can be said. Key: organisation_id.
-- By its own former unit, a commune or a province; else by its commune of today, when all that went into it was of one
-- province; else by its province of today, when only one went into that. Nothing is apportioned: what joined across a
-- border is unmapped.
{{ config(materialized='table') }}

with communes_of_one_province as (
    select
        new_code,
        min(old_province_code) as province_code
    from {{ ref('mart_administrative_unit_mapping') }}
    where level = 'commune'
    group by new_code
    having count(distinct old_province_code) = 1
),

provinces_of_one_province as (
    select
        new_code,
        min(old_code) as province_code
    from {{ ref('mart_administrative_unit_mapping') }}
    where level = 'province'
    group by new_code
    having count(*) = 1
)

select
    organisation.organisation_id,
    coalesce(
        former_unit.former_province_code,
        communes_of_one_province.province_code,
        provinces_of_one_province.province_code
    ) as former_province_code
from {{ ref('party_organisation') }} as organisation
left join {{ ref('int_unit_former_province') }} as former_unit
    on organisation.is_unit_former and organisation.administrative_unit_id = former_unit.administrative_unit_id
left join {{ ref('int_organisation_commune') }} as located
    on organisation.organisation_id = located.organisation_id
left join communes_of_one_province on located.commune_code = communes_of_one_province.new_code
left join provinces_of_one_province on organisation.province_code = provinces_of_one_province.new_code
