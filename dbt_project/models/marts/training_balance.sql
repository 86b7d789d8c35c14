-- Courses attended and courses needed. Key: training_balance_id; grain: source and kind of training.
-- Needed is what the standards of posts held now ask for and the holder lacks, as appointment_check finds it.
with courses as (
    select
        source,
        training_type,
        count(*)::integer as courses,
        (count(*) filter (where ended_on <= {{ business_date() }}))::integer as completed,
        (count(*) filter (where coalesce(ended_on > {{ business_date() }}, true)))::integer as ongoing,
        count(distinct person_id)::integer as trained_persons
    from {{ ref('training') }}
    where training_type is not null
    group by source, training_type
),

lacking as (
    select distinct
        source,
        substring(check_code from 'LLCT$|QLNN$') as training_type,
        person_id,
        legal_basis,
        rule_confidence
    from {{ ref('appointment_check') }}
    where check_code in ('THIEU_TIEU_CHUAN_LLCT', 'THIEU_TIEU_CHUAN_QLNN')
),

needs as (
    select
        lacking.source,
        lacking.training_type,
        count(distinct lacking.person_id)::integer as needed_persons,
        count(distinct training.person_id)::integer as needed_in_training,
        max(lacking.legal_basis) as legal_basis,
        max(lacking.rule_confidence) as rule_confidence
    from lacking
    left join {{ ref('training') }} as training
        on
            lacking.person_id = training.person_id
            and lacking.training_type = training.training_type
            and coalesce(training.started_on <= {{ business_date() }}, true)
            and coalesce(training.ended_on > {{ business_date() }}, true)
    group by lacking.source, lacking.training_type
)

select
    md5(concat_ws(
        '|', 'training_balance',
        coalesce(courses.source, needs.source), coalesce(courses.training_type, needs.training_type)
    ))::uuid as training_balance_id,
    coalesce(courses.source, needs.source) as source,
    coalesce(courses.training_type, needs.training_type) as training_type,
    coalesce(courses.courses, 0) as courses,
    coalesce(courses.completed, 0) as completed,
    coalesce(courses.ongoing, 0) as ongoing,
    coalesce(courses.trained_persons, 0) as trained_persons,
    coalesce(needs.needed_persons, 0) as needed_persons,
    coalesce(needs.needed_in_training, 0) as needed_in_training,
    needs.legal_basis,
    needs.rule_confidence
from courses
full join needs on courses.source = needs.source and courses.training_type = needs.training_type
