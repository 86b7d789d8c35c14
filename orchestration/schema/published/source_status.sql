create or replace view published.source_status as
with deliveries as (
    select
        source,
        record,
        max(batch_id) as newest_batch,
        max(finished_at) filter (where status in ('accepted', 'identical')) as last_accepted_at
    from ops.batch
    where status <> 'running'
    group by source, record
)

select
    s.source,
    s.name,
    d.record,
    case
        when b.status in ('refused', 'failed') then b.status
        when b.status = 'withdrawn' then 'refused'
        when d.last_accepted_at >= now() - make_interval(mins => (s.freshness_hours * 60)::integer) then 'fresh'
        else 'stale'
    end as state,
    d.last_accepted_at,
    case
        when b.status in ('refused', 'failed', 'withdrawn') then b.reason
        when d.record is null then 'Nguồn chưa gửi dữ liệu lần nào'
        when d.last_accepted_at >= now() - make_interval(mins => (s.freshness_hours * 60)::integer) then null
        else 'Quá thời hạn cập nhật của nguồn'
    end as reason,
    b.business_date,
    b.delivered,
    b.accepted,
    b.unchanged,
    b.quarantined,
    s.freshness_hours
from ops.source as s
left join deliveries as d on s.source = d.source
left join ops.batch as b on d.newest_batch = b.batch_id
where s.is_registered;
comment on view published.source_status is
'Tình trạng từng nguồn theo loại bản ghi: lần gửi gần nhất và lần được tiếp nhận gần nhất';
comment on column published.source_status.source is
'Mã nguồn: hai chữ số của tỉnh, thành phố hoặc T1 đến T6';
comment on column published.source_status.name is 'Tên nguồn';
comment on column published.source_status.record is 'Loại bản ghi';
comment on column published.source_status.state is
'Tình trạng: fresh (mới), refused (bị từ chối), failed (không lấy được), stale (quá hạn cập nhật)';
comment on column published.source_status.last_accepted_at is 'Lần gần nhất dữ liệu được tiếp nhận';
comment on column published.source_status.reason is
'Lý do bị từ chối, không lấy được hoặc quá hạn';
comment on column published.source_status.business_date is 'Ngày nghiệp vụ của lần gửi gần nhất';
comment on column published.source_status.delivered is 'Số bản ghi gửi đến';
comment on column published.source_status.accepted is
'Số bản ghi mới hoặc thay đổi được tiếp nhận';
comment on column published.source_status.unchanged is 'Số bản ghi không thay đổi';
comment on column published.source_status.quarantined is 'Số bản ghi bị giữ lại để sửa';
comment on column published.source_status.freshness_hours is
'Thời hạn cập nhật của nguồn, tính bằng giờ';
