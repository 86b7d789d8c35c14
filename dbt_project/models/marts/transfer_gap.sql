-- Members who fall, or may fall, between two organisations. Key: transfer_gap_id; grain: person and kind.
-- KHONG_NOI_NHAN: left one place and is a member nowhere, although nothing says that the membership ended.
-- NOI_DI_CHUA_CAT: received elsewhere, while the place of departure still lists the person as its own.
with people as (
    select person_id
    from {{ ref('party_membership') }}
    group by person_id
    having bool_or(standing = 'DA_CHUYEN') and not bool_or(is_current) and not bool_or(standing = 'DA_KET_THUC')
),

gaps as (
    select
        'KHONG_NOI_NHAN' as gap_kind,
        departed.*
    from {{ ref('party_membership') }} as departed
    inner join people on departed.person_id = people.person_id
    where departed.standing = 'DA_CHUYEN'
    union all
    select
        'NOI_DI_CHUA_CAT' as gap_kind,
        departed.*
    from {{ ref('party_membership') }} as departed
    where departed.standing = 'DA_CHUYEN' and departed.status <> 'CHUYEN_DI_NGOAI'
),

latest as (
    select distinct on (gap_kind, person_id) *
    from gaps
    order by gap_kind asc, person_id asc, valid_to desc nulls last, source asc, membership_id asc
)

select
    md5('transfer_gap|' || latest.gap_kind || '|' || latest.person_id)::uuid as transfer_gap_id,
    latest.gap_kind,
    latest.person_id,
    latest.membership_id,
    latest.organisation_id as from_organisation_id,
    present.organisation_id as to_organisation_id,
    departure.province_code as from_province_code,
    arrival.province_code as to_province_code,
    latest.valid_to as left_on,
    present.source as to_source,
    {{ rule_field('TRANSFER_LIMIT', 'WORKING_DAYS', 'legal_basis') }} as legal_basis,
    {{ rule_field('TRANSFER_LIMIT', 'WORKING_DAYS', 'confidence') }} as rule_confidence,
    latest.source
from latest
left join {{ ref('party_membership') }} as present on latest.person_id = present.person_id and present.is_current
left join {{ ref('party_organisation') }} as departure on latest.organisation_id = departure.organisation_id
left join {{ ref('party_organisation') }} as arrival on present.organisation_id = arrival.organisation_id
