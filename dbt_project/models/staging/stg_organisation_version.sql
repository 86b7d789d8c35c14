-- Everything that each source ever said of each organisation and did not take back.
-- Key: (source, source_key, first_batch), the batch in which it was said first.
select
    organisation.source,
    organisation.source_key,
    organisation.first_batch,
    organisation.organisation_code,
    organisation.name,
    organisation.organisation_type,
    organisation.parent_code,
    organisation.decision_no,
    organisation.decision_date
from {{ source('raw', 'organisation') }} as organisation
inner join {{ source('ops', 'batch') }} as batch on organisation.first_batch = batch.batch_id
where batch.status <> 'withdrawn'
