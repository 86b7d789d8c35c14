-- Figures of the law with their days, as a release was judged by them. Key: dated_rule_id; grain: one version of one
-- parameter of a rule.
{{ config(alias='dated_rule') }}

select
    md5(concat_ws('|', 'dated_rule', rule_code, parameter, valid_from))::uuid as dated_rule_id,
    rule_code,
    parameter,
    value,
    unit,
    {{ days_and_basis() }},
    note
from {{ ref('dated_rule') }}
