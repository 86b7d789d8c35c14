-- Rows that say something of nobody and nothing we know: kept here with the reason, never dropped.
-- Key: (record, source, source_key). For every record: rows of staging = rows of core + rows here.
{{ config(materialized='table') }}

{% set about_cadres = ['position_assignment', 'planning', 'training'] -%}
{% set about_subjects = ['evaluation', 'award', 'discipline'] -%}

select
    'organisation' as record,
    source,
    source_key,
    case
        when organisation_code is null then 'organisation_code_missing'
        else 'duplicate_organisation_code'
    end as reason
from {{ ref('int_organisation') }}
where claim_rank is distinct from 1
{% for record in ['member', 'cadre'] %}
union all
select
    '{{ record }}' as record,
    said.source,
    said.source_key,
    'person_not_linked' as reason
from {{ ref('stg_' ~ record) }} as said
left join {{ ref('int_person_record') }} as described
    on
        described.record = '{{ record }}'
        and said.source = described.source
        and said.source_key = described.source_key
where described.person_id is null
{% endfor %}
union all
select
    'membership_transfer' as record,
    said.source,
    said.source_key,
    'member_unknown' as reason
from {{ ref('stg_membership_transfer') }} as said
left join {{ ref('int_membership_transfer') }} as linked
    on said.source = linked.source and said.source_key = linked.source_key
where linked.source_key is null
{% for record in about_cadres %}
union all
select
    '{{ record }}' as record,
    said.source,
    said.source_key,
    'cadre_not_accepted' as reason
from {{ ref('stg_' ~ record) }} as said
left join {{ ref('int_cadre') }} as cadre
    on said.source = cadre.source and said.cadre_key = cadre.source_key
where cadre.source_key is null
{% endfor %}
{% for record in about_subjects %}
union all
select
    '{{ record }}' as record,
    source,
    source_key,
    unlinked_reason as reason
from {{ ref('int_' ~ record) }}
where unlinked_reason is not null
{% endfor %}
