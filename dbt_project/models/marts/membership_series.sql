-- Members at the end of past half-years on both maps. Key: series_id; grain: day, map, province of that map, province
-- of today, reporting body. Who was a member on a day follows from the dates of the spell; where, is undone from the
-- present place: the first transfer after the day says where it began. The place itself is read as it lies now, on each
-- of the two maps.
with days as (
    select (half_year.first_day - interval '1 day')::date as counted_on
    from
        generate_series(
            date_trunc('year', {{ business_date() }})
            - {{ months('12 * ' ~ rule_number('MEMBER_SERIES', 'YEARS')) }},
            {{ business_date() }}::timestamp,
            interval '6 months'
        ) as half_year (first_day)
),

spells as (
    select
        person_id,
        left(organisation_code, 2) as root,
        organisation_id,
        official_date,
        status,
        source,
        validity
    from {{ ref('party_membership') }}
    where standing not in ('TRUNG_KHAI', 'CHO_TIEP_NHAN')
),

later_moves as (
    select distinct on (days.counted_on, movement.person_id, left(movement.from_organisation_code, 2))
        days.counted_on,
        movement.person_id,
        left(movement.from_organisation_code, 2) as root,
        movement.from_organisation_id
    from days
    inner join {{ ref('membership_movement') }} as movement on days.counted_on < movement.moved_on
    where movement.is_counted and movement.movement_kind = 'CHUYEN_SINH_HOAT'
    order by
        days.counted_on asc,
        movement.person_id asc,
        left(movement.from_organisation_code, 2) asc,
        movement.moved_on asc,
        movement.movement_id asc
),

-- materialised: the planner takes the days for a thousand and would sort these millions of rows to group them
members as materialized (
    select
        days.counted_on,
        coalesce(organisation.source, spells.source) as source,
        organisation.province_code,
        former.former_province_code,
        coalesce(spells.official_date <= days.counted_on, spells.status <> 'DU_BI') as is_official
    from days
    inner join spells on spells.validity @> days.counted_on
    left join later_moves
        on
            days.counted_on = later_moves.counted_on
            and spells.person_id = later_moves.person_id
            and spells.root = later_moves.root
    left join {{ ref('party_organisation') }} as organisation
        on coalesce(later_moves.from_organisation_id, spells.organisation_id) = organisation.organisation_id
    left join {{ ref('int_organisation_former_province') }} as former
        on organisation.organisation_id = former.organisation_id
),

places as (
    select
        counted_on,
        source,
        province_code,
        former_province_code,
        count(*) as members,
        count(*) filter (where is_official) as official_members
    from members
    group by counted_on, source, province_code, former_province_code
),

counts as (
    select
        places.counted_on,
        place.map_code,
        place.map_province_code,
        place.administrative_unit_id,
        place.province_code,
        place.mapping_state,
        place.legal_basis,
        place.rule_confidence,
        places.source,
        sum(places.members)::integer as members,
        sum(places.official_members)::integer as official_members
    from places
    inner join {{ ref('int_province_by_map') }} as place
        on
            places.province_code is not distinct from place.province_code
            and places.former_province_code is not distinct from place.former_province_code
    group by
        places.counted_on,
        place.map_code,
        place.map_province_code,
        place.administrative_unit_id,
        place.province_code,
        place.mapping_state,
        place.legal_basis,
        place.rule_confidence,
        places.source
)

select
    md5(concat_ws(
        '|', 'membership_series', counted_on, map_code, coalesce(map_province_code, ''), coalesce(province_code, ''),
        source
    ))::uuid as series_id,
    counted_on,
    map_code,
    map_province_code,
    administrative_unit_id,
    province_code,
    mapping_state,
    members,
    official_members,
    legal_basis,
    rule_confidence,
    source
from counts
