-- Official transfers that nobody has completed. Key: movement_id; grain: person, way and day of leaving.
-- The limit counts working days, Monday to Friday: public holidays are not left out, so a transfer may be said to be
-- late some days before it is. A transfer that both sides report stands once. A transfer has the limit of the day on
-- which it began, so that a later rule does not call back what is late; what began before any version has the first.
with limits as (
    select
        value::integer as working_days,
        legal_basis,
        confidence,
        case when row_number() over (order by valid_from) = 1 then '-infinity'::date else valid_from end as valid_from,
        valid_to
    from {{ ref('dated_rule') }}
    where rule_code = 'TRANSFER_LIMIT' and parameter = 'WORKING_DAYS'
),

open_transfers as (
    select distinct on (person_id, transfer_type, from_organisation_code, to_organisation_code, left_on) *
    from {{ ref('membership_movement') }}
    where
        movement_kind = 'CHUYEN_SINH_HOAT'
        and transfer_type in ('CHINH_THUC', 'NGOAI_NUOC')
        and state in ('GIOI_THIEU', 'QUA_HAN')
        and left_on is not null
    order by
        person_id asc,
        transfer_type asc,
        from_organisation_code asc,
        to_organisation_code asc,
        left_on asc,
        source asc,
        movement_id asc
),

accepted as (
    -- one side still says open what the other has accepted
    select distinct
        person_id,
        left_on
    from {{ ref('membership_movement') }}
    where movement_kind = 'CHUYEN_SINH_HOAT' and state = 'DA_TIEP_NHAN'
),

dated as (
    select
        open_transfers.*,
        limits.legal_basis,
        limits.confidence,
        {{ add_working_days('open_transfers.left_on', 'limits.working_days') }} as deadline_on
    from open_transfers
    left join accepted
        on open_transfers.person_id = accepted.person_id and open_transfers.left_on = accepted.left_on
    left join limits on {{ applies_on('limits', 'open_transfers.left_on') }}
    where accepted.person_id is null
)

select
    md5('transfer_outlook|' || dated.movement_id)::uuid as transfer_outlook_id,
    dated.movement_id,
    dated.person_id,
    dated.transfer_type,
    dated.state as reported_state,
    dated.from_organisation_id,
    dated.to_organisation_id,
    sender.province_code as from_province_code,
    receiver.province_code as to_province_code,
    coalesce(split_part(dated.from_organisation_code, '.', 1), '')
    <> coalesce(split_part(dated.to_organisation_code, '.', 1), '') as is_between_committees,
    dated.to_organisation_id is null as is_receiver_unknown,
    dated.left_on,
    dated.deadline_on,
    dated.deadline_on < {{ business_date() }} as is_overdue,
    dated.state = 'QUA_HAN' and dated.deadline_on >= {{ business_date() }} as is_called_late_too_early,
    dated.legal_basis,
    dated.confidence as rule_confidence,
    dated.source
from dated
left join {{ ref('party_organisation') }} as sender on dated.from_organisation_id = sender.organisation_id
left join {{ ref('party_organisation') }} as receiver on dated.to_organisation_id = receiver.organisation_id
