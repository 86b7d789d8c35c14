-- Evaluations with their subject: a cadre, or a collective that is an agency or an organisation.
-- Key: (source, source_key).
{{ config(materialized='table') }}

with found as (
    select
        evaluation.*,
        cadre.cadre_id,
        cadre.person_id,
        agency.agency_id,
        organisation.organisation_id
    from {{ ref('stg_evaluation') }} as evaluation
    left join {{ ref('int_cadre') }} as cadre
        on
            evaluation.subject_kind = 'CA_NHAN'
            and evaluation.source = cadre.source
            and evaluation.cadre_key = cadre.source_key
    left join {{ ref('int_agency_code') }} as agency
        on
            evaluation.agency_code = agency.agency_code
            and (agency.source is null or evaluation.source = agency.source)
    left join {{ ref('int_organisation_code') }} as organisation
        on
            evaluation.organisation_code = organisation.code
            and (organisation.source is null or evaluation.source = organisation.source)
)

select
    found.*,
    case
        when found.subject_kind = 'CA_NHAN' and found.cadre_id is null then 'cadre_not_accepted'
        when found.subject_kind = 'TAP_THE' and found.agency_id is null and found.organisation_id is null
            then 'collective_unknown'
    end as unlinked_reason
from found
