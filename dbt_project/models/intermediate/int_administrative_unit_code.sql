-- What a bare unit code means on the business date. Key: code.
{{ config(materialized='table') }}

select
    code,
    administrative_unit_id,
    level,
    is_former,
    province_code
from {{ ref('int_administrative_unit_code_by_day') }}
where read_during @> {{ business_date() }}
