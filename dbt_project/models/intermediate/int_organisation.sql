-- Party organisations as claimed. Key: (source, source_key).
-- Claims of one code with the same end are one organisation: the first in claim_rank stands for it, a total order
-- of authority, recency, source and key. Codes are national, so it does not matter which source claims them.
-- Of organisations of one code whose validity overlaps, the one that stands today comes first, then the same order;
-- the others are is_overlapped and no number counts them.
{{ config(materialized='table') }}

with recursive ranked as (
    select
        organisation.*,
        {{ record_id('organisation', 'organisation') }} as organisation_id,
        {{ validity('organisation.valid_from', 'organisation.valid_to') }} as validity,
        coalesce(trust.authority, 50) as authority,
        batch.business_date as said_on,
        case
            when organisation.organisation_code is not null then row_number() over (
                partition by organisation.organisation_code, organisation.valid_to
                order by
                    coalesce(trust.authority, 50) desc,
                    batch.business_date desc nulls last,
                    organisation.source,
                    organisation.source_key
            )
        end as claim_rank
    from {{ ref('stg_organisation') }} as organisation
    left join {{ ref('stg_source_authority') }} as trust
        on organisation.source = trust.source and trust.kind = 'organisation'
    left join {{ ref('stg_batch') }} as batch on organisation.first_batch = batch.batch_id
),

claims as (
    select
        organisation_id as claim_id,
        organisation_code as place,
        validity,
        row_number() over (
            partition by organisation_code
            order by valid_to is null desc, authority desc, said_on desc nulls last, source asc, source_key asc
        ) as claim_no
    from ranked
    where claim_rank = 1 and not isempty(validity)
),

{{ settled_overlaps('claims') }}

select
    ranked.*,
    not coalesce(settled.stands, true) as is_overlapped
from ranked
left join settled on ranked.organisation_id = settled.claim_id
