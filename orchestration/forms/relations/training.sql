-- Courses that staff of the unit's agencies finished in each period. Grain: period_no, course of a person.
select
    period.period_no,
    training.person_id,
    office.organisation_id,
    office.agency_id,
    office.agency_level,
    training.source,
    training.source_key,
    training.ended_on as happened_on,
    training.training_type,
    training.level,
    exists (
        select from published.position_assignment as assignment
        where assignment.person_id = training.person_id and assignment.validity @> (period.to_on - 1)
    ) as is_leader
from period
inner join published.training as training
    on
        training.ended_on >= period.from_on
        and training.ended_on < period.to_on
inner join published.cadre as cadre on training.cadre_id = cadre.cadre_id
inner join office on cadre.agency_id = office.agency_id
