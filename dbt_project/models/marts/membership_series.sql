-- Members at the end of past half-years on both maps. Key: series_id; grain: day, map, province of that map, province
-- of today, reporting body. Who was a member on a day follows from the dates of the spell; where, is undone from the
-- present place: the first transfer after the day says where it began. The place itself is read as it lies now, on each
-- of the two maps.
-- Whoever has not moved since the first day is in one place on all days, so such spells are grouped once, by the days
-- between which they lie; only the few others are looked at day by day.
with days as (
    select
        (half_year.first_day - interval '1 day')::date as counted_on,
        half_year.day_no
    from
        generate_series(
            date_trunc('year', {{ business_date() }})
            - {{ months('12 * ' ~ rule_number('MEMBER_SERIES', 'YEARS')) }},
            {{ business_date() }}::timestamp,
            interval '6 months'
        ) with ordinality as half_year (first_day, day_no)
),

calendar as (
    select array_agg(counted_on order by counted_on) as all_days
    from days
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
    where standing not in ('TRUNG_KHAI', 'CHO_TIEP_NHAN') and not isempty(validity)
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

moved as (
    select distinct
        person_id,
        root
    from later_moves
),

-- how many of the days are before the spell, before its end and before the official date; the first day is no. 1
stayed as (
    select
        spells.source,
        spells.organisation_id,
        coalesce(width_bucket(lower(spells.validity) - 1, calendar.all_days), 0) as before_spell,
        coalesce(width_bucket(upper(spells.validity) - 1, calendar.all_days), cardinality(calendar.all_days))
            as before_end,
        coalesce(
            width_bucket(spells.official_date - 1, calendar.all_days),
            case when spells.status = 'DU_BI' then cardinality(calendar.all_days) else 0 end
        ) as before_official,
        count(*) as members
    from spells
    cross join calendar
    left join moved on spells.person_id = moved.person_id and spells.root = moved.root
    where moved.person_id is null
    group by spells.source, spells.organisation_id, before_spell, before_end, before_official
),

members as (
    select
        days.counted_on,
        stayed.source,
        stayed.organisation_id,
        stayed.members,
        days.day_no > stayed.before_official as is_official
    from stayed
    inner join days on stayed.before_spell < days.day_no and stayed.before_end >= days.day_no
    union all
    select
        days.counted_on,
        spells.source,
        coalesce(later_moves.from_organisation_id, spells.organisation_id) as organisation_id,
        1 as members,
        coalesce(spells.official_date <= days.counted_on, spells.status <> 'DU_BI') as is_official
    from spells
    inner join moved on spells.person_id = moved.person_id and spells.root = moved.root
    inner join days on spells.validity @> days.counted_on
    left join later_moves
        on
            days.counted_on = later_moves.counted_on
            and spells.person_id = later_moves.person_id
            and spells.root = later_moves.root
),

places as (
    select
        members.counted_on,
        coalesce(organisation.source, members.source) as source,
        organisation.province_code,
        former.former_province_code,
        sum(members.members) as members,
        coalesce(sum(members.members) filter (where members.is_official), 0) as official_members
    from members
    left join {{ ref('party_organisation') }} as organisation
        on members.organisation_id = organisation.organisation_id
    left join {{ ref('int_organisation_former_province') }} as former
        on organisation.organisation_id = former.organisation_id
    group by
        members.counted_on,
        coalesce(organisation.source, members.source),
        organisation.province_code,
        former.former_province_code
),

counts as (
    {{ members_on_maps('places', ['counted_on']) }}
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
