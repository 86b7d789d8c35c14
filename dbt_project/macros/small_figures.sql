{# Whether a share is so small, or so nearly everybody, that it tells of single persons. #}
{% macro is_small_share(part, rest) -%}
    least({{ part }}, {{ rest }}) < {{ rule_number('SMALL_CELL', 'MIN_COUNT') }}
{%- endmacro %}

{#
    Whether a share is withheld: it is small, or it is the country's and a single source's is small, which would follow
    from the difference. Reads is_small, is_country and source; `figure` lists the columns that a source's share and
    the country's have in common. First and last source are the same where there is one: a window counts no distinct.
#}
{% macro is_share_withheld(figure) -%}
    is_small
        or (
            is_country
            and coalesce(
                min(source) filter (where is_small and not is_country) over (partition by {{ figure | join(', ') }})
                = max(source) filter (where is_small and not is_country) over (partition by {{ figure | join(', ') }}),
                false
            )
        )
{%- endmacro %}
