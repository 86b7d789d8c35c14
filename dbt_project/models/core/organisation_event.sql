-- What happened to party organisations: their beginning, their end, others that they took in while they stood, and
-- decisions that changed them within their record.
-- Key: organisation_event_id; grain: event (organisation, side, day) and counterpart, so a merger of two has two rows
-- at the organisation it made, and a split into two has two rows at the one that ended.
-- Who followed whom is found by the code or the old code: the successor begins on the day of the end, or stood on it
-- when it took the other in. The reason of the end names the event on both sides; without one it is what changed under
-- the same code.
with organisations as (
    select * from {{ ref('party_organisation') }}
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
                when before.organisation_code = after.organisation_code
                    then {{ organisation_change('before', 'after') }}
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

changes as (
    select
        organisations.organisation_id,
        'THAY_DOI' as side,
        change.change_kind as event_kind,
        change.decision_date as happened_on,
        change.decision_no,
        change.decision_date,
        null::uuid as counterpart_id,
        change.first_batch
    from organisations
    inner join {{ ref('int_organisation_change') }} as change
        on organisations.source = change.source and organisations.source_key = change.source_key
),

-- each side of an event of organisations that came or went; a change within a record is told apart by its version
events as (
    select
        *,
        null::bigint as first_batch
    from (
        select * from beginnings
        union all
        select * from receptions
        union all
        select * from endings
    ) as comings_and_goings
    union all
    select * from changes
)

select
    md5(
        concat_ws(
            '|', 'organisation_event', events.organisation_id, events.side, events.counterpart_id, events.first_batch
        )
    )::uuid as organisation_event_id,
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
