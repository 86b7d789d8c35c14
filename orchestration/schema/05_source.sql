-- The registered sources, as models need them: whom to believe, and how old is too old.
create table if not exists ops.source (
    source text primary key,
    name text not null,
    level text not null check (level in ('province', 'central')),
    authority jsonb not null default '{}' check (jsonb_typeof(authority) = 'object'),
    freshness_hours numeric not null check (freshness_hours > 0),
    is_registered boolean not null default true
);
comment on table ops.source is 'Sources as the registry last named them; written at the start of every night';
comment on column ops.source.authority is 'By kind, 0 to 100: whose word counts where sources differ';
comment on column ops.source.is_registered is 'False once the registry no longer has the source; what it said stays';
