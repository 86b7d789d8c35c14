{# What a spell of membership keeps of the member record that tells of it, its own or that of the other side. #}
{% macro kept_of_member_record(record=none) -%}
    {% for column in [
        'admission_date', 'admission_decision_date', 'official_date', 'readmission_date', 'exempt_from',
        'card_issue_date', 'badge_years',
    ] -%}
    {{ record ~ '.' if record else '' }}{{ column }}{{ ',\n' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
