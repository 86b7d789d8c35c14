-- What several records claim of one person, one row a value. Key: (attribute, record, source, source_key).
-- claim_rank is the order of trust in one attribute: the id number that stands by linkage before any other, then
-- authority of the source for that attribute, recency, source, record and key. The first one survives.
-- agrees: the value does not contradict the survivor. One name written in two ways (hoà, hòa), a date known less
-- exactly and a unit before and after a merger are no contradictions.
{{ config(materialized='table') }}

with attributes as ( -- names of their own, so that lineage does not take them for something said
    select name
    from unnest(array[
        {% for attribute in person_attributes() -%}
        '{{ attribute.removesuffix("_known") }}'{{ ',' if not loop.last }}
        {% endfor %}
    ]) as listed (name)
),

claims as (
    select
        {{ claim_columns('attributes.name') }}
    from {{ ref('int_person_record') }} as said
    cross join lateral {{ claimed_values('said') }} as claimed (attribute, value)
    inner join attributes on claimed.attribute = attributes.name
    where said.record_count > 1 and claimed.value is not null
),

ranked as (
    select
        *,
        row_number() over trust as claim_rank,
        first_value(value) over trust as survivor
    from claims
    window
        trust as (
            partition by person_id, attribute
            order by is_valid desc, authority desc, said_on desc nulls last, source asc, record asc, source_key asc
        )
),

renamed_units as (
    select old_code || '>' || new_code as step
    from {{ ref('administrative_unit_mapping') }}
)

select
    ranked.*,
    case
        when ranked.value = ranked.survivor then true
        when ranked.attribute in ('full_name', 'other_name')
            then identity.name_key(ranked.value) = identity.name_key(ranked.survivor)
        when ranked.attribute in ('birth_date', 'admission_date')
            then starts_with(ranked.value, ranked.survivor) or starts_with(ranked.survivor, ranked.value)
        when ranked.attribute in ('hometown_code', 'residence_code')
            then
                ranked.value || '>' || ranked.survivor in (select step from renamed_units)
                or ranked.survivor || '>' || ranked.value in (select step from renamed_units)
        else false
    end as agrees
from ranked
