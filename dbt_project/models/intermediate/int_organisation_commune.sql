-- In which commune of today an organisation lies: its own unit, else that of the nearest organisation above.
-- Key: organisation_id. A former unit stands for the only present one that grew from it; one that was split for none.
{{ config(materialized='table') }}

with present_units as (
    select
        unit.administrative_unit_id,
        unit.code
    from {{ ref('int_administrative_unit_code') }} as unit
    where unit.level = 'commune' and not unit.is_former
),

successors as (
    select
        old_code,
        min(new_code) as new_code
    from {{ ref('administrative_unit_mapping') }}
    where level = 'commune'
    group by old_code
    having count(*) = 1
),

own as (
    select
        organisation.organisation_id,
        coalesce(present_units.code, successor.code) as commune_code,
        coalesce(present_units.administrative_unit_id, successor.administrative_unit_id) as administrative_unit_id,
        organisation.is_unit_former
    from {{ ref('party_organisation') }} as organisation
    left join present_units on organisation.administrative_unit_code = present_units.code
    left join successors
        on organisation.is_unit_former and organisation.administrative_unit_code = successors.old_code
    left join present_units as successor on successors.new_code = successor.code
)

select distinct on (closure.organisation_id)
    closure.organisation_id,
    own.commune_code,
    own.administrative_unit_id
from {{ ref('int_organisation_closure') }} as closure
inner join own on closure.ancestor_id = own.organisation_id
where own.commune_code is not null
order by closure.organisation_id asc, closure.distance asc
