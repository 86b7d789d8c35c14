select
    agency_id,
    agency_code,
    year,
    category
from {{ ref('staffing_quota') }}
where is_in_force
group by agency_id, agency_code, year, category, case when agency_id is null then source end
having count(*) > 1
