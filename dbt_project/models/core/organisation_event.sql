-- What happened to party organisations: their beginning and their end. Key: organisation_event_id.
-- Grain: organisation and side. A beginning that another organisation ended for is named as that end was; the other
-- is found by its code or its old code, ending on the day of the beginning.
with organisations as (
    select * from {{ ref('party_organisation') }}
),

successions as (
    select distinct on (after.organisation_id)
        after.organisation_id as successor_id,
        before.organisation_id as predecessor_id,
        before.end_reason,
        before.organisation_code = after.organisation_code and before.name <> after.name as is_renamed
    from organisations as after
    inner join organisations as before
        on
            before.organisation_code in (after.organisation_code, after.legacy_code)
            and after.valid_from = before.valid_to
            and after.organisation_id <> before.organisation_id
    order by after.organisation_id asc, before.organisation_code <> after.organisation_code, before.organisation_id asc
),

beginnings as (
    select
        organisations.organisation_id,
        'BAT_DAU' as side,
        coalesce(
            successions.end_reason, case when successions.is_renamed then 'DOI_TEN' end, 'THANH_LAP'
        ) as event_kind,
        organisations.valid_from as happened_on,
        organisations.decision_no,
        organisations.decision_date,
        successions.predecessor_id as counterpart_id
    from organisations
    left join successions on organisations.organisation_id = successions.successor_id
    where organisations.valid_from is not null
),

endings as (
    select
        organisations.organisation_id,
        'KET_THUC' as side,
        coalesce(organisations.end_reason, 'KET_THUC') as event_kind,
        organisations.valid_to as happened_on,
        null::text as decision_no,
        null::date as decision_date,
        min(successions.successor_id::text)::uuid as counterpart_id
    from organisations
    left join successions on organisations.organisation_id = successions.predecessor_id
    where organisations.valid_to is not null
    group by organisations.organisation_id, organisations.end_reason, organisations.valid_to
),

events as (
    select * from beginnings
    union all
    select * from endings
)

select
    md5('organisation_event|' || events.organisation_id || '|' || events.side)::uuid as organisation_event_id,
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
