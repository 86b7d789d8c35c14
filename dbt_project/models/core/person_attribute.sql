-- Every value claimed for a person, the one that survives and the others. Key: person_attribute_id.
-- Ethnicity is left out: it is class P3 and this relation shows values to whoever may see names.
select
    md5(record || '|' || source || '|' || source_key || '|' || attribute)::uuid as person_attribute_id,
    person_id,
    attribute,
    value,
    is_survivor,
    agrees,
    claim_rank::integer as claim_rank,
    is_valid,
    authority,
    said_on,
    record as source_record,
    source,
    source_key
from {{ ref('int_person_attribute') }}
where attribute <> 'ethnicity_code'
