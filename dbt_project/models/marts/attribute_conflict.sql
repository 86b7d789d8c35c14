-- How often what a source says of persons contradicts what other records say of them. Key: conflict_id.
-- Grain: source, record, attribute. Counts only; the values stand side by side in person_attribute. Ethnicity is left
-- out, as there.
with said as (
    select
        counted.source,
        counted.record,
        filled.attribute,
        filled.claims
    from (
        select
            source,
            record,
        {% for attribute in person_attributes() -%}
        count({{ attribute }}) as {{ attribute }}{{ ',' if not loop.last }}
        {% endfor %}
        from {{ ref('int_person_record') }}
        group by source, record
    ) as counted
    cross join lateral {{ claimed_values('counted') }} as filled (attribute, claims)
    where filled.claims > 0 and filled.attribute <> 'ethnicity_code'
),

claimed as (
    select
        source,
        record,
        attribute,
        agrees,
        count(*) over (partition by person_id, attribute) > 1 as is_compared,
        not bool_and(agrees) over (partition by person_id, attribute) as is_conflicting
    from {{ ref('int_person_claim') }}
),

judged as (
    select
        source,
        record,
        attribute,
        count(*) filter (where is_compared) as compared,
        count(*) filter (where is_conflicting) as conflicting,
        count(*) filter (where not agrees) as overruled
    from claimed
    group by source, record, attribute
)

select
    md5(concat_ws('|', 'attribute_conflict', said.source, said.record, said.attribute))::uuid as conflict_id,
    said.source,
    said.record,
    said.attribute,
    said.claims::integer as claims,
    coalesce(judged.compared, 0)::integer as compared,
    coalesce(judged.conflicting, 0)::integer as conflicting,
    coalesce(judged.overruled, 0)::integer as overruled
from said
left join judged
    on
        said.source = judged.source
        and said.record = judged.record
        and said.attribute = judged.attribute
