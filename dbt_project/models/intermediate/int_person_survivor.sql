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
    max(said.{{ attribute }}) filter (where claim.attribute = '{{ attribute.removesuffix("_known") }}')
        as {{ attribute }},
    {% endfor -%}
    said.person_id
from {{ ref('int_person_record') }} as said
left join {{ ref('int_person_claim') }} as claim
    on
        said.person_id = claim.person_id
        and said.source = claim.source
        and said.record = claim.record
        and said.source_key = claim.source_key
        and claim.claim_rank = 1
where said.record_count > 1
group by said.person_id
