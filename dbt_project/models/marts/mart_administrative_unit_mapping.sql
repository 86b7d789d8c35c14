-- Which unit of the 63 provinces' map became which of the 34 provinces' map. Key: mapping_id.
-- Grain: old and new unit. share ALL says that the old unit went whole, PART that it was split. No later map has
-- replaced this one, so its validity is open.
{{ config(alias='administrative_unit_mapping') }}

with versions as (
    select
        mapping.*,
        old_unit.unit_id as old_unit_id,
        old_unit.parent_code as old_parent_code,
        new_unit.unit_id as new_unit_id,
        row_number() over (
            partition by mapping.level, mapping.old_code, mapping.new_code
            order by old_unit.valid_from desc, new_unit.valid_from asc
        ) as version_rank
    from {{ ref('administrative_unit_mapping') }} as mapping
    left join {{ ref('administrative_unit') }} as old_unit
        on
            mapping.old_code = old_unit.code
            and mapping.old_code_set = old_unit.code_set
            and mapping.effective_from > old_unit.valid_from
    left join {{ ref('administrative_unit') }} as new_unit
        on
            mapping.new_code = new_unit.code
            and mapping.new_code_set = new_unit.code_set
            and coalesce(new_unit.valid_to, 'infinity') > mapping.effective_from
)

select
    md5(concat_ws('|', 'administrative_unit_mapping', level, old_code, new_code))::uuid as mapping_id,
    level,
    old_code,
    old_unit_id,
    coalesce(old_parent_code, old_code) as old_province_code,
    new_code,
    new_unit_id,
    share,
    is_default,
    count(*) over (partition by level, old_code) > 1 as is_split,
    effective_from,
    daterange(effective_from, null) as validity,
    legal_basis,
    confidence as rule_confidence
from versions
where version_rank = 1
