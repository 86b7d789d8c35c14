{# The permanent id of a row: a digest of which record of which source it is, never of what it says. #}
{% macro record_id(record, relation=none, suffix=none) -%}
    {%- set prefix = relation ~ '.' if relation else '' -%}
    md5('{{ record }}|' || {{ prefix }}source || '|' || {{ prefix }}source_key{{ " || '|" ~ suffix ~ "'" if suffix else '' }})::uuid
{%- endmacro %}

{# The business date of the build, from which "today" is meant. #}
{% macro business_date() -%}
    '{{ env_var("LIENTHONG_BUSINESS_DATE") }}'::date
{%- endmacro %}

{# Half-open validity; NULL when the dates contradict each other, since PostgreSQL refuses such a range. #}
{% macro validity(valid_from, valid_to) -%}
    case
        when {{ valid_to }} is null or {{ valid_from }} is null or {{ valid_from }} <= {{ valid_to }}
            then daterange({{ valid_from }}, {{ valid_to }})
    end
{%- endmacro %}

{# What every version of a rule of law says of itself: its days, its act and how sure it is. #}
{% macro days_and_basis() -%}
    valid_from,
    valid_to,
    {{ validity('valid_from', 'valid_to') }} as validity,
    legal_basis,
    confidence
{%- endmacro %}
