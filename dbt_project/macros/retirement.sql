{# The last day of the month in which somebody reaches an age. #}
{% macro last_day_of_age(birth_date, years, months) -%}
    (
                date_trunc('month', {{ birth_date }} + make_interval(years => {{ years }}, months => {{ months }}))
                + interval '1 month - 1 day'
            )::date
{%- endmacro %}

{# The same month so many years later, or earlier where years are negative: its last day. #}
{% macro last_day_years_from(day, years) -%}
    {{ last_day_of_age(day, '(' ~ years ~ ')::integer', 0) }}
{%- endmacro %}
