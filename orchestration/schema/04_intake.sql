-- Which batch answered a held row, so that withdrawing that batch holds the row again.
alter table quarantine.row add column if not exists resolved_batch bigint references ops.batch;
comment on column quarantine.row.resolved_batch is 'The batch whose delivery answered the row';
