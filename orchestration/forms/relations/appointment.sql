-- Appointments, elections and rotations that began in each period. Grain: period_no, assignment.
-- Where a rotation came from is the agency of the person's assignment before it.
with earlier_post as (
    select distinct on (rotation.source, rotation.source_key)
        rotation.source,
        rotation.source_key,
        agency.agency_id,
        agency.agency_level
    from published.position_assignment as rotation
    inner join published.position_assignment as earlier
        on
            rotation.person_id = earlier.person_id
            and rotation.started_on > earlier.started_on
    inner join published.agency as agency on earlier.agency_id = agency.agency_id
    where rotation.assignment_kind = 'LUAN_CHUYEN'
    order by rotation.source, rotation.source_key, earlier.started_on desc
)

select
    period.period_no,
    assignment.person_id,
    coalesce(subtree.organisation_id, office.organisation_id) as organisation_id,
    office.agency_id,
    office.agency_level,
    office.agency_type,
    earlier_post.agency_id as from_agency_id,
    earlier_post.agency_level as from_level,
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
        period.from_on <= assignment.started_on
        and period.to_on > assignment.started_on
left join office on assignment.agency_id = office.agency_id
left join subtree on assignment.organisation_id = subtree.organisation_id
left join earlier_post
    on
        assignment.source = earlier_post.source
        and assignment.source_key = earlier_post.source_key
inner join published.person as person on assignment.person_id = person.person_id
left join published.cadre as cadre on assignment.cadre_id = cadre.cadre_id
left join minority on assignment.person_id = minority.person_id
where office.agency_id is not null or subtree.organisation_id is not null
