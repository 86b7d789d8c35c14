{# Which organisation or agency a code of a row means: nationally, or to the source that sent the row. #}

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
