create or replace view published.release as
select
    release_no,
    moment,
    business_date,
    is_current,
    state,
    sources,
    published_at
from ops.release
where state in ('published', 'withdrawn');
comment on view published.release is 'Các lần phát hành dữ liệu: bản hiện hành và các bản trước';
comment on column published.release.release_no is 'Số thứ tự bản phát hành';
comment on column published.release.moment is 'Thời điểm chốt dữ liệu của bản phát hành';
comment on column published.release.business_date is 'Ngày nghiệp vụ dùng để tính tuổi, nhiệm kỳ, thời hạn';
comment on column published.release.is_current is 'Bản đang hiện hành';
comment on column published.release.state is 'Trạng thái: published (đã phát hành), withdrawn (đã thu hồi)';
comment on column published.release.sources is 'Số nguồn có dữ liệu trong bản phát hành';
comment on column published.release.published_at is 'Lúc phát hành';
