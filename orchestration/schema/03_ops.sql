-- What happened to every delivery: batches, verdicts, held rows, decisions of engineers.
create table if not exists ops.batch (
    batch_id bigint generated always as identity primary key,
    run_id text not null,
    source text not null,
    record text not null,
    kind text not null,
    mode text not null check (mode in ('snapshot', 'delta')),
    business_date date not null,
    contract_version text not null,
    delivered bigint not null default 0,
    accepted bigint not null default 0,
    unchanged bigint not null default 0,
    quarantined bigint not null default 0,
    closed bigint not null default 0,
    dropped_columns text [] not null default '{}',
    missing_columns text [] not null default '{}',
    warnings text [] not null default '{}',
    fingerprint text,
    watermark text,
    files jsonb not null default '[]',
    status text not null default 'running'
    check (status in ('running', 'accepted', 'identical', 'refused', 'failed', 'withdrawn')),
    reason text,
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    constraint every_row_accounted_for
    check (status <> 'accepted' or delivered = accepted + unchanged + quarantined)
);
create index if not exists batch_of_source on ops.batch (source, record, batch_id desc);
comment on table ops.batch is 'One delivery of one record of one source, and what became of it';
comment on column ops.batch.closed is 'Open rows of raw that a snapshot no longer holds, closed by this batch';
comment on column ops.batch.fingerprint is 'Digest of the delivered rows, independent of their order';

create table if not exists ops.gate_result (
    batch_id bigint not null references ops.batch,
    rule_id text not null,
    severity text not null check (severity in ('error', 'warning')),
    checked bigint not null,
    failed bigint not null,
    tolerance numeric not null,
    passed boolean not null,
    alarm boolean not null default false,
    primary key (batch_id, rule_id)
);
comment on table ops.gate_result is 'Verdict and counts of every rule on every judged batch';

create table if not exists ops.decision (
    decision_id bigint generated always as identity primary key,
    action text not null check (action in ('accept_batch', 'withdraw_batch', 'waive_fault')),
    batch_id bigint references ops.batch,
    source text not null,
    record text not null,
    source_key text,
    rule_id text,
    reason text not null check (length(trim(reason)) >= 5),
    decided_by text not null,
    decided_at timestamptz not null default clock_timestamp()
);
comment on table ops.decision is 'What engineers decided about batches and held rows; rows are only added';

create table if not exists quarantine.row (
    row_id bigint generated always as identity primary key,
    batch_id bigint not null references ops.batch,
    source text not null,
    record text not null,
    source_key text,
    file text,
    sheet text,
    row_no bigint,
    content jsonb not null,
    state text not null default 'open' check (state in ('open', 'resolved', 'waived')),
    resolved_batch bigint references ops.batch
);
create index if not exists quarantine_row_open on quarantine.row (source, record, source_key) where state = 'open';
create index if not exists quarantine_row_batch on quarantine.row (batch_id);
comment on table quarantine.row is 'Rows held back, as they came; resolved once a later delivery no longer breaks the rule';
-- Withdrawing that batch holds the row again.
comment on column quarantine.row.resolved_batch is 'The batch whose delivery answered the row';

create table if not exists quarantine.fault (
    row_id bigint not null references quarantine.row on delete cascade,
    rule_id text not null,
    column_name text,
    value text,
    primary key (row_id, rule_id)
);
comment on table quarantine.fault is 'One broken rule of one held row, with the value as it came';

create table if not exists ops.seed (
    seed text primary key,
    digest text not null,
    row_count bigint not null,
    loaded_at timestamptz not null default now()
);
comment on table ops.seed is 'Reference files as they were loaded last';
