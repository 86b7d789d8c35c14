-- Posts that cadres hold or held. Key: assignment_id; grain: one record of one source.
-- head_post is the chair that a head holds: of a party organisation under whatever title; of an agency, where its head
-- and the secretary who is reported there are two. Of heads of one chair at one time, the first by authority of the
-- source, start, recency, source and key is in force; the others stay and say that they are not.
with recursive assignments as (
    select
        {{ record_id('position_assignment', 'assignment') }} as assignment_id,
        cadre.cadre_id,
        cadre.person_id,
        assignment.position_title,
        assignment.position_code,
        assignment.organisation_code,
        organisation.organisation_id,
        assignment.organisation_code is not null and organisation.organisation_id is null as is_organisation_unresolved,
        assignment.agency_code,
        agency.agency_id,
        assignment.agency_code is not null and agency.agency_id is null as is_agency_unresolved,
        assignment.assignment_kind,
        assignment.decision_no,
        assignment.decision_date,
        assignment.authority_level,
        assignment.started_on,
        assignment.planned_end_on,
        assignment.ended_on,
        {{ validity('assignment.started_on', 'assignment.ended_on') }} as validity,
        coalesce(assignment.started_on <= {{ business_date() }}, true)
        and coalesce(assignment.ended_on > {{ business_date() }}, true) as is_current,
        assignment.is_head,
        assignment.is_primary,
        case
            when not coalesce(assignment.is_head, false) then null
            when assignment.assignment_kind in ('MIEN_NHIEM', 'TU_CHUC', 'THOI_GIU', 'TAM_DINH_CHI', 'CACH_CHUC')
                then null
            when organisation.organisation_id is not null then 'TO_CHUC_DANG'
            when agency.agency_id is null then null
            when {{ title_key('assignment.position_title') }} ~ '^(bí thư|bt)\M' then 'BI_THU_CO_QUAN'
            else 'CO_QUAN'
        end as head_post,
        coalesce(trust.authority, 50) as authority,
        batch.business_date as said_on,
        assignment.source,
        assignment.source_key
    from {{ ref('stg_position_assignment') }} as assignment
    inner join {{ ref('int_cadre') }} as cadre
        on assignment.source = cadre.source and assignment.cadre_key = cadre.source_key
    {{ join_organisation('assignment') }}
    {{ join_agency('assignment') }}
    left join {{ ref('stg_source_authority') }} as trust
        on assignment.source = trust.source and trust.kind = 'cadre'
    left join {{ ref('stg_batch') }} as batch on assignment.first_batch = batch.batch_id
),

claims as (
    select
        assignment_id as claim_id,
        coalesce(organisation_id, agency_id) || head_post as place,
        validity,
        row_number() over (
            partition by coalesce(organisation_id, agency_id), head_post
            order by authority desc, started_on desc, said_on desc nulls last, source asc, source_key asc
        ) as claim_no
    from assignments
    where head_post is not null and started_on is not null and not isempty(validity)
),

{{ settled_overlaps('claims') }}

select
    assignments.assignment_id,
    assignments.cadre_id,
    assignments.person_id,
    assignments.position_title,
    assignments.position_code,
    assignments.organisation_code,
    assignments.organisation_id,
    assignments.is_organisation_unresolved,
    assignments.agency_code,
    assignments.agency_id,
    assignments.is_agency_unresolved,
    assignments.assignment_kind,
    assignments.decision_no,
    assignments.decision_date,
    assignments.authority_level,
    assignments.started_on,
    assignments.planned_end_on,
    assignments.ended_on,
    assignments.validity,
    assignments.is_current,
    assignments.is_head,
    assignments.head_post,
    claims.claim_id is not null and coalesce(settled.stands, true) as is_head_in_force,
    assignments.is_primary,
    assignments.source,
    assignments.source_key
from assignments
left join claims on assignments.assignment_id = claims.claim_id
left join settled on assignments.assignment_id = settled.claim_id
