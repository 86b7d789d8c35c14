-- Courses that cadres attended. Key: training_id; grain: one record of one source.
select
    {{ record_id('training', 'training') }} as training_id,
    cadre.cadre_id,
    cadre.person_id,
    training.training_type,
    training.level,
    training.school,
    training.major,
    training.started_on,
    training.started_on_precision,
    training.ended_on,
    training.ended_on_precision,
    training.study_form,
    training.certificate,
    training.source,
    training.source_key
from {{ ref('stg_training') }} as training
inner join {{ ref('int_cadre') }} as cadre
    on training.source = cadre.source and training.cadre_key = cadre.source_key
