select
    organisation.organisation_id,
    organisation.path
from {{ ref('party_organisation') }} as organisation
left join {{ ref('party_organisation') }} as superior on organisation.parent_id = superior.organisation_id
where organisation.path <> coalesce(superior.path, '/') || organisation.organisation_code || '/'
