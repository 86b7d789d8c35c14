-- What each member record amounts to: a spell of membership and whether it is the person's present one.
-- Key: (source, source_key). A person has at most one present spell, chosen in this order: not the receiver of a
-- transfer still open, not waiting to be transferred, then the receiver of an accepted transfer, then the person's
-- order of records. The sender of an accepted transfer is never the present one, whether it has closed its record or
-- not: where the receiver's record is missing, the transfer itself stands for it (int_membership_by_transfer).
-- The others say in `standing` why they are not present; two records of one ending are one spell.
{{ config(materialized='table') }}

with last_transfers as (
    -- only a transfer between two committees under the Centre can leave a person in two sources
    select distinct on (person_id)
        person_id,
        source as transfer_source,
        source_key as transfer_source_key,
        from_organisation_code,
        from_organisation_id,
        to_organisation_code,
        to_organisation_id,
        arrived_date,
        is_accepted
    from {{ ref('int_membership_transfer') }}
    where
        transfer_type in ('CHINH_THUC', 'NGOAI_NUOC')
        and state <> 'BI_TRA_LAI'
        and left(from_organisation_code, 2) <> left(to_organisation_code, 2)
    order by
        person_id asc,
        left_date desc nulls last,
        is_accepted desc,
        arrived_date desc nulls last,
        source asc,
        source_key asc
),

-- a record that says its member has left is explained by the transfer accepted next from its committee, whether the
-- last of the person or not
departures as (
    select distinct on (described.source, described.source_key)
        described.source,
        described.source_key,
        transfer.arrived_date as departed_on
    from {{ ref('stg_member') }} as member
    inner join {{ ref('int_person_record') }} as described
        on
            described.record = 'member'
            and member.source = described.source
            and member.source_key = described.source_key
    inner join {{ ref('int_membership_transfer') }} as transfer
        on
            described.person_id = transfer.person_id
            and left(member.organisation_code, 2) = left(transfer.from_organisation_code, 2)
    where
        member.status = 'CHUYEN_DI_NGOAI'
        and transfer.transfer_type in ('CHINH_THUC', 'NGOAI_NUOC')
        and transfer.is_accepted
        and left(transfer.from_organisation_code, 2) <> left(transfer.to_organisation_code, 2)
        and coalesce(member.status_date <= transfer.arrived_date, transfer.arrived_date is not null)
    order by described.source asc, described.source_key asc, transfer.arrived_date asc
),

claims as (
    select
        member.*,
        departures.departed_on,
        described.person_id,
        described.record_rank,
        last_transfers.transfer_source,
        last_transfers.transfer_source_key,
        last_transfers.from_organisation_code,
        last_transfers.from_organisation_id,
        last_transfers.to_organisation_code,
        last_transfers.to_organisation_id,
        last_transfers.arrived_date,
        coalesce(last_transfers.is_accepted, false) as is_accepted,
        coalesce(
            left(member.organisation_code, 2) = left(last_transfers.from_organisation_code, 2), false
        ) as is_sender,
        coalesce(
            left(member.organisation_code, 2) = left(last_transfers.to_organisation_code, 2), false
        ) as is_receiver,
        member.status in ('TU_TRAN', 'KHAI_TRU', 'XOA_TEN', 'XIN_RA', 'CHO_RA') as has_ended,
        member.status = 'CHUYEN_DI_NGOAI' as has_left
    from {{ ref('stg_member') }} as member
    inner join {{ ref('int_person_record') }} as described
        on
            described.record = 'member'
            and member.source = described.source
            and member.source_key = described.source_key
    left join last_transfers on described.person_id = last_transfers.person_id
    left join departures
        on member.source = departures.source and member.source_key = departures.source_key
),

endings as (
    select
        claims.*,
        -- an accepted transfer ends the sender's spell; a leaving that no transfer explains ends it on its own
        claims.is_sender and claims.is_accepted and claims.arrived_date is not null as has_gone,
        case
            when claims.has_ended then claims.status || coalesce(claims.status_date::text, '')
            when claims.is_sender and claims.is_accepted then 'CHUYEN_SINH_HOAT'
            when claims.has_left then claims.status || coalesce(claims.status_date::text, '')
        end as ending
    from claims
),

ranked as (
    select
        endings.*,
        row_number() over (
            partition by endings.person_id
            order by
                endings.has_ended or endings.has_left,
                endings.is_sender and endings.is_accepted,
                endings.is_receiver and not endings.is_accepted,
                endings.status = 'CHO_CHUYEN',
                endings.is_receiver and endings.is_accepted desc,
                endings.record_rank
        ) as claim_no
    from endings
),

ended as (
    select
        ranked.*,
        row_number() over (
            partition by ranked.person_id, ranked.ending
            order by
                ranked.ending = 'CHUYEN_SINH_HOAT'
                and ranked.organisation_code is not distinct from ranked.from_organisation_code desc,
                ranked.claim_no
        ) as ending_no
    from ranked
),

judged as (
    select
        ended.*,
        case
            when ended.ending_no > 1 and ended.ending is not null then 'TRUNG_KHAI'
            when ended.has_ended then 'DA_KET_THUC'
            when ended.has_left or ended.has_gone then 'DA_CHUYEN'
            when ended.claim_no = 1 then 'DANG_SINH_HOAT'
            when ended.is_sender and ended.is_accepted then 'DA_CHUYEN'
            when ended.is_receiver and not ended.is_accepted then 'CHO_TIEP_NHAN'
            else 'TRUNG_KHAI'
        end as standing
    from ended
)

select
    judged.*,
    {{ record_id('member', 'judged') }} as membership_id,
    judged.standing = 'DANG_SINH_HOAT' as is_current,
    case
        when judged.is_receiver and judged.is_accepted and judged.arrived_date is not null then judged.arrived_date
        else coalesce(judged.readmission_date, judged.admission_date)
    end as valid_from,
    case
        when judged.standing = 'DA_KET_THUC' then judged.status_date
        when judged.standing = 'DA_CHUYEN' and judged.is_sender and judged.is_accepted then judged.arrived_date
        when judged.standing = 'DA_CHUYEN' then coalesce(judged.departed_on, judged.status_date)
    end as valid_to
from judged
