{# Which organisation, agency or unit a code of a row means: organisations and agencies nationally, or to the source that
   sent the row. #}

{% macro join_organisation(row, code='organisation_code', alias='organisation') -%}
    left join {{ ref('int_organisation_code') }} as {{ alias }}
        on
            {{ row }}.{{ code }} = {{ alias }}.code
            and ({{ alias }}.source is null or {{ row }}.source = {{ alias }}.source)
{%- endmacro %}

{% macro join_agency(row, code='agency_code', alias='agency') -%}
    left join {{ ref('int_agency_code') }} as {{ alias }}
        on
            {{ row }}.{{ code }} = {{ alias }}.agency_code
            and ({{ alias }}.source is null or {{ row }}.source = {{ alias }}.source)
{%- endmacro %}

{# What the unit code of a row means today, or on the last day of what has ended. `code` and `valid_to` are of the row. #}
{% macro join_unit_on_last_day(code, valid_to, alias='unit') -%}
    left join {{ ref('int_administrative_unit_code_by_day') }} as {{ alias }}
        on
            {{ code }} = {{ alias }}.code
            and {{ alias }}.read_during @> least({{ valid_to }} - 1, {{ business_date() }})
{%- endmacro %}
