-- Every value that a record claims for a person. Key: (person_id, attribute, record, source, source_key).
-- is_survivor marks the value that the person carries; claim_rank is the order of trust in that attribute.
select
    person_id,
    attribute,
    value,
    claim_rank = 1 as is_survivor,
    agrees,
    claim_rank,
    is_valid,
    authority,
    said_on,
    record,
    source,
    source_key
from {{ ref('int_person_claim') }}
union all
select
    said.person_id,
    claimed.attribute,
    claimed.value,
    true as is_survivor,
    true as agrees,
    1 as claim_rank,
    claimed.attribute <> 'personal_id' or said.is_personal_id_valid as is_valid,
    coalesce((said.authority_by_attribute ->> claimed.attribute)::integer, said.authority) as authority,
    said.said_on,
    said.record,
    said.source,
    said.source_key
from {{ ref('int_person_record') }} as said
cross join lateral {{ claimed_values('said') }} as claimed (attribute, value)
where said.record_count = 1 and claimed.value is not null
