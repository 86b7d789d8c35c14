-- Posts held now with what the checks of an appointment need to know. Key: assignment_id.
-- acted_on, the day the post began, decides which version of a rule judges the act. election_kind says whether somebody
-- elected to a committee was in one of the same organisation or level before: TAI_CU when an earlier post says so,
-- LAN_DAU when the posts held of the person reach back over the whole term before and none does, else KHONG_RO. Of an
-- election in an agency it says only where it is the first at that level of agencies, since no rule asks for more.
-- congress_level says with which congresses or sessions the age is counted; province_head, which of the two posts it is
-- that nobody holds at home.
with committee_posts as (
    select
        assignment.person_id,
        assignment.organisation_id,
        assignment.is_organisation_unresolved,
        organisation.organisation_type_in_b,
        organisation.organisation_level,
        assignment.started_on
    from {{ ref('position_assignment') }} as assignment
    left join {{ ref('party_organisation') }} as organisation
        on assignment.organisation_id = organisation.organisation_id
    where
        assignment.organisation_code is not null
        and coalesce(organisation.organisation_type not in ('B2', 'C2'), true)
        and assignment.assignment_kind not in ('MIEN_NHIEM', 'TU_CHUC', 'THOI_GIU', 'TAM_DINH_CHI', 'CACH_CHUC')
),

agency_posts as (
    select
        assignment.person_id,
        agency.agency_level,
        assignment.started_on
    from {{ ref('position_assignment') }} as assignment
    left join {{ ref('agency') }} as agency on assignment.agency_id = agency.agency_id
    where
        assignment.organisation_code is null
        and assignment.agency_code is not null
        and assignment.assignment_kind in ('BAU', 'CHI_DINH')
),

known_since as (
    select
        person_id,
        min(started_on) as since
    from {{ ref('position_assignment') }}
    group by person_id
),

elections as (
    select
        assignment.assignment_id,
        bool_or(
            before.organisation_id = organisation.organisation_id
            or before.organisation_type_in_b = organisation.organisation_type_in_b
            or before.organisation_level = organisation.organisation_level
        ) as was_in_committee,
        bool_or(before.is_organisation_unresolved) as was_in_unknown_committee
    from {{ ref('position_assignment') }} as assignment
    inner join {{ ref('party_organisation') }} as organisation
        on assignment.organisation_id = organisation.organisation_id
    left join committee_posts as before
        on assignment.person_id = before.person_id and assignment.started_on > before.started_on
    where assignment.assignment_kind = 'BAU' and organisation.organisation_type not in ('B2', 'C2')
    group by assignment.assignment_id
),

-- where the level of an earlier agency is not known, it may have been the same
agency_elections as (
    select
        assignment.assignment_id,
        bool_or(
            before.started_on is not null
            and coalesce(before.agency_level = agency.agency_level, true)
        ) as may_have_been_elected
    from {{ ref('position_assignment') }} as assignment
    inner join {{ ref('agency') }} as agency on assignment.agency_id = agency.agency_id
    left join agency_posts as before
        on assignment.person_id = before.person_id and assignment.started_on > before.started_on
    where assignment.assignment_kind = 'BAU' and assignment.organisation_code is null
    group by assignment.assignment_id
)

select
    assignment.assignment_id,
    assignment.cadre_id,
    assignment.person_id,
    assignment.position_title,
    {{ title_key('assignment.position_title') }} as position_key,
    assignment.organisation_id,
    assignment.agency_id,
    coalesce(agency.province_code, organisation.province_code) as province_code,
    assignment.assignment_kind,
    case
        when assignment.assignment_kind <> 'BAU' or organisation.organisation_type in ('B2', 'C2') then null
        when assignment.organisation_code is null
            then case
                when
                    not agency_elections.may_have_been_elected
                    and known_since.since <= {{ add_months('assignment.started_on', '-term.value::integer') }}
                    then 'LAN_DAU'
            end
        when elections.assignment_id is null then 'KHONG_RO'
        when elections.was_in_committee then 'TAI_CU'
        when elections.was_in_unknown_committee then 'KHONG_RO'
        when known_since.since <= {{ add_months('assignment.started_on', '-term.value::integer') }} then 'LAN_DAU'
        else 'KHONG_RO'
    end as election_kind,
    case
        when organisation.organisation_type in ('T1', 'T2') then 'TRUC_THUOC_TW'
        when organisation.organisation_type = 'H1' then 'XA'
        when organisation.organisation_type = 'C1' and organisation.sector in ('1', '2', '3b') then 'XA'
        when organisation.organisation_type = 'H2' then 'TREN_CO_SO'
        when organisation.organisation_type in ('C1', 'C2', 'C3') then 'CO_SO'
        when agency.agency_type = 'NHA_NUOC' then 'CHINH_QUYEN'
    end as congress_level,
    {{ is_province_deputy_secretary(title_key('assignment.position_title'), 'organisation.organisation_type') }}
        as is_province_deputy_secretary,
    case
        when
            {{ title_key('assignment.position_title') }} ~ '^bí thư($|,| (tỉnh|thành) (ủy|uỷ))'
            and coalesce(
                organisation.organisation_type = 'T1',
                {{ title_key('assignment.position_title') }} ~ '^bí thư tỉnh (ủy|uỷ)'
            )
            then 'BI_THU_TINH'
        when
            {{ is_province_chair(title_key('assignment.position_title'), 'agency.agency_level', 'agency.name') }}
            then 'CHU_TICH_TINH'
    end as province_head,
    hometown.province_code as hometown_province_code,
    assignment.authority_level,
    assignment.started_on as acted_on,
    coalesce(assignment.decision_date, assignment.started_on) as decided_on,
    coalesce(assignment.is_head, false) as is_head,
    assignment.head_post,
    coalesce(organisation.organisation_type in ('B2', 'C2'), false) as is_of_cell,
    cadre.started_on as serves_since,
    cadre.management_level,
    cadre.professional_education,
    cadre.political_theory,
    cadre.state_management,
    cadre.retires_on,
    cadre.retirement_confidence,
    assignment.source
from {{ ref('position_assignment') }} as assignment
inner join {{ ref('cadre') }} as cadre on assignment.cadre_id = cadre.cadre_id
left join {{ ref('agency') }} as agency on assignment.agency_id = agency.agency_id
left join {{ ref('party_organisation') }} as organisation
    on assignment.organisation_id = organisation.organisation_id
left join {{ ref('person') }} as person on assignment.person_id = person.person_id
left join {{ ref('int_hometown_province') }} as hometown on person.hometown_code = hometown.code
left join elections on assignment.assignment_id = elections.assignment_id
left join agency_elections on assignment.assignment_id = agency_elections.assignment_id
left join known_since on assignment.person_id = known_since.person_id
left join {{ ref('dated_rule') }} as term
    on
        term.rule_code = 'COMMITTEE_TERM'
        and term.parameter = 'MONTHS'
        and {{ applies_on('term', 'assignment.started_on') }}
where
    assignment.is_current
    and assignment.started_on is not null
    and assignment.assignment_kind not in ('MIEN_NHIEM', 'TU_CHUC', 'THOI_GIU', 'TAM_DINH_CHI', 'CACH_CHUC')
