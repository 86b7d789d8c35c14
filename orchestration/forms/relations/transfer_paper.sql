-- Transfers of party activity of each period with their papers, temporary ones too. Grain: period_no, transfer.
-- A transfer that both sides report is one.
select distinct on (
    period.period_no,
    movement.person_id,
    movement.transfer_type,
    movement.left_on,
    origin.organisation_id,
    destination.organisation_id
)
    period.period_no,
    movement.person_id,
    coalesce(destination.organisation_id, origin.organisation_id) as organisation_id,
    movement.source,
    movement.source_key,
    coalesce(movement.moved_on, movement.left_on) as happened_on,
    movement.transfer_type,
    movement.state,
    destination.organisation_id is not null and origin.organisation_id is null as is_in,
    origin.organisation_id is not null and destination.organisation_id is null as is_out
from period
inner join published.membership_movement as movement
    on
        movement.movement_kind = 'CHUYEN_SINH_HOAT'
        and coalesce(movement.moved_on, movement.left_on) >= period.from_on
        and coalesce(movement.moved_on, movement.left_on) < period.to_on
left join subtree as origin on movement.from_organisation_id = origin.organisation_id
left join subtree as destination on movement.to_organisation_id = destination.organisation_id
where origin.organisation_id is not null or destination.organisation_id is not null
order by
    period.period_no,
    movement.person_id,
    movement.transfer_type,
    movement.left_on,
    origin.organisation_id,
    destination.organisation_id,
    movement.is_counted desc,
    movement.moved_on desc nulls last,
    movement.source,
    movement.source_key
