-- Agencies of the unit in force at the end of each period. Grain: period_no, agency.
select
    period.period_no,
    null::uuid as person_id,
    office.organisation_id,
    office.agency_id,
    office.block,
    office.agency_type,
    office.agency_level,
    office.source,
    office.source_key,
    office.valid_from as happened_on
from period
inner join office
    on
        coalesce(period.to_on > office.valid_from, true)
        and coalesce(period.to_on <= office.valid_to, true)
