-- Members who reach a badge mark by one of the next award rounds. Key: badge_candidate_id; grain: person and mark.
-- A mark stands once, at the first round for which it is the highest one reached and not held. Whoever serves a party
-- discipline on the day of a round waits for the next; the reason is not shown. A form without a rule of its end lasts
-- until its source says that it has ended. Time moves rows on the days of the rounds only.
with upcoming as (
    select
        make_date(years.year, split_part(rule.value, '-', 1)::integer, split_part(rule.value, '-', 2)::integer)
            as round_on
    from {{ ref('dated_rule') }} as rule
    cross join
        generate_series(
            extract(year from {{ business_date() }})::integer, extract(year from {{ business_date() }})::integer + 1
        ) as years (year)
    where rule.rule_code = 'BADGE_ROUND' and {{ applies_on('rule', business_date()) }}
),

rounds as (
    select
        round_on,
        row_number() over (order by round_on) as round_no
    from upcoming
    where round_on >= {{ business_date() }}
),

marks as (
    select
        rule.value::integer as mark_years,
        rule.legal_basis,
        rule.confidence
    from {{ ref('dated_rule') }} as rule
    where rule.rule_code = 'BADGE_MARK' and {{ applies_on('rule', business_date()) }}
),

members as (
    select *
    from {{ ref('int_party_age') }}
    where status <> 'DINH_CHI_SH'
),

reached as (
    select
        members.person_id,
        marks.mark_years,
        (members.party_age_from + make_interval(years => marks.mark_years))::date as reached_on
    from members
    inner join marks
        on
            marks.mark_years > coalesce(members.badge_years, 0)
            -- a first sieve: nobody reaches a mark later than in the year of the last round
            and extract(year from members.party_age_from) + marks.mark_years
            <= extract(year from {{ business_date() }}) + 1
),

disciplined as (
    select distinct
        discipline.person_id,
        rounds.round_on
    from {{ ref('discipline') }} as discipline
    left join {{ ref('dated_rule') }} as ending
        on
            ending.rule_code = 'DISCIPLINE_END'
            and ending.parameter = discipline.discipline_kind || '_' || discipline.form || '_MONTHS'
            and {{ applies_on('ending', business_date()) }}
    inner join rounds
        on
            coalesce(discipline.effective_from, discipline.decision_date) <= rounds.round_on
            and rounds.round_on < coalesce(
                discipline.effective_to,
                {{ add_months('coalesce(discipline.effective_from, discipline.decision_date)',
                              'ending.value::numeric') }},
                'infinity'::date
            )
    where discipline.discipline_kind = 'DANG'
),

highest as (
    select
        reached.person_id,
        rounds.round_on,
        max(reached.mark_years) as mark_years
    from reached
    inner join rounds
        on
            reached.reached_on <= rounds.round_on
            and rounds.round_no <= {{ rule_number('BADGE_HORIZON', 'ROUNDS') }}
    left join disciplined
        on reached.person_id = disciplined.person_id and rounds.round_on = disciplined.round_on
    where disciplined.person_id is null
    group by reached.person_id, rounds.round_on
),

candidates as (
    select
        person_id,
        mark_years,
        min(round_on) as round_on
    from highest
    group by person_id, mark_years
)

select
    md5('badge_candidate|' || candidates.person_id || '|' || candidates.mark_years)::uuid as badge_candidate_id,
    candidates.person_id,
    members.membership_id,
    members.organisation_id,
    organisation.province_code,
    candidates.mark_years,
    members.badge_years,
    members.badge_awarded_on,
    members.party_age_from,
    members.party_age_basis,
    members.days_out,
    members.is_time_out_unknown,
    reached.reached_on,
    candidates.round_on,
    candidates.round_on = (select min(rounds.round_on) from rounds) as is_next_round,
    marks.legal_basis,
    case
        when members.is_time_out_unknown then 'low'
        else {{ less_confirmed('marks.confidence', 'members.basis_confidence') }}
    end as rule_confidence,
    members.source
from candidates
inner join members on candidates.person_id = members.person_id
inner join reached on candidates.person_id = reached.person_id and candidates.mark_years = reached.mark_years
inner join marks on candidates.mark_years = marks.mark_years
left join {{ ref('party_organisation') }} as organisation on members.organisation_id = organisation.organisation_id
