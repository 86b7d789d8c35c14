-- What a bare unit code means on the business date: the unit in force, or the last one that bore the code.
-- Key: code. Seven province codes changed their meaning on 2025-07-01; a bare code is read as of today.
{{ config(materialized='table') }}

with versions as (
    select
        code,
        unit_id,
        level,
        code_set,
        coalesce(parent_code, code) as province_code,
        coalesce(valid_to <= {{ business_date() }}, false) as is_former,
        row_number() over (
            partition by code
            order by valid_from <= {{ business_date() }} desc, valid_from desc
        ) as version_rank
    from {{ ref('administrative_unit') }}
),

province_successors as (
    select
        old_code,
        new_code
    from {{ ref('administrative_unit_mapping') }}
    where level = 'province' and is_default
)

select
    versions.code,
    versions.unit_id as administrative_unit_id,
    versions.level,
    versions.is_former,
    case
        when versions.code_set = '34' then versions.province_code
        else province_successors.new_code
    end as province_code
from versions
left join province_successors on versions.province_code = province_successors.old_code
where versions.version_rank = 1
