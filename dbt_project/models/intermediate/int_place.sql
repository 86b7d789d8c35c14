-- What lies in a province: party organisations, agencies, units of today; with the province of today and the former
-- one. Key: (place_kind, place_key). A former province that cannot be told is NULL.
{{ config(materialized='table') }}

select
    'TO_CHUC_DANG' as place_kind,
    organisation.organisation_id::text as place_key,
    organisation.organisation_id,
    null::uuid as agency_id,
    null::text as administrative_unit_id,
    organisation.province_code,
    former.former_province_code,
    organisation.source
from {{ ref('party_organisation') }} as organisation
left join {{ ref('int_organisation_former_province') }} as former
    on organisation.organisation_id = former.organisation_id
union all
select
    'CO_QUAN' as place_kind,
    agency.agency_id::text as place_key,
    null::uuid as organisation_id,
    agency.agency_id,
    null::text as administrative_unit_id,
    agency.province_code,
    former.former_province_code,
    agency.source
from {{ ref('agency') }} as agency
left join {{ ref('int_agency_former_province') }} as former on agency.agency_id = former.agency_id
union all
select
    'DON_VI_HANH_CHINH' as place_kind,
    administrative_unit_id as place_key,
    null::uuid as organisation_id,
    null::uuid as agency_id,
    administrative_unit_id,
    province_code,
    former_province_code,
    null::text as source
from {{ ref('int_unit_former_province') }}
where code_set = '34'
