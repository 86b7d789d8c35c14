-- What codes mean and when, as a release read them. Key: code_list_id; grain: one version of one code of one list.
{{ config(alias='code_list') }}

select
    md5(concat_ws('|', 'code_list', list_code, code, valid_from))::uuid as code_list_id,
    list_code,
    code,
    label,
    sort_order,
    {{ days_and_basis() }},
    aliases
from {{ ref('code_list') }}
