-- The surviving value of each attribute of a person. Key: person_id.
-- Of somebody whom one record describes there is nothing to choose; else the first claim of each attribute survives.
{{ config(materialized='table') }}

select
    {% for attribute in person_attributes() -%}
    {{ attribute }},
    {% endfor -%}
    person_id
from {{ ref('int_person_record') }}
where record_count = 1
union all
select
    {% for attribute in person_attributes() -%}
    max(claim.value) filter (where claim.attribute = '{{ attribute.removesuffix("_known") }}') as {{ attribute }},
    {% endfor -%}
    leading_record.person_id
from {{ ref('int_person_record') }} as leading_record
left join {{ ref('int_person_claim') }} as claim
    on leading_record.person_id = claim.person_id and claim.claim_rank = 1
where leading_record.record_count > 1 and leading_record.record_rank = 1
group by leading_record.person_id
