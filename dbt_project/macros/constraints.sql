{#
    A table under contract is created with its columns only and filled; add_constraints() follows as a hook in the same
    transaction. One index build and one join check a million rows in the time that checks row by row need for a
    hundred thousand, and a key that refers to its own relation finds it under its name.
    Adding a foreign key locks the relation it refers to until the end of the transaction. All models take these locks
    in one order, that of the names: two that are built at the same time and refer to the same relations in different
    orders would wait for each other.
#}
{% macro postgres__create_table_as(temporary, relation, sql) -%}
    {%- if config.get('contract').enforced and not temporary -%}
        {{ get_assert_columns_equivalent(sql) }}
        create table {{ relation }} (
            {{ adapter.render_raw_columns_constraints(raw_columns=model['columns']) | join(',\n') }}
        );
        insert into {{ relation }} (
            {{ adapter.dispatch('get_column_names', 'dbt')() }}
        )
        {{ get_select_subquery(sql) }}
    {%- else -%}
        create {{ 'temporary' if temporary }} table {{ relation }} as (
            {{ sql }}
        )
    {%- endif -%}
{%- endmacro %}

{% macro add_constraints() -%}
    {%- set own = model['constraints'] | rejectattr('to', 'defined') | list -%}
    {%- set foreign = model['constraints'] | selectattr('to', 'defined') | sort(attribute='to') | list -%}
    {%- set constraints = adapter.render_raw_model_constraints(raw_constraints=own + foreign) -%}
    {%- if constraints -%}
        alter table {{ this }}
        {% for constraint in constraints -%}
            add {{ constraint }}{{ ', ' if not loop.last }}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
