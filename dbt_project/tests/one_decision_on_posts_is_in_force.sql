select
    agency_id,
    agency_code,
    year,
    category
from {{ ref('staffing_quota') }}
where is_in_force
group by
    agency_id,
    agency_code,
    year,
    category,
    is_total,
    case when is_total then authority_level end,
    case when agency_id is null then source end
having count(*) > 1
