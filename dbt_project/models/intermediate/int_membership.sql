-- What each member record amounts to: a spell of membership and whether it is the person's present one.
-- Key: (source, source_key). A person has at most one present spell, chosen in this order: not the sender of an
-- accepted transfer, not the receiver of one still open, not waiting to be transferred, then the receiver of an
-- accepted transfer, then the person's order of records. The others say in `standing` why they are not present.
{{ config(materialized='table') }}

with last_transfers as (
    -- only a transfer between two committees under the Centre can leave a person in two sources
    select distinct on (person_id)
        person_id,
        from_organisation_code,
        to_organisation_code,
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

claims as (
    select
        member.*,
        described.person_id,
        described.record_rank,
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
),

ranked as (
    select
        claims.*,
        row_number() over (
            partition by claims.person_id
            order by
                claims.has_ended or claims.has_left,
                claims.is_sender and claims.is_accepted,
                claims.is_receiver and not claims.is_accepted,
                claims.status = 'CHO_CHUYEN',
                claims.is_receiver and claims.is_accepted desc,
                claims.record_rank
        ) as claim_no
    from claims
),

judged as (
    select
        ranked.*,
        case
            when ranked.has_ended then 'DA_KET_THUC'
            when ranked.has_left then 'DA_CHUYEN'
            when ranked.claim_no = 1 then 'DANG_SINH_HOAT'
            when ranked.is_sender and ranked.is_accepted then 'DA_CHUYEN'
            when ranked.is_receiver and not ranked.is_accepted then 'CHO_TIEP_NHAN'
            else 'TRUNG_KHAI'
        end as standing
    from ranked
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
        when judged.standing = 'DA_CHUYEN' then judged.status_date
    end as valid_to
from judged
