-- In which province of today a unit code lies when it names where somebody comes from. Key: code.
-- Nobody says when a hometown was written down: a code that means units of two provinces, one before 2025-07-01 and
-- one since, has none.
with meanings as (
    select
        code,
        coalesce(parent_code, code) as province_code
    from {{ ref('administrative_unit') }}
    where code_set = '34'
    union
    select
        mapping.old_code as code,
        coalesce(unit.parent_code, unit.code) as province_code
    from {{ ref('administrative_unit_mapping') }} as mapping
    inner join {{ ref('administrative_unit') }} as unit
        on mapping.new_code = unit.code and mapping.level = unit.level and mapping.new_code_set = unit.code_set
)

select
    code,
    case when min(province_code) = max(province_code) then min(province_code) end as province_code
from meanings
group by code
