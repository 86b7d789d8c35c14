-- Evaluations with their subject: a cadre, a party member, or a collective that is an agency or an organisation.
-- Key: (source, source_key). A member is found by the member record of the same source; where the evaluation does not
-- say in which organisation, that record does.
{{ config(materialized='table') }}

with subjects as (
    select
        evaluation.source,
        evaluation.source_key,
        evaluation.subject_kind,
        evaluation.cadre_key,
        evaluation.member_key,
        evaluation.agency_code,
        coalesce(evaluation.organisation_code, member.organisation_code) as organisation_code,
        evaluation.period_type,
        evaluation.period,
        evaluation.general_score,
        evaluation.result_score,
        evaluation.total_score,
        evaluation.level,
        evaluation.decided_on,
        evaluation.first_batch,
        cadre.cadre_id,
        member.membership_id,
        coalesce(cadre.person_id, member.person_id) as person_id
    from {{ ref('stg_evaluation') }} as evaluation
    left join {{ ref('int_cadre') }} as cadre
        on
            evaluation.subject_kind = 'CA_NHAN'
            and evaluation.source = cadre.source
            and evaluation.cadre_key = cadre.source_key
    left join {{ ref('int_membership') }} as member
        on
            evaluation.subject_kind = 'DANG_VIEN'
            and evaluation.source = member.source
            and evaluation.member_key = member.source_key
),

found as (
    select
        subjects.*,
        agency.agency_id,
        organisation.organisation_id
    from subjects
    {{ join_agency('subjects') }}
    {{ join_organisation('subjects') }}
)

select
    found.*,
    case
        when found.subject_kind = 'CA_NHAN' and found.cadre_id is null then 'cadre_not_accepted'
        when found.subject_kind = 'DANG_VIEN' and found.membership_id is null then 'member_not_accepted'
        when found.subject_kind = 'TAP_THE' and found.agency_id is null and found.organisation_id is null
            then 'collective_unknown'
    end as unlinked_reason
from found
