-- What a rule asks of appointments and does not find. Key: check_id; grain: check and appointment, or check and the
-- unit where no single name is at fault. An act is judged by the rules of its own day. A finding asks for a look, it
-- is not a verdict: rule_confidence says how sure the rule itself is. Discipline is counted, nobody is named.
-- Secretaries of cells are not managed posts: standards, age and deciding level are not asked of them.
-- Age at an election: who joins a committee for the first time needs a whole term; that it is the first time is read
-- from the posts held, so such a finding is never more than med. Where it is not known, the milder limit judges; of an
-- election in an agency, none. Age counts in the month of the congresses of the level, of who was elected later too.
with appointments as (
    select * from {{ ref('int_appointment') }}
),

-- sources report planning from some day on; before it, nobody can say who was planned
planning_since as (
    select
        source,
        min(decision_date) as since
    from {{ ref('planning') }}
    group by source
),

planned as (
    select
        person_id,
        min(decision_date) as planned_on
    from {{ ref('planning') }}
    where status in ('VAO', 'RA')
    group by person_id
),

outside_planning as (
    select
        'NGOAI_QUY_HOACH' as check_code,
        appointments.assignment_id,
        null::text as required_value,
        null::text as actual_value,
        rule.legal_basis,
        rule.confidence
    from appointments
    inner join planning_since on appointments.source = planning_since.source
    inner join {{ ref('dated_rule') }} as rule
        on
            rule.rule_code = 'PLANNING_REQUIRED'
            and appointments.assignment_kind = rule.parameter
            and {{ applies_on('rule', 'appointments.acted_on') }}
    left join planned on appointments.person_id = planned.person_id
    where
        appointments.decided_on >= planning_since.since
        and (planned.planned_on is null or planned.planned_on > appointments.decided_on)
),

held_standards as (
    select
        appointments.assignment_id,
        appointments.acted_on,
        standards.parameter,
        standards.actual_value
    from appointments
    cross join
        lateral (
            values
            (appointments.management_level || '_DEGREE', appointments.professional_education),
            (appointments.management_level || '_LLCT', appointments.political_theory),
            (appointments.management_level || '_QLNN', appointments.state_management)
        ) as standards (parameter, actual_value)
    where not appointments.is_of_cell
),

below_standard as (
    select
        'THIEU_TIEU_CHUAN_' || substring(rule.parameter from '[A-Z]+$') as check_code,
        held_standards.assignment_id,
        rule.value as required_value,
        held_standards.actual_value,
        rule.legal_basis,
        rule.confidence
    from held_standards
    inner join {{ ref('dated_rule') }} as rule
        on
            rule.rule_code = 'APPOINTMENT_STANDARD'
            and held_standards.parameter = rule.parameter
            and {{ applies_on('rule', 'held_standards.acted_on') }}
    where held_standards.actual_value ~ '^\d$' and held_standards.actual_value::integer < rule.value::integer
),

near_retirement as (
    select
        'SAP_NGHI_HUU' as check_code,
        appointments.assignment_id,
        {{ add_months('least(appointments.acted_on, congress.value::date)', 'rule.value::numeric') }}::text
            as required_value,
        appointments.retires_on::text as actual_value,
        rule.legal_basis,
        case
            when appointments.retirement_confidence = 'low' then 'low'
            when appointments.election_kind = 'LAN_DAU' and rule.confidence = 'high' then 'med'
            else rule.confidence
        end as confidence
    from appointments
    inner join {{ ref('dated_rule') }} as rule
        on
            rule.rule_code = 'AGE_LEFT'
            and rule.parameter = case appointments.assignment_kind
                when 'BO_NHIEM' then 'FIRST_APPOINTMENT_MONTHS'
                when 'BO_NHIEM_LAI' then 'REAPPOINTMENT_MONTHS'
                when 'BAU'
                    then case
                        when appointments.election_kind = 'LAN_DAU' then 'FIRST_ELECTION_MONTHS'
                        when appointments.election_kind is null then null
                        when appointments.is_province_deputy_secretary then 'REELECTION_DEPUTY_SECRETARY_MONTHS'
                        else 'REELECTION_MONTHS'
                    end
            end
            and {{ applies_on('rule', 'appointments.acted_on') }}
    left join {{ ref('dated_rule') }} as congress
        on
            appointments.assignment_kind = 'BAU'
            and congress.rule_code = 'AGE_LEFT_ON'
            and appointments.congress_level = congress.parameter
            and {{ applies_on('congress', 'appointments.acted_on') }}
    where
        not appointments.is_of_cell
        and appointments.retires_on
        < {{ add_months('least(appointments.acted_on, congress.value::date)', 'rule.value::numeric') }}
),

beyond_terms as (
    select
        'QUA_HAI_NHIEM_KY' as check_code,
        term.assignment_id,
        {{ rule_field('CONSECUTIVE_TERMS', 'MAX', 'value') }} as required_value,
        term.consecutive_terms::text as actual_value,
        {{ rule_field('CONSECUTIVE_TERMS', 'MAX', 'legal_basis') }} as legal_basis,
        term.rule_confidence as confidence
    from {{ ref('term_outlook') }} as term
    where term.is_beyond_term_limit
),

heads as (
    select
        coalesce(organisation_id, agency_id) as place,
        head_post,
        count(distinct person_id) as heads
    from appointments
    where head_post is not null
    group by coalesce(organisation_id, agency_id), head_post
),

head_duplicates as (
    select
        'TRUNG_NGUOI_DUNG_DAU' as check_code,
        appointments.assignment_id,
        rule.value as required_value,
        heads.heads::text as actual_value,
        rule.legal_basis,
        rule.confidence
    from appointments
    inner join heads
        on
            coalesce(appointments.organisation_id, appointments.agency_id) = heads.place
            and appointments.head_post = heads.head_post
    inner join {{ ref('dated_rule') }} as rule
        on
            rule.rule_code = 'ONE_HEAD'
            and rule.parameter = 'MAX'
            and {{ applies_on('rule', business_date()) }}
            and heads.heads > rule.value::integer
    where appointments.is_head
),

wrong_level as (
    select
        'SAI_THAM_QUYEN' as check_code,
        appointments.assignment_id,
        appointments.management_level as required_value,
        appointments.authority_level as actual_value,
        rule.legal_basis,
        rule.confidence
    from appointments
    inner join {{ ref('dated_rule') }} as rule
        on
            rule.rule_code = 'AUTHORITY'
            and rule.parameter = 'SAME_AS_MANAGEMENT'
            and {{ applies_on('rule', 'appointments.acted_on') }}
    where
        not appointments.is_of_cell
        and array_position(array['BCT', 'BBT', 'BTV_TINH', 'BTV_XA', 'CQ'], appointments.authority_level)
        > array_position(array['BCT', 'BBT', 'BTV_TINH', 'BTV_XA', 'CQ'], appointments.management_level)
),

at_home as (
    select
        'NGUOI_DIA_PHUONG' as check_code,
        appointments.assignment_id,
        null::text as required_value,
        appointments.hometown_province_code as actual_value,
        rule.legal_basis,
        rule.confidence
    from appointments
    inner join {{ ref('dated_rule') }} as rule
        on
            rule.rule_code = 'NOT_LOCAL'
            and appointments.province_head = rule.parameter
            and {{ applies_on('rule', 'appointments.acted_on') }}
    where appointments.hometown_province_code = appointments.province_code
),

unrated as (
    select
        'THIEU_XEP_LOAI' as check_code,
        assignment_id,
        years_asked as required_value,
        years_rated as actual_value,
        legal_basis,
        confidence
    from {{ ref('int_unrated_appointment') }}
),

findings as (
    select * from outside_planning
    union all
    select * from below_standard
    union all
    select * from near_retirement
    union all
    select * from beyond_terms
    union all
    select * from head_duplicates
    union all
    select * from wrong_level
    union all
    select * from at_home
    union all
    select * from unrated
),

disciplined as (
    select
        check_code,
        province_code,
        source,
        count(*) as cases,
        max(legal_basis) as legal_basis,
        max(confidence) as confidence
    from {{ ref('int_appointment_in_discipline') }}
    group by check_code, province_code, source
)

select
    md5('appointment_check|' || findings.check_code || '|' || findings.assignment_id)::uuid as check_id,
    findings.check_code,
    findings.assignment_id,
    appointments.cadre_id,
    appointments.person_id,
    appointments.position_title,
    appointments.organisation_id,
    appointments.agency_id,
    appointments.province_code,
    null::text as group_code,
    appointments.assignment_kind,
    appointments.election_kind,
    appointments.acted_on,
    findings.required_value,
    findings.actual_value,
    1 as cases,
    false as is_suppressed,
    findings.legal_basis,
    findings.confidence as rule_confidence,
    appointments.source
from findings
inner join appointments on findings.assignment_id = appointments.assignment_id
union all
select
    md5(concat_ws('|', 'appointment_check', 'VUOT_CAP_PHO', cap_parameter, group_code))::uuid as check_id,
    'VUOT_CAP_PHO' as check_code,
    null::uuid as assignment_id,
    null::uuid as cadre_id,
    null::uuid as person_id,
    null::text as position_title,
    null::uuid as organisation_id,
    null::uuid as agency_id,
    province_code,
    group_code,
    null::text as assignment_kind,
    null::text as election_kind,
    null::date as acted_on,
    deputy_cap::text as required_value,
    deputies::text as actual_value,
    deputies - deputy_cap as cases,
    false as is_suppressed,
    legal_basis,
    confidence as rule_confidence,
    null::text as source
from {{ ref('int_deputy_surplus') }}
where deputies > deputy_cap
union all
select
    md5(concat_ws('|', 'appointment_check', check_code, coalesce(province_code, ''), source))::uuid as check_id,
    check_code,
    null::uuid as assignment_id,
    null::uuid as cadre_id,
    null::uuid as person_id,
    null::text as position_title,
    null::uuid as organisation_id,
    null::uuid as agency_id,
    province_code,
    province_code as group_code,
    null::text as assignment_kind,
    null::text as election_kind,
    null::date as acted_on,
    null::text as required_value,
    null::text as actual_value,
    case when cases >= {{ rule_number('SMALL_CELL', 'MIN_COUNT') }} then cases end::integer as cases,
    cases < {{ rule_number('SMALL_CELL', 'MIN_COUNT') }} as is_suppressed,
    legal_basis,
    confidence as rule_confidence,
    source
from disciplined
