-- Admissions, restorations, transfers and leavings of each period that touch the unit. Grain: period_no, movement.
-- A transfer inside one committee under the unit's own root moves nobody between the lines of a form. Of whoever has
-- no official date, probation is taken to last until its recognition is overdue.
with touching as materialized (
    select
        period.period_no,
        movement.*,
        left(movement.from_organisation_code, 2) as from_root,
        left(movement.to_organisation_code, 2) as to_root
    from period
    inner join published.membership_movement as movement
        on
            movement.is_counted
            and period.from_on <= movement.moved_on
            and period.to_on > movement.moved_on
    where
        movement.from_organisation_id in (select organisation_id from subtree)
        or movement.to_organisation_id in (select organisation_id from subtree)
)

select
    movement.period_no,
    movement.person_id,
    coalesce(destination.organisation_id, origin.organisation_id) as organisation_id,
    coalesce(destination.basic_sector, origin.basic_sector) as basic_sector,
    movement.source,
    movement.source_key,
    movement.moved_on as happened_on,
    movement.movement_kind,
    movement.movement_kind in ('KET_NAP', 'KET_NAP_LAI') as is_admission,
    movement.movement_kind in ('CHUYEN_SINH_HOAT', 'CHUYEN_DI_NGOAI') as is_transfer,
    destination.organisation_id is not null as is_in,
    origin.organisation_id is not null as is_out,
    (movement.from_root is distinct from movement.to_root) as is_between_roots,
    (movement.from_root is not distinct from movement.to_root)
    and (
        origin.organisation_id is null
        or destination.organisation_id is null
        or (unit.depth = 1 and origin.branch is distinct from destination.branch)
    ) as is_between_branches,
    coalesce(
        spell.official_date > movement.moved_on,
        (spell.admission_date + make_interval(months => overdue.value::integer))::date >= movement.moved_on
    ) as is_probationary,
    person.sex,
    date_part('year', age(movement.moved_on, person.birth_date)) as age,
    person.occupation_code,
    person.general_education,
    person.professional_education,
    minority.is_minority
from unit
cross join touching as movement
left join subtree as origin on movement.from_organisation_id = origin.organisation_id
left join subtree as destination on movement.to_organisation_id = destination.organisation_id
inner join published.person as person on movement.person_id = person.person_id
left join minority on movement.person_id = minority.person_id
left join published.dated_rule as overdue
    on
        overdue.rule_code = 'PROBATION'
        and overdue.parameter = 'OVERDUE_MONTHS'
        and overdue.validity @> movement.moved_on
left join published.party_membership as spell
    on
        movement.source_record = 'member'
        and coalesce(spell.source_record, 'member') = 'member'
        and movement.source = spell.source
        and movement.source_key = spell.source_key
