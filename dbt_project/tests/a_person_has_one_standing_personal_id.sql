-- Of the valid ids that are said of a person, one stands and is what the person carries; the others are judged.
select person.person_id
from {{ ref('person') }} as person
inner join {{ ref('person_attribute') }} as claim on person.person_id = claim.person_id
where
    claim.attribute = 'personal_id'
    and claim.is_valid
    and claim.value is distinct from person.personal_id
