-- What happened to party organisations: their beginning, their end, and others that they took in while they stood.
-- Key: organisation_event_id; grain: event (organisation, side, day) and counterpart, so a merger of two has two rows
-- at the organisation it made, and a split into two has two rows at the one that ended.
-- Who followed whom is found by the code or the old code: the successor begins on the day of the end, or stood on it
-- when it took the other in. The reason of the end names the event on both sides; without one it is what changed under
-- the same code: type, superior or name. A type is compared as the regime of 208-QĐ/TW calls it, which raises nobody.
with organisations as (
    select
        *,
        array_position(
            array['B2', 'B1', 'C1', 'H2', 'T2', 'T1', 'TW'], organisation_type_in_b
        ) as type_rank
    from {{ ref('party_organisation') }}
    where not is_overlapped
),

-- one condition a join, so that each is found by a hash
pairs as (
    select
        before.organisation_id as predecessor_id,
        after.organisation_id as successor_id
    from organisations as before
    inner join organisations as after on before.organisation_code = after.organisation_code
    where before.valid_to = after.valid_from and before.organisation_id <> after.organisation_id
    union
    select
        before.organisation_id as predecessor_id,
        after.organisation_id as successor_id
    from organisations as before
    inner join organisations as after on before.organisation_code = after.legacy_code
    where
        before.organisation_id <> after.organisation_id
        and (
            before.valid_to = after.valid_from
            or (before.end_reason = 'SAP_NHAP' and after.validity @> before.valid_to)
        )
),

successions as (
    select
        pairs.predecessor_id,
        pairs.successor_id,
        before.valid_to as happened_on,
        coalesce(before.valid_to = after.valid_from, false) as is_beginning,
        coalesce(
            before.end_reason,
            case
                when before.organisation_code <> after.organisation_code then null
                when before.type_rank < after.type_rank then 'NANG_CAP'
                when before.type_rank > after.type_rank then 'HA_CAP'
                when before.parent_code <> after.parent_code then 'CHUYEN_GIAO'
                when before.name <> after.name then 'DOI_TEN'
            end
        ) as event_kind
    from pairs
    inner join organisations as before on pairs.predecessor_id = before.organisation_id
    inner join organisations as after on pairs.successor_id = after.organisation_id
),

beginnings as (
    select
        organisations.organisation_id,
        'BAT_DAU' as side,
        coalesce(successions.event_kind, 'THANH_LAP') as event_kind,
        organisations.valid_from as happened_on,
        organisations.decision_no,
        organisations.decision_date,
        successions.predecessor_id as counterpart_id
    from organisations
    left join successions on organisations.organisation_id = successions.successor_id and successions.is_beginning
    where organisations.valid_from is not null
),

receptions as (
    select
        successor_id as organisation_id,
        'TIEP_NHAN' as side,
        event_kind,
        happened_on,
        null::text as decision_no,
        null::date as decision_date,
        predecessor_id as counterpart_id
    from successions
    where not is_beginning
),

endings as (
    select
        organisations.organisation_id,
        'KET_THUC' as side,
        coalesce(organisations.end_reason, successions.event_kind, 'KET_THUC') as event_kind,
        organisations.valid_to as happened_on,
        null::text as decision_no,
        null::date as decision_date,
        successions.successor_id as counterpart_id
    from organisations
    left join successions on organisations.organisation_id = successions.predecessor_id
    where organisations.valid_to is not null
),

events as (
    select * from beginnings
    union all
    select * from receptions
    union all
    select * from endings
)

select
    md5(concat_ws('|', 'organisation_event', events.organisation_id, events.side, events.counterpart_id))::uuid
        as organisation_event_id,
    events.organisation_id,
    events.side,
    events.event_kind,
    events.happened_on,
    events.decision_no,
    events.decision_date,
    events.counterpart_id,
    organisations.organisation_type,
    organisations.province_code,
    organisations.source,
    organisations.source_key
from events
inner join organisations on events.organisation_id = organisations.organisation_id
