-- Terms of the posts held now. Key: term_outlook_id; grain: one current assignment with a term.
-- Terms are consecutive when the same person holds the same title at the same place without a longer gap than the
-- rule allows; their number is that of deciding appointments or, where sources skipped some, of terms that fit into
-- the time from the first start to the present end. The limit is the head's.
-- Who is elected in a party organisation holds the post for the term of committees, others for that of appointments. A
-- term is as long as the rule of its first day says; what began before any version is judged by the first one.
-- The age left for another term is that of a re-election in a committee, else of a reappointment, on the day the term
-- ends; for a cell's and an agency's elected posts no rule asks for any. It holds for committees of 2025 to 2030 only,
-- so of the next ones it is never sure.
with term_rules as (
    select
        rule_code,
        value::integer as term_months,
        legal_basis,
        confidence,
        case
            when row_number() over (partition by rule_code order by valid_from) = 1 then '-infinity'::date
            else valid_from
        end as valid_from,
        valid_to
    from {{ ref('dated_rule') }}
    where rule_code in ('APPOINTMENT_TERM', 'COMMITTEE_TERM') and parameter = 'MONTHS'
),

assignments as (
    select
        assignment.*,
        coalesce(
            assignment.organisation_id::text,
            assignment.agency_id::text,
            concat_ws('|', assignment.source, assignment.organisation_code, assignment.agency_code)
        ) as place,
        {{ title_key('assignment.position_title') }} as position_key,
        coalesce(
            assignment.planned_end_on,
            {{ add_months('assignment.started_on', 'term_rule.term_months') }}
        ) as term_ends_on,
        term_rule.term_months,
        term_rule.legal_basis,
        term_rule.confidence
    from {{ ref('position_assignment') }} as assignment
    left join term_rules as term_rule
        on
            term_rule.rule_code = case
                when assignment.assignment_kind = 'BAU' and assignment.organisation_code is not null
                    then 'COMMITTEE_TERM'
                else 'APPOINTMENT_TERM'
            end
            and {{ applies_on('term_rule', 'assignment.started_on') }}
    where
        assignment.started_on is not null
        and assignment.position_title is not null
        and assignment.assignment_kind in (
            'BO_NHIEM', 'BO_NHIEM_LAI', 'BAU', 'CHI_DINH', 'DIEU_DONG', 'LUAN_CHUYEN', 'GIAO_QUYEN'
        )
),

ordered as (
    select
        assignments.*,
        max(least(assignments.term_ends_on, assignments.ended_on)) over (
            partition by assignments.person_id, assignments.place, assignments.position_key
            order by assignments.started_on, assignments.assignment_id
            rows between unbounded preceding and 1 preceding
        ) as held_until
    from assignments
),

chained as (
    select
        ordered.*,
        count(*) filter (
            where ordered.held_until is null
            or ordered.started_on > ordered.held_until + {{ rule_number('CONSECUTIVE_TERMS', 'GAP_DAYS') }}::integer
        ) over (
            partition by ordered.person_id, ordered.place, ordered.position_key
            order by ordered.started_on, ordered.assignment_id
        ) as chain_no
    from ordered
),

chains as (
    select
        person_id,
        place,
        position_key,
        chain_no,
        min(started_on) as chain_started_on,
        max(term_ends_on) as chain_ends_on,
        count(distinct started_on) filter (
            where assignment_kind in ('BO_NHIEM', 'BO_NHIEM_LAI', 'BAU', 'CHI_DINH')
        ) as decisions
    from chained
    group by person_id, place, position_key, chain_no
),

counted as (
    select
        chained.*,
        chains.chain_started_on,
        greatest(
            chains.decisions,
            1,
            round(
                (
                    extract(year from age(chains.chain_ends_on, chains.chain_started_on)) * 12
                    + extract(month from age(chains.chain_ends_on, chains.chain_started_on))
                ) / chained.term_months
            )
        )::integer as consecutive_terms,
        {{ add_months('chained.term_ends_on', '-(' ~ rule_number('APPOINTMENT_TERM', 'ALERT_MONTHS') ~ ')') }}
            as alert_on
    from chained
    inner join chains
        on
            chained.person_id = chains.person_id
            and chained.place = chains.place
            and chained.position_key = chains.position_key
            and chained.chain_no = chains.chain_no
    where chained.is_current and chained.term_ends_on is not null
)

select
    md5('term_outlook|' || counted.assignment_id)::uuid as term_outlook_id,
    counted.assignment_id,
    counted.cadre_id,
    counted.person_id,
    counted.position_title,
    counted.organisation_id,
    counted.agency_id,
    coalesce(agency.province_code, organisation.province_code) as province_code,
    cadre.management_level,
    counted.assignment_kind,
    coalesce(counted.is_head, false) as is_head,
    counted.started_on,
    counted.term_ends_on,
    counted.planned_end_on is null as is_end_derived,
    counted.alert_on,
    case
        when counted.term_ends_on <= {{ business_date() }} then 'HET_HAN'
        when counted.alert_on <= {{ business_date() }} then 'SAP_HET_HAN'
        else 'CON_HAN'
    end as term_state,
    counted.chain_started_on,
    counted.consecutive_terms,
    coalesce(counted.is_head, false)
    and counted.consecutive_terms >= {{ rule_number('CONSECUTIVE_TERMS', 'MAX') }} as is_at_term_limit,
    coalesce(counted.is_head, false)
    and counted.consecutive_terms > {{ rule_number('CONSECUTIVE_TERMS', 'MAX') }} as is_beyond_term_limit,
    cadre.retires_on,
    cadre.retires_on < counted.term_ends_on as retires_before_end,
    age_left.value::integer as age_left_months,
    cadre.retires_on >= {{ add_months('counted.term_ends_on', 'age_left.value') }} as has_age_for_reappointment,
    age_left.legal_basis as age_legal_basis,
    case
        when counted.assignment_kind = 'BAU' and age_left.confidence = 'high' then 'med'
        else age_left.confidence
    end as age_confidence,
    counted.legal_basis,
    case
        when counted.consecutive_terms > 1 then {{ rule_field('CONSECUTIVE_TERMS', 'GAP_DAYS', 'confidence') }}
        else counted.confidence
    end as rule_confidence,
    counted.source
from counted
inner join {{ ref('cadre') }} as cadre on counted.cadre_id = cadre.cadre_id
left join {{ ref('agency') }} as agency on counted.agency_id = agency.agency_id
left join {{ ref('party_organisation') }} as organisation on counted.organisation_id = organisation.organisation_id
left join {{ ref('dated_rule') }} as age_left
    on
        age_left.rule_code = 'AGE_LEFT'
        and age_left.parameter = case
            when counted.assignment_kind <> 'BAU' then 'REAPPOINTMENT_MONTHS'
            when counted.organisation_code is null or organisation.organisation_type in ('B2', 'C2') then null
            when {{ is_province_deputy_secretary('counted.position_key', 'organisation.organisation_type') }}
                then 'REELECTION_DEPUTY_SECRETARY_MONTHS'
            else 'REELECTION_MONTHS'
        end
        and {{ applies_on('age_left', business_date()) }}
