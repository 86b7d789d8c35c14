-- Members who reach a badge mark by one of the next award rounds. Key: badge_candidate_id; grain: person and mark.
-- A mark stands once, at the first round for which it is the highest one reached and not held. Party age is counted
-- from the start that the rule of the admission's day names, later by the days out of the Party; where the day of
-- leaving is not known, from the re-admission. Whoever serves a party discipline on the day of a round waits for the
-- next; the reason is not shown. Time moves rows on the days of the rounds only.
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

spells as (
    select
        membership.*,
        basis.value as party_age_basis,
        basis.confidence as basis_confidence,
        case
            when basis.value = 'DECISION' then coalesce(membership.admission_decision_date, membership.admission_date)
            else membership.admission_date
        end as started_on
    from {{ ref('party_membership') }} as membership
    left join {{ ref('dated_rule') }} as basis
        on
            basis.rule_code = 'PARTY_AGE_START'
            and basis.parameter = 'BASIS'
            and {{ applies_on('basis', 'membership.admission_date') }}
    where membership.is_current and membership.status <> 'DINH_CHI_SH' and membership.admission_date is not null
),

leavings as (
    select
        spells.person_id,
        max(ended.valid_to) as left_on
    from spells
    inner join {{ ref('party_membership') }} as ended
        on
            spells.person_id = ended.person_id
            and ended.standing = 'DA_KET_THUC'
            and spells.readmission_date >= ended.valid_to
    group by spells.person_id
),

members as (
    select
        spells.*,
        spells.readmission_date - leavings.left_on as days_out,
        spells.readmission_date is not null and leavings.left_on is null as is_time_out_unknown,
        case
            when spells.readmission_date is null then spells.started_on
            when leavings.left_on is null then spells.readmission_date
            else spells.started_on + (spells.readmission_date - leavings.left_on)
        end as party_age_from
    from spells
    left join leavings on spells.person_id = leavings.person_id
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
    inner join rounds
        on
            coalesce(discipline.effective_from, discipline.decision_date) <= rounds.round_on
            and rounds.round_on < coalesce(
                discipline.effective_to,
                {{ add_months('coalesce(discipline.effective_from, discipline.decision_date)',
                              rule_number('DISCIPLINE_END', 'MONTHS')) }}
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
        when 'low' in (marks.confidence, members.basis_confidence) then 'low'
        when 'med' in (marks.confidence, members.basis_confidence) then 'med'
        else marks.confidence
    end as rule_confidence,
    members.source
from candidates
inner join members on candidates.person_id = members.person_id
inner join reached on candidates.person_id = reached.person_id and candidates.mark_years = reached.mark_years
inner join marks on candidates.mark_years = marks.mark_years
left join {{ ref('party_organisation') }} as organisation on members.organisation_id = organisation.organisation_id
