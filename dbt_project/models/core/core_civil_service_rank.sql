-- Ranks of civil servants with their salary steps. Key: civil_service_rank_id; grain: one version of one rank.
{{ config(alias='civil_service_rank') }}

select
    md5(concat_ws('|', 'civil_service_rank', rank_code, valid_from))::uuid as civil_service_rank_id,
    rank_code,
    name,
    salary_group,
    steps,
    coefficient_from,
    coefficient_step,
    cycle_months,
    {{ days_and_basis() }}
from {{ ref('civil_service_rank') }}
