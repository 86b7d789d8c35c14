{# What became of an organisation between two rows of it, by what differs first: type, superior, name. A type is compared
   as the regime of 208-QĐ/TW calls it, which raises nobody. Both rows have organisation_type_in_b, parent_code and name. #}
{% macro organisation_change(before, after) -%}
    {%- set ranks = "array['B2', 'B1', 'C1', 'H2', 'T2', 'T1', 'TW']" -%}
    {%- set rank_before = "array_position(" ~ ranks ~ ", " ~ before ~ ".organisation_type_in_b)" -%}
    {%- set rank_after = "array_position(" ~ ranks ~ ", " ~ after ~ ".organisation_type_in_b)" -%}
    case
        when {{ rank_before }} < {{ rank_after }} then 'NANG_CAP'
        when {{ rank_before }} > {{ rank_after }} then 'HA_CAP'
        when {{ before }}.parent_code <> {{ after }}.parent_code then 'CHUYEN_GIAO'
        when {{ before }}.name <> {{ after }}.name then 'DOI_TEN'
    end
{%- endmacro %}
