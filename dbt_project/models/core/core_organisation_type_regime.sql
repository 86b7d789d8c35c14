-- Types of party organisations in both regimes, and what each becomes in the later one. Key: type_code.
{{ config(alias='organisation_type_regime') }}

select
    type_code,
    regimes,
    level_a,
    level_b,
    type_in_b,
    {{ days_and_basis() }},
    note
from {{ ref('organisation_type_regime') }}
