-- Units before and since 2025-07-01, one row a version of a unit. Key: administrative_unit_id.
{{ config(alias='administrative_unit') }}

with versions as (
    select
        unit.*,
        superior.unit_id as parent_id,
        row_number() over (partition by unit.unit_id order by superior.valid_from desc) as superior_rank
    from {{ ref('administrative_unit') }} as unit
    left join {{ ref('administrative_unit') }} as superior
        on
            unit.parent_code = superior.code
            and unit.code_set = superior.code_set
            and superior.level = 'province'
            and superior.valid_from < coalesce(unit.valid_to, 'infinity')
)

select
    unit_id as administrative_unit_id,
    code,
    code_set,
    name,
    short_name,
    unit_type,
    level,
    parent_id,
    parent_code,
    district_name,
    {{ days_and_basis() }}
from versions
where superior_rank = 1
