-- When serving cadres retire and from which post. Key: cadre_retirement_id; grain: one serving cadre record.
-- Dates of notice and decision follow from retires_on by the rule; the stage changes on those days only.
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

outlook as (
    select
        cadre.*,
        posts.assignment_id,
        posts.position_title,
        coalesce(posts.is_head, false) as is_head,
        posts.organisation_id,
        coalesce(posts.agency_id, cadre.agency_id) as post_agency_id,
        case when posts.assignment_id is not null then coalesce(successors.persons, 0) end as planned_successors,
        {{ add_months('cadre.retires_on', '-(' ~ rule_number('RETIREMENT_NOTICE', 'NOTICE_MONTHS') ~ ')') }}
            as notice_on,
        {{ add_months('cadre.retires_on', '-(' ~ rule_number('RETIREMENT_NOTICE', 'DECISION_MONTHS') ~ ')') }}
            as decision_on
    from {{ ref('cadre') }} as cadre
    left join posts on cadre.cadre_id = posts.cadre_id
    left join successors on posts.assignment_id = successors.assignment_id
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
    outlook.notice_on,
    outlook.decision_on,
    case
        when outlook.retires_on < {{ business_date() }} then 'QUA_THOI_DIEM'
        when outlook.decision_on <= {{ business_date() }} then 'RA_QUYET_DINH'
        when outlook.notice_on <= {{ business_date() }} then 'THONG_BAO'
        else 'CHUA_DEN_HAN'
    end as stage,
    outlook.retirement_legal_basis as legal_basis,
    outlook.retirement_confidence as rule_confidence,
    outlook.source
from outlook
left join {{ ref('agency') }} as agency on outlook.post_agency_id = agency.agency_id
