-- Who is planned now, for which position. Key: (place_id, position_key, person_id).
-- The place is a party organisation or else an agency; a term that is over no longer plans anybody.
select
    coalesce(organisation_id, agency_id) as place_id,
    {{ title_key('target_position') }} as position_key,
    person_id,
    min(target_position) as target_position
from {{ ref('planning') }}
where
    status = 'VAO'
    and coalesce(organisation_id, agency_id) is not null
    and target_position is not null
    and coalesce(term_to_year >= extract(year from {{ business_date() }}), true)
group by coalesce(organisation_id, agency_id), {{ title_key('target_position') }}, person_id
