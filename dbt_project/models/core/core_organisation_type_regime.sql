-- Types of party organisations in both regimes, and what each becomes in the later one. Key: type_code.
{{ config(alias='organisation_type_regime') }}

select
    type_code,
    regimes,
    level_a,
    level_b,
    type_in_b,
    valid_from,
    valid_to,
    {{ validity('valid_from', 'valid_to') }} as validity,
    legal_basis,
    confidence,
    note
from {{ ref('organisation_type_regime') }}
