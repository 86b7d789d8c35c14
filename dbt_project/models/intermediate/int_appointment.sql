-- Posts held now with what the checks of an appointment need to know. Key: assignment_id.
-- acted_on, the day the post began, decides which version of a rule judges the act.
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
    assignment.authority_level,
    assignment.started_on as acted_on,
    coalesce(assignment.decision_date, assignment.started_on) as decided_on,
    coalesce(assignment.is_head, false) as is_head,
    coalesce(organisation.organisation_type in ('B2', 'C2'), false) as is_of_cell,
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
where
    assignment.is_current
    and assignment.started_on is not null
    and assignment.assignment_kind not in ('MIEN_NHIEM', 'TU_CHUC', 'THOI_GIU', 'TAM_DINH_CHI', 'CACH_CHUC')
