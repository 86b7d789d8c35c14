-- Spells of party membership. Key: membership_id; grain: one member record of one source, or one side of an accepted
-- transfer whose member record is missing there (source_record says which).
-- A person has at most one current spell; the others say in `standing` why they are not current.
{{ config(post_hook='create unique index on {{ this }} (person_id) where is_current') }}

with spells as (
    select
        membership.membership_id,
        membership.person_id,
        membership.organisation_code,
        organisation.organisation_id,
        membership.temporary_organisation_code,
        elsewhere.organisation_id as temporary_organisation_id,
        membership.status,
        membership.status_date,
        membership.is_current,
        membership.standing,
        membership.valid_from,
        membership.valid_to,
        {{ kept_of_member_record('membership') }},
        membership.profile_no,
        membership.last_activity_date,
        membership.dossier_documents_1,
        membership.dossier_documents_2,
        membership.dossier_documents_3,
        'member' as source_record,
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
    union all
    select
        membership_id,
        person_id,
        organisation_code,
        organisation_id,
        null as temporary_organisation_code,
        null as temporary_organisation_id,
        status,
        null as status_date,
        is_current,
        standing,
        valid_from,
        valid_to,
        {{ kept_of_member_record() }},
        null as profile_no,
        null as last_activity_date,
        null as dossier_documents_1,
        null as dossier_documents_2,
        null as dossier_documents_3,
        'membership_transfer' as source_record,
        source,
        source_key
    from {{ ref('int_membership_by_transfer') }}
)

select
    spells.*,
    spells.organisation_id is null as is_organisation_unresolved,
    spells.temporary_organisation_code is not null
    and spells.temporary_organisation_id is null as is_temporary_organisation_unresolved,
    case
        when spells.valid_to is not null or spells.standing not in ('DA_KET_THUC', 'DA_CHUYEN')
            then {{ validity('spells.valid_from', 'spells.valid_to') }}
    end as validity
from spells
