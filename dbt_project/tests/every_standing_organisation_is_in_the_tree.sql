select organisation.organisation_id
from {{ ref('int_organisation') }} as organisation
left join {{ ref('int_organisation_tree') }} as tree on organisation.organisation_id = tree.organisation_id
where organisation.claim_rank = 1 and tree.organisation_id is null
