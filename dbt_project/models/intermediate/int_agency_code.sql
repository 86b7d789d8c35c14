-- Which agency a code means. Key: (source, agency_code), source NULL where only one source uses the code.
-- Agencies number themselves, so a code that several sources use means each one's own agency.
{{ config(materialized='table') }}

with claims as (
    select
        agency.source,
        agency.agency_code,
        {{ record_id('agency', 'agency') }} as agency_id,
        row_number() over (
            partition by agency.source, agency.agency_code
            order by agency.valid_to desc nulls first, batch.business_date desc nulls last, agency.source_key
        ) as claim_rank
    from {{ ref('stg_agency') }} as agency
    left join {{ ref('stg_batch') }} as batch on agency.first_batch = batch.batch_id
),

named_by_one_source as (
    select agency_code
    from claims
    group by agency_code
    having min(source) = max(source)
)

select
    case when named_by_one_source.agency_code is null then claims.source end as source,
    claims.agency_code,
    claims.agency_id
from claims
left join named_by_one_source on claims.agency_code = named_by_one_source.agency_code
where claims.claim_rank = 1
