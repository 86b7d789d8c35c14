-- Party organisations of the unit in force at the end of each period. Grain: period_no, organisation.
with admitting as (
    select distinct
        period.period_no,
        place.basic_id
    from period
    inner join published.membership_movement as movement
        on
            movement.is_counted
            and movement.movement_kind in ('KET_NAP', 'KET_NAP_LAI')
            and period.from_on <= movement.moved_on
            and period.to_on > movement.moved_on
    inner join subtree as place on movement.to_organisation_id = place.organisation_id
)

select
    period.period_no,
    null::uuid as person_id,
    subtree.organisation_id,
    subtree.basic_sector,
    subtree.organisation_type,
    subtree.source,
    subtree.source_key,
    subtree.valid_from as happened_on,
    admitting.basic_id is not null as has_admission
from period
inner join subtree
    on
        coalesce(period.to_on > subtree.valid_from, true)
        and coalesce(period.to_on <= subtree.valid_to, true)
        and coalesce(not subtree.is_overlapped, true)
left join admitting
    on
        period.period_no = admitting.period_no
        and subtree.organisation_id = admitting.basic_id
