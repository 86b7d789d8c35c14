-- Party organisations as claimed. Key: (source, source_key).
-- Claims of one code with the same end are one organisation: the first in claim_rank stands for it, a total order
-- of authority, recency, source and key. Codes are national, so it does not matter which source claims them.
{{ config(materialized='table') }}

select
    organisation.*,
    {{ record_id('organisation', 'organisation') }} as organisation_id,
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
