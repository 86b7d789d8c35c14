-- Where organisations, agencies and units of today lie on each of two maps: 34 provinces of today, 63 before
-- 2025-07-01. Key: place_map_id; grain: place and map. Every place stands once on each map, so that any series that
-- names places has equal totals on both. What the mapping cannot place has no province and says so.
select
    md5(concat_ws('|', 'place_on_map', place.place_kind, place.place_key, on_map.map_code))::uuid as place_map_id,
    place.place_kind,
    place.organisation_id,
    place.agency_id,
    place.administrative_unit_id,
    on_map.map_code,
    on_map.map_province_code,
    on_map.administrative_unit_id as map_province_id,
    place.province_code,
    on_map.mapping_state,
    on_map.legal_basis,
    on_map.rule_confidence,
    place.source
from {{ ref('int_place') }} as place
inner join {{ ref('int_province_by_map') }} as on_map
    on
        -- not "is not distinct from", which no hash joins
        coalesce(place.province_code, '') = coalesce(on_map.province_code, '')
        and coalesce(place.former_province_code, '') = coalesce(on_map.former_province_code, '')
