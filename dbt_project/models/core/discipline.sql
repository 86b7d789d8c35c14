-- Disciplinary decisions as dated facts, without narrative. Key: discipline_id; grain: one record of one source.
select
    {{ record_id('discipline', 'discipline') }} as discipline_id,
    cadre.cadre_id,
    cadre.person_id,
    discipline.discipline_kind,
    discipline.form,
    discipline.decision_no,
    discipline.decision_date,
    discipline.effective_from,
    discipline.effective_to,
    {{ validity('discipline.effective_from', 'discipline.effective_to') }} as validity,
    discipline.source,
    discipline.source_key
from {{ ref('stg_discipline') }} as discipline
inner join {{ ref('int_cadre') }} as cadre
    on discipline.source = cadre.source and discipline.cadre_key = cadre.source_key
