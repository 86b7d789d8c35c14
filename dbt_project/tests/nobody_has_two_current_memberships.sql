select
    person_id,
    count(*) as current_memberships
from {{ ref('party_membership') }}
where is_current
group by person_id
having count(*) > 1
