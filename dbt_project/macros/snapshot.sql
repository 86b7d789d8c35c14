{#
    One moment for every inserted, changed and closed row of every table; the function raises outside a publication.
    The sub-select asks once a statement, not once a row.
#}
{% macro postgres__snapshot_get_time() -%}
    (select ops.release_moment())
{%- endmacro %}

{#
    Strategy row_hash: a row is new when the digest of all its columns differs from the digest kept in history.
    hash_record_extended() tells NULL from empty and does not depend on time zone or date style, as a digest of
    the row's text would.
#}
{% macro snapshot_row_hash_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) -%}
    {%- set unique_key = config.get('unique_key') -%}
    {%- set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() -%}
    {% do return({
        'unique_key': unique_key,
        'updated_at': snapshot_get_time(),
        'row_changed': snapshotted_rel ~ '.dbt_row_hash is distinct from ' ~ current_rel ~ '.dbt_row_hash',
        'scd_id': snapshot_hash_arguments([unique_key, snapshot_get_time()]),
        'hard_deletes': adapter.get_hard_deletes_behavior(config),
        'invalidate_hard_deletes': true,
    }) %}
{%- endmacro %}

{% macro postgres__build_snapshot_table(strategy, sql) -%}
    select
        candidate.*,
        hash_record_extended(candidate, 0) as dbt_row_hash,
        {{ strategy.scd_id }} as dbt_scd_id,
        {{ strategy.updated_at }} as dbt_updated_at,
        {{ strategy.updated_at }} as dbt_valid_from,
        {{ config.get('dbt_valid_to_current') }} as dbt_valid_to
    from (
        {{ sql }}
    ) as candidate
{%- endmacro %}

{#
    What has to be written, found by one hash join over key and digest; stock dbt joins all columns three times.
    Columns of a closing row are not read by the merge, so they stay NULL.
#}
{% macro postgres__snapshot_staging_table(strategy, source_sql, target_relation) -%}
    {%- set key = strategy.unique_key -%}
    with candidate as (
        {{ source_sql }}
    ),

    difference as materialized (
        select
            arrived.row_key as arrived_key,
            arrived.row_hash,
            standing.scd_id
        from (
            select {{ key }} as row_key, hash_record_extended(candidate, 0) as row_hash from candidate
        ) as arrived
        full join (
            select {{ key }} as row_key, dbt_row_hash as row_hash, dbt_scd_id as scd_id
            from {{ target_relation }}
            where dbt_valid_to = {{ config.get('dbt_valid_to_current') }}
        ) as standing on arrived.row_key = standing.row_key
        where arrived.row_hash is distinct from standing.row_hash
    )

    select
        case when difference.arrived_key is null then 'delete' else 'insert' end as dbt_change_type,
        candidate.*,
        difference.row_hash as dbt_row_hash,
        candidate.{{ key }} as dbt_unique_key,
        {{ strategy.updated_at }} as dbt_updated_at,
        {{ strategy.updated_at }} as dbt_valid_from,
        case
            when difference.arrived_key is null then {{ strategy.updated_at }}
            else {{ config.get('dbt_valid_to_current') }}
        end as dbt_valid_to,
        case
            when difference.arrived_key is null then difference.scd_id
            else {{ snapshot_hash_arguments(['candidate.' ~ key, strategy.updated_at]) }}
        end as dbt_scd_id
    from difference
    left join candidate on difference.arrived_key = candidate.{{ key }}
    union all
    select
        'update' as dbt_change_type,
        candidate.*,
        null::bigint as dbt_row_hash,
        candidate.{{ key }} as dbt_unique_key,
        {{ strategy.updated_at }} as dbt_updated_at,
        {{ strategy.updated_at }} as dbt_valid_from,
        {{ strategy.updated_at }} as dbt_valid_to,
        difference.scd_id as dbt_scd_id
    from difference
    left join candidate on false
    where difference.arrived_key is not null and difference.scd_id is not null
{%- endmacro %}
