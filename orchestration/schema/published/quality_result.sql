create or replace view published.quality_result as
with newest as (
    select distinct on (b.source, b.record)
        b.batch_id,
        b.source,
        b.record,
        b.business_date
    from ops.batch as b
    where b.batch_id in (select g.batch_id from ops.gate_result as g)
    order by b.source asc, b.record asc, b.batch_id desc
)

select
    n.source,
    n.record,
    g.rule_id,
    r.sentence,
    g.severity,
    g.checked,
    g.failed,
    round(100.0 * g.failed / greatest(g.checked, 1), 2) as share,
    g.passed,
    g.alarm,
    coalesce(r.blocks, '{}') as blocks,
    n.business_date
from newest as n
inner join ops.gate_result as g on n.batch_id = g.batch_id
left join ops.rule as r on g.rule_id = r.rule_id;
comment on view published.quality_result is
'Kết quả kiểm tra chất lượng của lần gửi gần nhất từ mỗi nguồn, theo từng quy tắc';
comment on column published.quality_result.source is
'Mã nguồn: hai chữ số của tỉnh, thành phố hoặc T1 đến T6';
comment on column published.quality_result.record is 'Loại bản ghi';
comment on column published.quality_result.rule_id is 'Mã quy tắc';
comment on column published.quality_result.sentence is 'Nội dung quy tắc và cách khắc phục';
comment on column published.quality_result.severity is
'Mức độ: error (giữ lại bản ghi), warning (cảnh báo)';
comment on column published.quality_result.checked is 'Số bản ghi đã kiểm tra';
comment on column published.quality_result.failed is 'Số bản ghi không đạt';
comment on column published.quality_result.share is 'Tỷ lệ không đạt (%)';
comment on column published.quality_result.passed is 'Đạt ngưỡng cho phép';
comment on column published.quality_result.alarm is 'Quy tắc cần báo động ngay';
comment on column published.quality_result.blocks is
'Các bảng đã phát hành không nên dùng khi quy tắc chưa đạt';
comment on column published.quality_result.business_date is 'Ngày nghiệp vụ của lần gửi';
