{# What a spell of membership keeps of the member record that tells of it, its own or that of the other side. #}
{% macro kept_of_member_record(record=none) -%}
    {% for column in [
        'admission_date', 'admission_decision_date', 'official_date', 'readmission_date', 'exempt_from',
        'card_issue_date', 'badge_years', 'badge_awarded_on',
    ] -%}
    {{ record ~ '.' if record else '' }}{{ column }}{{ ',\n' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#
    Members of places on both maps. `places` has province_code, former_province_code, source, members, official_members
    and the columns of `by`; the result has those of int_province_by_map in place of the former province.
#}
{% macro members_on_maps(places, by=[]) -%}
    {%- set keys = [
        'place.map_code', 'place.map_province_code', 'place.administrative_unit_id', 'place.province_code',
        'place.mapping_state', 'place.legal_basis', 'place.rule_confidence', places ~ '.source',
    ] -%}
    {%- for column in by -%}{%- do keys.append(places ~ '.' ~ column) -%}{%- endfor -%}
    select
        {{ keys | join(',\n        ') }},
        sum({{ places }}.members)::integer as members,
        sum({{ places }}.official_members)::integer as official_members
    from {{ places }}
    inner join {{ ref('int_province_by_map') }} as place
        on
            {{ places }}.province_code is not distinct from place.province_code
            and {{ places }}.former_province_code is not distinct from place.former_province_code
    group by {{ keys | join(', ') }}
{%- endmacro %}
