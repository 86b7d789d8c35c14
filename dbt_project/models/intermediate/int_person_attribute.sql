-- Every value that a record claims for a person. Key: (person_id, attribute, record, source, source_key).
-- is_survivor marks the value that the person carries; claim_rank is the order of trust in that attribute.
select
    person_id,
    attribute,
    value,
    is_valid,
    authority,
    said_on,
    record,
    source,
    source_key,
    claim_rank = 1 as is_survivor,
    agrees,
    claim_rank
from {{ ref('int_person_claim') }}
union all
select
    {{ claim_columns('claimed.attribute') }},
    true as is_survivor,
    true as agrees,
    1 as claim_rank
from {{ ref('int_person_record') }} as said
cross join lateral {{ claimed_values('said') }} as claimed (attribute, value)
where said.record_count = 1 and claimed.value is not null
