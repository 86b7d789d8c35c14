{#
    Rows of a record about a cadre, a member or a party organisation, with the one they are about as the same source
    knows it; unlinked_reason says why nobody was found. Key: (source, source_key).
#}
{% macro with_subject(record) -%}
select
    said.*,
    cadre.cadre_id,
    member.membership_id,
    coalesce(cadre.person_id, member.person_id) as person_id,
    organisation.organisation_id,
    case
        when said.subject_kind = 'CA_NHAN' and cadre.cadre_id is null then 'cadre_not_accepted'
        when said.subject_kind = 'DANG_VIEN' and member.membership_id is null then 'member_not_accepted'
        when said.subject_kind = 'TAP_THE' and organisation.organisation_id is null then 'collective_unknown'
    end as unlinked_reason
from {{ ref('stg_' ~ record) }} as said
left join {{ ref('int_cadre') }} as cadre
    on said.subject_kind = 'CA_NHAN' and said.source = cadre.source and said.cadre_key = cadre.source_key
left join {{ ref('int_membership') }} as member
    on said.subject_kind = 'DANG_VIEN' and said.source = member.source and said.member_key = member.source_key
left join {{ ref('int_organisation_code') }} as organisation
    on
        said.subject_kind = 'TAP_THE'
        and said.organisation_code = organisation.code
        and (organisation.source is null or said.source = organisation.source)
{%- endmacro %}
