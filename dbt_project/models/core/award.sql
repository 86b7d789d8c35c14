-- Awards of cadres as dated facts. Key: award_id; grain: one record of one source.
select
    {{ record_id('award', 'award') }} as award_id,
    cadre.cadre_id,
    cadre.person_id,
    award.form,
    award.award_level,
    award.decision_no,
    award.decision_date,
    award.source,
    award.source_key
from {{ ref('stg_award') }} as award
inner join {{ ref('int_cadre') }} as cadre
    on award.source = cadre.source and award.cadre_key = cadre.source_key
