select person.person_id
from {{ ref('person') }} as person
inner join {{ ref('person_attribute') }} as attribute
    on person.person_id = attribute.person_id and attribute.is_survivor
-- of somebody whom one record describes there is nothing to choose
where
    person.record_count > 1
    and to_jsonb(person) ->> attribute.attribute not like attribute.value || '%'
