-- Agencies and units that employ cadres. Key: agency_id; grain: one record of one source.
with claims as (
    select
        agency.*,
        {{ record_id('agency', 'agency') }} as agency_id
    from {{ ref('stg_agency') }} as agency
)

select
    claims.agency_id,
    claims.agency_code,
    claims.name,
    claims.agency_type,
    claims.agency_level,
    claims.parent_agency_code,
    nullif(superior.agency_id, claims.agency_id) as parent_id,
    claims.parent_agency_code is not null
    and nullif(superior.agency_id, claims.agency_id) is null as is_parent_unresolved,
    claims.administrative_unit_code,
    unit.administrative_unit_id,
    claims.administrative_unit_code is not null and unit.code is null as is_unit_unresolved,
    coalesce(unit.is_former, false) as is_unit_former,
    coalesce(unit.province_code, own_province.code) as province_code,
    claims.deputy_count,
    claims.valid_from,
    claims.valid_to,
    {{ validity('claims.valid_from', 'claims.valid_to') }} as validity,
    claims.source,
    claims.source_key
from claims
{{ join_agency('claims', 'parent_agency_code', 'superior') }}
{{ join_unit_on_last_day('claims.administrative_unit_code', 'claims.valid_to') }}
left join {{ ref('int_administrative_unit_code') }} as own_province
    on claims.source = own_province.code and own_province.level = 'province' and not own_province.is_former
