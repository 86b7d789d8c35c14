-- Posts that cadres hold or held. Key: assignment_id; grain: one record of one source.
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
    assignment.source,
    assignment.source_key
from {{ ref('stg_position_assignment') }} as assignment
inner join {{ ref('int_cadre') }} as cadre
    on assignment.source = cadre.source and assignment.cadre_key = cadre.source_key
left join {{ ref('int_organisation_code') }} as organisation
    on
        assignment.organisation_code = organisation.code
        and (organisation.source is null or assignment.source = organisation.source)
left join {{ ref('int_agency_code') }} as agency
    on
        assignment.agency_code = agency.agency_code
        and (agency.source is null or assignment.source = agency.source)
