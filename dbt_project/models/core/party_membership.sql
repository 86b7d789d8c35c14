-- Spells of party membership. Key: membership_id; grain: one member record of one source, or one side of an accepted
-- transfer whose member record is missing there (source_record says which).
-- A person has at most one current spell; the others say in `standing` why they are not current. Of one person no two
-- spells that count (DANG_SINH_HOAT, DA_CHUYEN, DA_KET_THUC) share a day: an end that another spell lived through is
-- TRUNG_KHAI, and what goes on after somebody left elsewhere begins on the day they left, whatever day of admission
-- both records tell.
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
    {{ join_organisation('membership') }}
    {{ join_organisation('membership', 'temporary_organisation_code', 'elsewhere') }}
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
),

dated as (
    select
        *,
        standing in ('DANG_SINH_HOAT', 'DA_CHUYEN', 'DA_KET_THUC')
        and (valid_to is not null or standing = 'DANG_SINH_HOAT')
        and coalesce(valid_from <= valid_to, true) as has_time
    from spells
),

contradicted as (
    select
        *,
        has_time
        and standing = 'DA_KET_THUC'
        and coalesce(
            min(coalesce(valid_from, '-infinity')) over (
                partition by person_id, has_time
                order by coalesce(valid_to, 'infinity')
                groups between 1 following and unbounded following
            ) < valid_to,
            false
        ) as is_contradicted
    from dated
),

clipped as (
    select
        *,
        case
            when has_time and not is_contradicted
                then lag(valid_to) over (
                    partition by person_id, has_time and not is_contradicted
                    order by coalesce(valid_to, 'infinity'), coalesce(valid_from, '-infinity'), membership_id
                )
        end as left_before_on
    from contradicted
),

settled as (
    select
        membership_id,
        person_id,
        organisation_code,
        organisation_id,
        temporary_organisation_code,
        temporary_organisation_id,
        status,
        status_date,
        is_current,
        case when is_contradicted then 'TRUNG_KHAI' else standing end as standing,
        greatest(valid_from, left_before_on) as valid_from,
        case when not is_contradicted then valid_to end as valid_to,
        {{ kept_of_member_record() }},
        profile_no,
        last_activity_date,
        dossier_documents_1,
        dossier_documents_2,
        dossier_documents_3,
        source_record,
        source,
        source_key
    from clipped
)

select
    settled.*,
    settled.organisation_id is null as is_organisation_unresolved,
    settled.temporary_organisation_code is not null
    and settled.temporary_organisation_id is null as is_temporary_organisation_unresolved,
    case
        when settled.valid_to is not null or settled.standing not in ('DA_KET_THUC', 'DA_CHUYEN')
            then {{ validity('settled.valid_from', 'settled.valid_to') }}
    end as validity
from settled
