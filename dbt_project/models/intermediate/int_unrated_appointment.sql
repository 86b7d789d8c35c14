-- Appointments before which a yearly rating is missing. Key: assignment_id.
-- Of the years before the decision that the rule names, those are asked that the cadre served whole in the source, and
-- that this source rated somebody in: what it had not begun to send says nothing of anybody. Whoever rated counts.
with ratings as (
    select distinct
        source,
        person_id,
        year
    from {{ ref('evaluation') }}
    where subject_kind = 'CA_NHAN' and period_type = 'NAM'
),

rated_since as (
    select
        source,
        min(year) as since
    from ratings
    group by source
),

rated as (
    select distinct
        person_id,
        year
    from ratings
),

asked as (
    select
        appointment.assignment_id,
        preceding.year,
        rated.year is not null as is_rated,
        rule.legal_basis,
        rule.confidence
    from {{ ref('int_appointment') }} as appointment
    inner join {{ ref('dated_rule') }} as rule
        on
            rule.rule_code = 'RATING_REQUIRED'
            and appointment.assignment_kind = rule.parameter
            and {{ applies_on('rule', 'appointment.acted_on') }}
    inner join rated_since on appointment.source = rated_since.source
    cross join
        lateral generate_series(
            extract(year from appointment.decided_on)::integer - rule.value::integer,
            extract(year from appointment.decided_on)::integer - 1
        ) as preceding (year)
    left join rated on appointment.person_id = rated.person_id and preceding.year = rated.year
    where
        not appointment.is_of_cell
        and preceding.year >= rated_since.since
        and appointment.serves_since <= make_date(preceding.year, 1, 1)
)

select
    assignment_id,
    string_agg(year::text, ', ' order by year) as years_asked,
    string_agg(year::text, ', ' order by year) filter (where is_rated) as years_rated,
    legal_basis,
    confidence
from asked
group by assignment_id, legal_basis, confidence
having not bool_and(is_rated)
