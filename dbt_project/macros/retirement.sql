{# The last day of the month in which somebody reaches an age. #}
{% macro last_day_of_age(birth_date, years, months) -%}
    (
                date_trunc('month', {{ birth_date }} + make_interval(years => {{ years }}, months => {{ months }}))
                + interval '1 month - 1 day'
            )::date
{%- endmacro %}
