{# Posts that a rule names, read from the title as a key (title_key), for want of an agreed list of codes. #}

{# A deputy secretary of a province or a city. #}
{% macro is_province_deputy_secretary(title, organisation_type) -%}
    {{ title }} ~ '^phó bí thư' and coalesce({{ organisation_type }} = 'T1', {{ title }} ~ '(tỉnh|thành) (ủy|uỷ)')
{%- endmacro %}

{# The chair of the people's committee of a province or a city. #}
{% macro is_province_chair(title, agency_level, agency_name) -%}
    {{ agency_level }} = 'TINH'
    and {{ title }} ~ '^chủ tịch($|,| ubnd| (ủy|uỷ) ban nhân dân)'
    and (
        {{ title_key(agency_name) }} ~ '^(ủy|uỷ) ban nhân dân'
        or {{ title }} ~ '^chủ tịch (ubnd|(ủy|uỷ) ban nhân dân)'
    )
{%- endmacro %}
