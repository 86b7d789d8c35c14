-- Cadre records of known persons, by which the records about cadres find their person. Key: (source, source_key).
{{ config(materialized='table') }}

select
    cadre.*,
    {{ record_id('cadre', 'cadre') }} as cadre_id,
    described.person_id
from {{ ref('stg_cadre') }} as cadre
inner join {{ ref('int_person_record') }} as described
    on
        described.record = 'cadre'
        and cadre.source = described.source
        and cadre.source_key = described.source_key
