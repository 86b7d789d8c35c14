-- Appointments, elections and rotations that began in each period. Grain: period_no, assignment.
-- `came_from` is the level and type of the agency of the person's assignment before.
select
    period.period_no,
    assignment.person_id,
    coalesce(subtree.organisation_id, office.organisation_id) as organisation_id,
    office.agency_id,
    office.agency_level,
    office.agency_type,
    before.agency_id as from_agency_id,
    before.agency_level as from_level,
    assignment.source,
    assignment.source_key,
    assignment.started_on as happened_on,
    assignment.assignment_kind,
    assignment.authority_level,
    coalesce(cadre.professional_education, person.professional_education) as professional_education,
    coalesce(cadre.political_theory, person.political_theory) as political_theory,
    person.sex,
    date_part('year', age(assignment.started_on, person.birth_date)) as age,
    minority.is_minority
from period
inner join published.position_assignment as assignment
    on
        assignment.started_on >= period.from_on
        and assignment.started_on < period.to_on
left join office on assignment.agency_id = office.agency_id
left join subtree on assignment.organisation_id = subtree.organisation_id
left join lateral (
    select
        agency.agency_id,
        agency.agency_level
    from published.position_assignment as earlier
    inner join published.agency as agency on earlier.agency_id = agency.agency_id
    where
        assignment.assignment_kind = 'LUAN_CHUYEN'
        and earlier.person_id = assignment.person_id
        and earlier.started_on < assignment.started_on
    order by earlier.started_on desc
    limit 1
) as before on true
inner join published.person as person on assignment.person_id = person.person_id
left join published.cadre as cadre on assignment.cadre_id = cadre.cadre_id
left join minority on assignment.person_id = minority.person_id
where office.agency_id is not null or subtree.organisation_id is not null
