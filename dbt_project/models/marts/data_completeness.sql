-- How far the fields that figures rest on are filled, in what each source says now. Key: completeness_id.
-- Grain: source, record, field. One pass over each record; no value leaves it.
{%- set fields = completeness_fields() %}
with said as (
    {% for record, names in fields.items() %}
    select
        counted.source,
        '{{ record }}' as record,
        counted.records,
        filled.field,
        filled.filled
    from (
        select
            source,
            count(*) as records,
        {% for name in names -%}
        count({{ name }}) as {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
        from {{ ref('stg_' ~ record) }}
        group by source
    ) as counted
    cross join
        lateral (
            values
            {% for name in names -%}
            ('{{ name }}', counted.{{ name }}){{ ',' if not loop.last }}
            {% endfor %}
        ) as filled (field, filled)
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    md5(concat_ws('|', 'data_completeness', source, record, field))::uuid as completeness_id,
    source,
    record,
    field,
    records::integer as records,
    filled::integer as filled,
    round(100.0 * filled / records, 2)::numeric(5, 2) as filled_percent
from said
