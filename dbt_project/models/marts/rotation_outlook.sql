-- Rotations, transfers and secondments: from where to where, for how long, and whether the cadre came back.
-- Key: rotation_id; grain: one assignment of such a kind. Where it set out from is the agency of the person's
-- assignment before it; a return is a later assignment there.
with posts as (
    select
        assignment.*,
        agency.agency_level,
        agency.province_code
    from {{ ref('position_assignment') }} as assignment
    left join {{ ref('agency') }} as agency on assignment.agency_id = agency.agency_id
    where assignment.started_on is not null
),

rotations as (
    select *
    from posts
    where assignment_kind in ('LUAN_CHUYEN', 'DIEU_DONG', 'BIET_PHAI')
),

origins as (
    select distinct on (rotations.assignment_id)
        rotations.assignment_id,
        earlier.agency_id,
        earlier.agency_level,
        earlier.province_code
    from rotations
    inner join posts as earlier
        on
            rotations.person_id = earlier.person_id
            and rotations.started_on > earlier.started_on
            and earlier.agency_id is not null
    order by rotations.assignment_id asc, earlier.started_on desc, earlier.assignment_id asc
),

returns as (
    select
        rotations.assignment_id,
        min(later.started_on) as returned_on
    from rotations
    inner join origins on rotations.assignment_id = origins.assignment_id
    inner join posts as later
        on
            rotations.person_id = later.person_id
            and origins.agency_id = later.agency_id
            and rotations.started_on < later.started_on
    where origins.agency_id is distinct from rotations.agency_id
    group by rotations.assignment_id
)

select
    md5('rotation_outlook|' || rotations.assignment_id)::uuid as rotation_id,
    rotations.assignment_id,
    rotations.cadre_id,
    rotations.person_id,
    rotations.assignment_kind,
    rotations.position_title,
    origins.agency_id as from_agency_id,
    origins.agency_level as from_level,
    origins.province_code as from_province_code,
    rotations.agency_id,
    rotations.agency_level,
    rotations.province_code,
    case
        when origins.agency_id is null or rotations.agency_id is null then 'KHONG_RO'
        when origins.agency_id = rotations.agency_id then 'CUNG_CO_QUAN'
        else origins.agency_level || '_' || rotations.agency_level
    end as flow,
    rotations.started_on,
    rotations.planned_end_on,
    rotations.ended_on,
    returns.returned_on,
    case
        when returns.returned_on <= {{ business_date() }} then 'DA_TRO_VE'
        when not rotations.is_current then 'DA_KET_THUC'
        when rotations.planned_end_on <= {{ business_date() }} then 'QUA_HAN'
        else 'DANG_THUC_HIEN'
    end as rotation_state,
    {{ rule_field('ROTATION', 'ORIGIN', 'legal_basis') }} as legal_basis,
    {{ rule_field('ROTATION', 'ORIGIN', 'confidence') }} as rule_confidence,
    rotations.source
from rotations
left join origins on rotations.assignment_id = origins.assignment_id
left join returns on rotations.assignment_id = returns.assignment_id
