-- Which standing organisations lie below which, each below itself too. Key: (ancestor_id, organisation_id).
{{ config(materialized='table') }}

with recursive standing as (
    select
        organisation_id,
        parent_id
    from {{ ref('party_organisation') }}
    where
        (valid_to is null or valid_to > {{ business_date() }})
        and (valid_from is null or valid_from <= {{ business_date() }})
),

closure as (
    select
        organisation_id as ancestor_id,
        organisation_id,
        0 as distance
    from standing
    union all
    select
        closure.ancestor_id,
        standing.organisation_id,
        closure.distance + 1 as distance
    from closure
    inner join standing on closure.organisation_id = standing.parent_id
)

select
    ancestor_id,
    organisation_id,
    distance
from closure
