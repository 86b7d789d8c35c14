{%- set places = {
    'organisation': 'party_organisation', 'agency': 'agency', 'member': 'party_membership', 'cadre': 'cadre',
    'position_assignment': 'position_assignment', 'evaluation': 'evaluation', 'planning': 'planning',
    'training': 'training', 'award': 'award', 'discipline': 'discipline', 'staffing_quota': 'staffing_quota',
    'headcount': 'headcount',
} -%}

with said as (
    select 'membership_transfer' as record
    from {{ ref('stg_membership_transfer') }}
    {% for record in places %}
    union all
    select '{{ record }}' as record
    from {{ ref('stg_' ~ record) }}
    {% endfor %}
),

kept as (
    select record
    from {{ ref('int_unlinked_row') }}
    union all
    select source_record as record
    from {{ ref('membership_movement') }}
    where source_record = 'membership_transfer'
    {% for record, model in places.items() %}
    union all
    select '{{ record }}' as record
    from {{ ref(model) }}
    {% if record == 'member' %} where source_record = 'member' {% endif %}
    {% endfor %}
),

rows_said as (
    select
        record,
        count(*) as row_count
    from said
    group by record
),

rows_kept as (
    select
        record,
        count(*) as row_count
    from kept
    group by record
)

select
    coalesce(rows_said.record, rows_kept.record) as record,
    rows_said.row_count as rows_said,
    rows_kept.row_count as rows_kept
from rows_said
full join rows_kept on rows_said.record = rows_kept.record
where rows_said.row_count is distinct from rows_kept.row_count
