-- Which organisation a code means. Key: (source, code), source NULL where the code means the same to everybody.
-- A present code means the organisation that stands, else the one that ended last; an old code is known only to the
-- source that kept it, and only while no organisation bears it now and it is not ambiguous.
{{ config(materialized='table') }}

with standing as (
    select *
    from {{ ref('int_organisation') }}
    where claim_rank = 1
),

present_codes as (
    select distinct on (organisation_code)
        organisation_code as code,
        organisation_id
    from standing
    order by organisation_code asc, valid_to desc nulls first, organisation_id asc
),

old_codes as (
    select
        standing.source,
        standing.legacy_code as code,
        min(standing.organisation_id::text)::uuid as organisation_id
    from standing
    left join present_codes on standing.legacy_code = present_codes.code
    where standing.legacy_code is not null and present_codes.code is null
    group by standing.source, standing.legacy_code
    having count(*) = 1
)

select
    null::text as source,
    code,
    organisation_id
from present_codes
union all
select
    source,
    code,
    organisation_id
from old_codes
