-- Spells of party membership. Key: membership_id; grain: one member record of one source.
-- A person has at most one current spell; the others say in `standing` why they are not current.
{{ config(post_hook='create unique index on {{ this }} (person_id) where is_current') }}

select
    membership.membership_id,
    membership.person_id,
    membership.organisation_code,
    organisation.organisation_id,
    organisation.organisation_id is null as is_organisation_unresolved,
    membership.temporary_organisation_code,
    elsewhere.organisation_id as temporary_organisation_id,
    membership.temporary_organisation_code is not null
    and elsewhere.organisation_id is null as is_temporary_organisation_unresolved,
    membership.status,
    membership.status_date,
    membership.is_current,
    membership.standing,
    membership.valid_from,
    membership.valid_to,
    case
        when membership.valid_to is not null or membership.standing not in ('DA_KET_THUC', 'DA_CHUYEN')
            then {{ validity('membership.valid_from', 'membership.valid_to') }}
    end as validity,
    membership.admission_date,
    membership.admission_decision_date,
    membership.official_date,
    membership.readmission_date,
    membership.exempt_from,
    membership.card_issue_date,
    membership.profile_no,
    membership.badge_years,
    membership.last_activity_date,
    membership.source,
    membership.source_key
from {{ ref('int_membership') }} as membership
left join {{ ref('int_organisation_code') }} as organisation
    on
        membership.organisation_code = organisation.code
        and (organisation.source is null or membership.source = organisation.source)
left join {{ ref('int_organisation_code') }} as elsewhere
    on
        membership.temporary_organisation_code = elsewhere.code
        and (elsewhere.source is null or membership.source = elsewhere.source)
