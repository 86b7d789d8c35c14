-- Courses that staff of the unit's agencies finished in each period. Grain: period_no, course of a person.
with leader as (
    select distinct
        period.period_no,
        assignment.person_id
    from period
    inner join published.position_assignment as assignment on assignment.validity @> (period.to_on - 1)
)

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
    leader.person_id is not null as is_leader
from period
inner join published.training as training
    on
        period.from_on <= training.ended_on
        and period.to_on > training.ended_on
inner join published.cadre as cadre on training.cadre_id = cadre.cadre_id
inner join office on cadre.agency_id = office.agency_id
left join leader
    on
        period.period_no = leader.period_no
        and training.person_id = leader.person_id
