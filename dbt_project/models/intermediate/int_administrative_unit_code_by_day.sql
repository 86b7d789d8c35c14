-- What a bare unit code means on each day: the unit in force, or the last one that bore the code; before the first one,
-- that one. Key: (code, read_from); grain: a version of a unit and the days on which the code means it.
-- Seven province codes changed their meaning on 2025-07-01. is_former is said as of the business date, on whatever day
-- the code is read, and province_code is the province of today: each of the 63 went whole into one.
{{ config(materialized='table') }}

with versions as (
    select
        code,
        unit_id,
        level,
        code_set,
        coalesce(parent_code, code) as province_code,
        coalesce(valid_to <= {{ business_date() }}, false) as is_former,
        case when lag(unit_id) over in_turn is not null then valid_from end as read_from,
        lead(valid_from) over in_turn as read_to
    from {{ ref('administrative_unit') }}
    window in_turn as (partition by code order by valid_from)
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
    versions.read_from,
    daterange(versions.read_from, versions.read_to) as read_during,
    versions.unit_id as administrative_unit_id,
    versions.level,
    versions.is_former,
    case
        when versions.code_set = '34' then versions.province_code
        else province_successors.new_code
    end as province_code
from versions
left join province_successors on versions.province_code = province_successors.old_code
