-- Disciplinary decisions on cadres, members and party organisations as dated facts, without narrative.
-- Key: discipline_id; grain: one record of one source.
select
    {{ record_id('discipline') }} as discipline_id,
    subject_kind,
    cadre_id,
    membership_id,
    person_id,
    organisation_code,
    organisation_id,
    discipline_kind,
    form,
    decision_no,
    decision_date,
    effective_from,
    effective_to,
    {{ validity('effective_from', 'effective_to') }} as validity,
    source,
    source_key
from {{ ref('int_discipline') }}
where unlinked_reason is null
