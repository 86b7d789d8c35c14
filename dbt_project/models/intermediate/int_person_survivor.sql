-- The surviving value of each attribute of a person and the rank of the record that said it. Key: person_id.
-- The first record in the person's order that says anything of an attribute decides it.
{{ config(materialized='table') }}

select
    {% for attribute in person_attributes() -%}
    (
        array_agg({{ attribute }} order by record_rank) filter (where {{ attribute }} is not null)
    )[1] as {{ attribute }},
    min(record_rank) filter (where {{ attribute }} is not null) as {{ attribute }}_rank,
    {% endfor -%}
    person_id
from {{ ref('int_person_record') }}
group by person_id
