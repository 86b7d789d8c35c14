{# Whether a row of a dated seed applies on a day; half-open, as all validity is. #}
{% macro applies_on(relation, day) -%}
    {{ relation }}.valid_from <= {{ day }} and ({{ relation }}.valid_to is null or {{ day }} < {{ relation }}.valid_to)
{%- endmacro %}

{#
    One field of the rule in force on the business date, as text, asked once a statement; or on the day of a row. A rule
    that is not in force is NULL, so that what depends on it says nothing rather than something wrong.
#}
{% macro rule_field(rule_code, parameter, field, day=none) -%}
    (
        select rule.{{ field }}
        from {{ ref('dated_rule') }} as rule
        where
            rule.rule_code = '{{ rule_code }}'
            and rule.parameter = '{{ parameter }}'
            and {{ applies_on('rule', day or business_date()) }}
    )
{%- endmacro %}

{# The number that a rule in force on the business date gives, or on the day of a row. #}
{% macro rule_number(rule_code, parameter, day=none) -%}
    {{ rule_field(rule_code, parameter, 'value', day) }}::numeric
{%- endmacro %}

{# The acts on which rules in force rest, each named once: of rules as 'CODE.PARAMETER', or of all of a 'CODE'. #}
{% macro rules_basis(rules) -%}
    (
        select string_agg(distinct act.name, '; ' order by act.name)
        from {{ ref('dated_rule') }} as rule
        cross join lateral unnest(string_to_array(rule.legal_basis, '; ')) as act (name)
        where {{ is_one_of('rule', rules) }} and {{ applies_on('rule', business_date()) }}
    )
{%- endmacro %}

{# How far rules in force are confirmed together: as far as the least confirmed of them. #}
{% macro rules_confidence(rules) -%}
    (
        select {{ lowest_confidence('rule.confidence') }}
        from {{ ref('dated_rule') }} as rule
        where {{ is_one_of('rule', rules) }} and {{ applies_on('rule', business_date()) }}
    )
{%- endmacro %}

{% macro is_one_of(relation, rules) -%}
    ({{ relation }}.rule_code || '.' || {{ relation }}.parameter in ('{{ rules | join("', '") }}')
    or {{ relation }}.rule_code in ('{{ rules | join("', '") }}'))
{%- endmacro %}

{# The lowest of several confidences; an aggregate. #}
{% macro lowest_confidence(confidence) -%}
    case
        when bool_or({{ confidence }} = 'low') then 'low'
        when bool_or({{ confidence }} = 'med') then 'med'
        when bool_or({{ confidence }} = 'high') then 'high'
    end
{%- endmacro %}

{# A number of months as an interval. #}
{% macro months(number) -%}
    make_interval(months => ({{ number }})::integer)
{%- endmacro %}

{# A date some months later; on the last day of a month that lacks the day. #}
{% macro add_months(day, number) -%}
    ({{ day }} + {{ months(number) }})::date
{%- endmacro %}

{#
    The last of a number of working days after a day, Monday to Friday. Public holidays are not left out: they are
    fixed anew each year and no confirmed list was at hand, so the day is never later than the true one.
#}
{% macro add_working_days(day, number) -%}
    (
        date_trunc('week', {{ day }})::date
        + (least(extract(isodow from {{ day }})::integer, 5) - 1 + ({{ number }})::integer) / 5 * 7
        + (least(extract(isodow from {{ day }})::integer, 5) - 1 + ({{ number }})::integer) % 5
    )
{%- endmacro %}

{# A title as a key: lower case, single spaces. #}
{% macro title_key(title) -%}
    lower(regexp_replace(btrim({{ title }}), '\s+', ' ', 'g'))
{%- endmacro %}

{#- What two rules of one row are worth together: the less confirmed one; the second may be unknown. -#}
{% macro less_confirmed(one, other) -%}
    case
        when 'low' in ({{ one }}, {{ other }}) then 'low'
        when 'med' in ({{ one }}, {{ other }}) then 'med'
        else {{ one }}
    end
{%- endmacro %}

{#
    The targets for leaders in force, one row a level of agencies that a relation has: the parameter that ends with the
    level (WOMEN_PERCENT_XA) before the one for all levels (WOMEN_PERCENT); NULL where neither is set.
#}
{% macro leader_targets(relation, parameters) -%}
    select
        stated.agency_level,
        {%- for parameter in parameters %}
        coalesce(
            max(rule.value) filter (where rule.parameter = '{{ parameter }}_' || stated.agency_level),
            max(rule.value) filter (where rule.parameter = '{{ parameter }}')
        )::numeric(5, 1) as {{ parameter | lower | replace('_percent', '_target_percent') }}{{ ',' if not loop.last }}
        {%- endfor %}
    from (select distinct agency_level from {{ relation }}) as stated
    left join {{ ref('dated_rule') }} as rule
        on rule.rule_code = 'LEADER_TARGET' and {{ applies_on('rule', business_date()) }}
    group by stated.agency_level
{%- endmacro %}
