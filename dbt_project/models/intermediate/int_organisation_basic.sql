-- The basic organisation to which a standing organisation belongs, the nearest at or above it, and the sector by which
-- its members are counted. Key: organisation_id. Where no basic organisation stands above, its own sector counts.
{{ config(materialized='table') }}

with nearest as (
    select distinct on (closure.organisation_id)
        closure.organisation_id,
        basic.organisation_id as basic_id,
        basic.sector
    from {{ ref('int_organisation_closure') }} as closure
    inner join {{ ref('party_organisation') }} as basic on closure.ancestor_id = basic.organisation_id
    where basic.organisation_type in ('C1', 'C2', 'C3')
    order by closure.organisation_id asc, closure.distance asc
)

select
    organisation.organisation_id,
    nearest.basic_id,
    coalesce(nearest.sector, case when nearest.basic_id is null then organisation.sector end) as sector
from {{ ref('party_organisation') }} as organisation
left join nearest on organisation.organisation_id = nearest.organisation_id
