-- What remains to be done for the members of each cell: activity, new cards, identity numbers, dossiers.
-- Key: progress_id; grain: the organisation that a current membership names. No person is named.
-- Activity is asked of members who take part: those exempt, suspended or between two cells are not missed.
-- An identity number agrees when prefix, sex and year of birth in it are those of the person; whether it is the one
-- the population database holds is not known here.
with members as (
    select
        membership.*,
        person.party_card_no,
        person.personal_id,
        membership.status in ('CHINH_THUC', 'DU_BI') as takes_part,
        {{ add_months(business_date(), '-' ~ rule_number('INACTIVITY', 'MONTHS_IN_YEAR')) }} as inactive_before,
        person.personal_id ~ '^\d{12}$'
        and exists (
            select 1
            from {{ ref('identity_prefix') }} as known
            where known.prefix = substr(person.personal_id, 1, 3)
        )
        and (substr(person.personal_id, 4, 1)::integer % 2 = 0) = (person.sex = 'M')
        and extract(year from person.birth_date)
        = (19 + substr(person.personal_id, 4, 1)::integer / 2) * 100 + substr(person.personal_id, 5, 2)::integer
            as is_id_agreeing
    from {{ ref('party_membership') }} as membership
    inner join {{ ref('person') }} as person on membership.person_id = person.person_id
    where membership.is_current
)

select
    md5(concat_ws(
        '|', 'membership_progress', coalesce(members.organisation_id::text, ''),
        coalesce(organisation.source, members.source)
    ))::uuid as progress_id,
    members.organisation_id,
    organisation.province_code,
    count(*)::integer as members,
    (count(*) filter (where members.status = 'MIEN_SH'))::integer as exempt_members,
    (count(*) filter (where members.takes_part and members.last_activity_date < members.inactive_before))::integer
        as inactive_members,
    (count(*) filter (where members.takes_part and members.last_activity_date is null))::integer
        as activity_unknown_members,
    (count(*) filter (where members.status <> 'DU_BI'))::integer as official_members,
    (count(*) filter (where members.status <> 'DU_BI' and members.party_card_no ~ '^\d{12}$'))::integer
        as new_card_members,
    count(members.personal_id)::integer as id_given_members,
    (count(*) filter (where members.is_id_agreeing))::integer as id_agreeing_members,
    count(members.dossier_documents_1)::integer as dossier_members,
    coalesce(sum(members.dossier_documents_1), 0)::integer as documents_1,
    coalesce(sum(members.dossier_documents_2), 0)::integer as documents_2,
    coalesce(sum(members.dossier_documents_3), 0)::integer as documents_3,
    {% for priority in (1, 2, 3) -%}
    (
        count(*) filter (
            where members.dossier_documents_{{ priority }} >= {{ rule_number('DOSSIER_KINDS', 'PRIORITY_' ~ priority) }}
        )
    )::integer as dossiers_whole_{{ priority }},
    {% endfor -%}
    {% for priority in (1, 2, 3) -%}
    {{ rule_number('DOSSIER_KINDS', 'PRIORITY_' ~ priority) }}::integer as kinds_{{ priority }},
    {% endfor -%}
    {{ rules_basis(['INACTIVITY.MONTHS_IN_YEAR', 'DOSSIER_KINDS']) }} as legal_basis,
    {{ rules_confidence(['INACTIVITY.MONTHS_IN_YEAR', 'DOSSIER_KINDS']) }} as rule_confidence,
    coalesce(organisation.source, members.source) as source
from members
left join {{ ref('party_organisation') }} as organisation on members.organisation_id = organisation.organisation_id
group by members.organisation_id, organisation.province_code, coalesce(organisation.source, members.source)
