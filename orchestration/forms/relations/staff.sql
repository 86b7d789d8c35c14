-- Cadres, civil servants, public employees and contract staff of the unit's agencies on the days before and at the end
-- of each period. Grain: period_no, moment, employment record.
with employed as materialized (
    select cadre.*
    from published.cadre as cadre
    where
        cadre.agency_id in (select agency_id from office)
        and (cadre.leave_reason is null or cadre.ended_on is not null)
),

party_member as (
    select distinct
        day.period_no,
        day.moment,
        spell.person_id
    from day
    inner join published.party_membership as spell on spell.validity @> day.on_date
    where spell.person_id in (select person_id from employed)
)

select
    day.period_no,
    day.moment,
    cadre.person_id,
    place.organisation_id,
    place.agency_id,
    place.block,
    place.agency_level,
    cadre.source,
    cadre.source_key,
    cadre.started_on as happened_on,
    cadre.category,
    cadre.rank_code,
    coalesce(cadre.professional_education, person.professional_education) as professional_education,
    coalesce(cadre.political_theory, person.political_theory) as political_theory,
    party_member.person_id is not null as is_party_member,
    person.sex,
    date_part('year', age(day.on_date, person.birth_date)) as age,
    minority.is_minority
from day
inner join employed as cadre on cadre.validity @> day.on_date
inner join office as place on cadre.agency_id = place.agency_id
inner join published.person as person on cadre.person_id = person.person_id
left join party_member
    on
        day.period_no = party_member.period_no
        and day.moment = party_member.moment
        and cadre.person_id = party_member.person_id
left join minority on cadre.person_id = minority.person_id
