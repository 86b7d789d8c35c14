-- Members on the days before and at the end of each period. Grain: period_no, moment, person.
-- Where somebody was on a day is undone from where they are now: the first transfer after the day says where it began.
with spell as (
    select *
    from published.party_membership
    where
        standing not in ('TRUNG_KHAI', 'CHO_TIEP_NHAN')
        and (
            organisation_id in (select organisation_id from subtree)
            or person_id in (
                select person_id
                from transfer
                where from_organisation_id in (select organisation_id from subtree)
            )
        )
),

later as (
    select distinct on (day.period_no, day.moment, transfer.person_id, left(transfer.from_organisation_code, 2))
        day.period_no,
        day.moment,
        transfer.person_id,
        left(transfer.from_organisation_code, 2) as root,
        transfer.from_organisation_id
    from day
    inner join transfer on day.on_date < transfer.moved_on
    order by
        day.period_no,
        day.moment,
        transfer.person_id,
        left(transfer.from_organisation_code, 2),
        transfer.moved_on,
        transfer.movement_id
),

-- how long after admission a member is not yet rated, by the rule of each day
new_member as (
    select
        day.period_no,
        day.moment,
        make_interval(months => rule.value::integer) as new_for
    from day
    inner join published.dated_rule as rule
        on
            rule.rule_code = 'EVAL_EXCLUDE'
            and rule.parameter = 'ADMITTED_MONTHS'
            and rule.validity @> day.on_date
),

reviewed as (
    select distinct
        day.period_no,
        day.moment,
        evaluation.person_id
    from day
    inner join published.evaluation as evaluation
        on
            evaluation.subject_kind = 'DANG_VIEN'
            and evaluation.period_type = 'NAM'
            and evaluation.year = extract(year from day.on_date)
)

select
    day.period_no,
    day.moment,
    spell.person_id,
    place.organisation_id,
    place.basic_sector,
    place.basic_type,
    spell.source,
    spell.source_key,
    spell.valid_from as happened_on,
    coalesce(spell.official_date > day.on_date, spell.status = 'DU_BI') as is_probationary,
    coalesce(
        spell.exempt_from <= day.on_date, spell.status = 'MIEN_SH' and coalesce(spell.status_date <= day.on_date, true)
    ) as is_exempt,
    coalesce(spell.admission_date, person.admission_date) as admission_date,
    coalesce((spell.admission_date + new_member.new_for)::date > day.on_date, false) as is_new,
    spell.status = 'DINH_CHI_SH' and coalesce(spell.status_date <= day.on_date, true) as is_suspended,
    reviewed.person_id is not null as is_reviewed,
    spell.card_issue_date,
    spell.badge_years,
    spell.badge_awarded_on,
    day.from_on as period_from,
    day.on_date + 1 as period_to,
    person.sex,
    date_part('year', age(day.on_date, person.birth_date)) as age,
    person.occupation_code,
    person.general_education,
    person.professional_education,
    person.political_theory,
    minority.is_minority
from day
inner join spell on spell.validity @> day.on_date
left join new_member
    on
        day.period_no = new_member.period_no
        and day.moment = new_member.moment
left join reviewed
    on
        day.period_no = reviewed.period_no
        and day.moment = reviewed.moment
        and spell.person_id = reviewed.person_id
left join later
    on
        day.period_no = later.period_no
        and day.moment = later.moment
        and spell.person_id = later.person_id
        and left(spell.organisation_code, 2) = later.root
inner join subtree as place on coalesce(later.from_organisation_id, spell.organisation_id) = place.organisation_id
inner join published.person as person on spell.person_id = person.person_id
left join minority on spell.person_id = minority.person_id
