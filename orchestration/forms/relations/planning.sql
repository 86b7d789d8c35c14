-- Entries of planning whose term has not ended, at the end of each period. Grain: period_no, planning entry.
select
    period.period_no,
    planning.person_id,
    coalesce(subtree.organisation_id, office.organisation_id) as organisation_id,
    office.agency_id,
    office.agency_type,
    coalesce(office.agency_level, case subtree.depth when 1 then 'TINH' when 2 then 'XA' end) as agency_level,
    planning.source,
    planning.source_key,
    planning.decision_date as happened_on,
    lower(planning.target_position) as target,
    planning.term,
    coalesce(cadre.professional_education, person.professional_education) as professional_education,
    coalesce(cadre.political_theory, person.political_theory) as political_theory,
    person.sex,
    date_part('year', age(period.to_on - 1, person.birth_date)) as age,
    minority.is_minority
from period
inner join published.planning as planning
    on
        planning.status = 'VAO'
        and coalesce(period.to_on > planning.decision_date, true)
        and coalesce(planning.term_to_year >= extract(year from period.to_on - 1), true)
left join office on planning.agency_id = office.agency_id
left join subtree on planning.organisation_id = subtree.organisation_id
inner join published.person as person on planning.person_id = person.person_id
left join published.cadre as cadre on planning.cadre_id = cadre.cadre_id
left join minority on planning.person_id = minority.person_id
where office.agency_id is not null or subtree.organisation_id is not null
