-- Every value that a record claims for a person. Key: (person_id, attribute, record, source, source_key).
-- is_survivor marks the value that the person carries; record_rank is the order of trust of the record.
select
    said.person_id,
    claimed.attribute,
    claimed.value,
    said.record_rank = claimed.survivor_rank as is_survivor,
    claimed.value = claimed.survivor as agrees,
    said.record_rank,
    said.authority,
    said.said_on,
    said.record,
    said.source,
    said.source_key
from {{ ref('int_person_record') }} as said
inner join {{ ref('int_person_survivor') }} as survivor on said.person_id = survivor.person_id
cross join
    lateral (
        values
        {% for attribute in person_attributes() -%}
        (
            '{{ attribute.removesuffix("_known") }}',
            said.{{ attribute }},
            survivor.{{ attribute }},
            survivor.{{ attribute }}_rank
        ){{ ',' if not loop.last }}
        {% endfor -%}
    ) as claimed (attribute, value, survivor, survivor_rank)
where claimed.value is not null
