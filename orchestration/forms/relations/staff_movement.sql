-- Arrivals at and departures from the unit's agencies in each period. Grain: period_no, employment record, direction.
select
    period.period_no,
    cadre.person_id,
    place.organisation_id,
    place.agency_id,
    place.block,
    place.agency_level,
    cadre.source,
    cadre.source_key,
    events.happened_on,
    events.direction,
    events.reason,
    cadre.category,
    coalesce(cadre.recruited_on >= period.from_on, false) as is_recruit
from period
inner join published.cadre as cadre on cadre.leave_reason is null or cadre.ended_on is not null
inner join office as place on cadre.agency_id = place.agency_id
cross join
    lateral (
        values ('TANG', cadre.started_on, null), ('GIAM', cadre.ended_on, cadre.leave_reason)
    ) as events (direction, happened_on, reason)
where events.happened_on >= period.from_on and events.happened_on < period.to_on
