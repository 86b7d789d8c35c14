-- Ages of retirement by birth, with the days of their decree, as a release was judged by them. Key: retirement_age_id;
-- grain: one version of one range of births of one sex.
{{ config(alias='retirement_age') }}

select
    md5(concat_ws('|', 'retirement_age', sex, born_from, valid_from))::uuid as retirement_age_id,
    sex,
    born_from,
    born_to,
    {{ validity('born_from', 'born_to') }} as born,
    years,
    months,
    {{ days_and_basis() }},
    note
from {{ ref('retirement_age') }}
