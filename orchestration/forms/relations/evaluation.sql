-- Yearly evaluations for the year of each period. Grain: period_no, evaluation.
with leader as (
    select distinct
        period.period_no,
        assignment.person_id
    from period
    inner join published.position_assignment as assignment
        on assignment.validity && daterange(period.from_on, period.to_on)
)

select
    period.period_no,
    evaluation.person_id,
    coalesce(subtree.organisation_id, office.organisation_id) as organisation_id,
    office.agency_id,
    office.agency_type,
    office.agency_level,
    evaluation.source,
    evaluation.source_key,
    evaluation.decided_on as happened_on,
    evaluation.subject_kind,
    evaluation.level,
    subtree.organisation_type,
    subtree.basic_sector,
    leader.person_id is not null as is_leader
from period
inner join published.evaluation as evaluation
    on
        evaluation.period_type = 'NAM'
        and evaluation.year = extract(year from period.from_on)
left join office on evaluation.agency_id = office.agency_id
left join subtree on evaluation.organisation_id = subtree.organisation_id
left join leader
    on
        period.period_no = leader.period_no
        and evaluation.person_id = leader.person_id
where office.agency_id is not null or subtree.organisation_id is not null
