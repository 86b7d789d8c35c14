-- When serving cadres retire and from which post. Key: cadre_retirement_id; grain: one serving cadre record.
-- Dates of notice and decision follow by the rule from the day that a decision names, else from retires_on; the stage
-- changes on those days only. No record says who meets the conditions of an earlier age, so earliest_retires_on is a
-- bound for everybody; a later age is open to whom RETIREMENT_LATE names. Both are unconfirmed and only warn.
-- A successor is planned for the post now and stays longer than its holder: who retires on the same day cannot follow.
with posts as (
    select distinct on (cadre_id)
        cadre_id,
        assignment_id,
        position_title,
        is_head,
        organisation_id,
        agency_id,
        {{ title_key('position_title') }} as position_key
    from {{ ref('position_assignment') }}
    where
        is_current
        and assignment_kind not in ('MIEN_NHIEM', 'TU_CHUC', 'THOI_GIU', 'TAM_DINH_CHI', 'CACH_CHUC')
    order by
        cadre_id asc,
        is_primary desc nulls last,
        is_head desc nulls last,
        started_on desc nulls last,
        assignment_id asc
),

retirements as (
    select
        person_id,
        max(retires_on) as retires_on
    from {{ ref('cadre') }}
    group by person_id
),

successors as (
    select
        posts.assignment_id,
        count(*)::integer as persons
    from posts
    inner join {{ ref('cadre') }} as holder on posts.cadre_id = holder.cadre_id
    inner join {{ ref('int_planning_candidate') }} as candidate
        on
            coalesce(posts.organisation_id, posts.agency_id) = candidate.place_id
            and posts.position_key = candidate.position_key
            and holder.person_id <> candidate.person_id
    left join retirements on candidate.person_id = retirements.person_id
    where retirements.retires_on is null or retirements.retires_on > holder.retires_on
    group by posts.assignment_id
),

-- the women in posts of province and Centre whom 83/2022/NĐ-CP names first, and the public employees of 50/2022/NĐ-CP
late_grounds as (
    select
        cadre.cadre_id,
        case
            when
                person.sex = 'F'
                and {{ is_province_deputy_secretary('posts.position_key', 'organisation.organisation_type') }}
                then 'PHO_BI_THU_TINH'
            when
                person.sex = 'F'
                and agency.agency_level = 'TINH'
                and posts.position_key ~ '^chủ tịch (hđnd|hội đồng nhân dân)'
                then 'CHU_TICH_HDND_TINH'
            when
                person.sex = 'F' and {{ is_province_chair('posts.position_key', 'agency.agency_level', 'agency.name') }}
                then 'CHU_TICH_UBND_TINH'
            when
                person.sex = 'F'
                and agency.agency_level = 'TW'
                and agency.agency_type = 'DANG'
                and posts.position_key ~ '^phó trưởng ban'
                then 'PHO_TRUONG_BAN_TW'
            when
                person.sex = 'F' and agency.agency_level = 'TW' and posts.position_key ~ '^thứ trưởng'
                then 'THU_TRUONG'
            when cadre.category = 'VC' and cadre.professional_education in ('6', '7') then 'TRINH_DO_CAO'
        end as late_ground
    from {{ ref('cadre') }} as cadre
    inner join {{ ref('person') }} as person on cadre.person_id = person.person_id
    left join posts on cadre.cadre_id = posts.cadre_id
    left join {{ ref('agency') }} as agency on posts.agency_id = agency.agency_id
    left join {{ ref('party_organisation') }} as organisation on posts.organisation_id = organisation.organisation_id
),

early as (
    select
        max(rule.value::integer) as years,
        min(rule.legal_basis) as legal_basis,
        {{ lowest_confidence('rule.confidence') }} as confidence
    from {{ ref('dated_rule') }} as rule
    where rule.rule_code = 'RETIREMENT_EARLY' and {{ applies_on('rule', business_date()) }}
),

outlook as (
    select
        cadre.*,
        coalesce(cadre.retirement_on, cadre.retires_on) as leaves_on,
        {{ last_day_years_from('cadre.retires_on', '-early.years') }} as earliest_retires_on,
        {{ last_day_years_from('cadre.retires_on', 'coalesce(late.value::integer, 0)') }} as latest_retires_on,
        late.parameter as late_ground,
        concat_ws('; ', early.legal_basis, late.legal_basis) as exception_legal_basis,
        {{ less_confirmed('early.confidence', 'late.confidence') }} as exception_confidence,
        posts.assignment_id,
        posts.position_title,
        coalesce(posts.is_head, false) as is_head,
        posts.organisation_id,
        coalesce(posts.agency_id, cadre.agency_id) as post_agency_id,
        case when posts.assignment_id is not null then coalesce(successors.persons, 0) end as planned_successors,
        {{ add_months(
            'coalesce(cadre.retirement_on, cadre.retires_on)',
            '-(' ~ rule_number('RETIREMENT_NOTICE', 'NOTICE_MONTHS') ~ ')'
        ) }} as notice_on,
        {{ add_months(
            'coalesce(cadre.retirement_on, cadre.retires_on)',
            '-(' ~ rule_number('RETIREMENT_NOTICE', 'DECISION_MONTHS') ~ ')'
        ) }} as decision_on
    from {{ ref('cadre') }} as cadre
    left join posts on cadre.cadre_id = posts.cadre_id
    left join successors on posts.assignment_id = successors.assignment_id
    cross join early
    left join late_grounds on cadre.cadre_id = late_grounds.cadre_id
    left join {{ ref('dated_rule') }} as late
        on
            late.rule_code = 'RETIREMENT_LATE'
            and late_grounds.late_ground = late.parameter
            and {{ applies_on('late', business_date()) }}
    where cadre.is_serving and cadre.retires_on is not null
)

select
    md5('retirement_outlook|' || outlook.cadre_id)::uuid as cadre_retirement_id,
    outlook.cadre_id,
    outlook.person_id,
    outlook.category,
    outlook.management_level,
    outlook.post_agency_id as agency_id,
    agency.province_code,
    agency.agency_level,
    outlook.assignment_id,
    outlook.organisation_id,
    outlook.position_title,
    outlook.is_head,
    outlook.planned_successors,
    coalesce(outlook.planned_successors = 0, false) as has_no_successor,
    outlook.retires_on,
    extract(year from outlook.retires_on)::integer as retirement_year,
    outlook.earliest_retires_on,
    outlook.latest_retires_on,
    outlook.late_ground,
    nullif(outlook.exception_legal_basis, '') as exception_legal_basis,
    outlook.exception_confidence,
    outlook.retirement_basis,
    outlook.retirement_on as decided_retires_on,
    case
        when outlook.retirement_basis in ('THUONG', 'SOM', 'KEO_DAI')
            then outlook.retirement_on not between outlook.earliest_retires_on and outlook.latest_retires_on
    end as is_decided_out_of_bounds,
    outlook.notice_on,
    outlook.decision_on,
    case
        when outlook.leaves_on < {{ business_date() }} then 'QUA_THOI_DIEM'
        when outlook.decision_on <= {{ business_date() }} then 'RA_QUYET_DINH'
        when outlook.notice_on <= {{ business_date() }} then 'THONG_BAO'
        else 'CHUA_DEN_HAN'
    end as stage,
    outlook.retirement_legal_basis as legal_basis,
    outlook.retirement_confidence as rule_confidence,
    outlook.source
from outlook
left join {{ ref('agency') }} as agency on outlook.post_agency_id = agency.agency_id
