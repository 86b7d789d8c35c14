-- Schemas in the order of a record's way, and the two roles of the first day.
create schema if not exists landing;
create schema if not exists raw;
create schema if not exists quarantine;
create schema if not exists reference;
create schema if not exists staging;
create schema if not exists intermediate;
create schema if not exists core;
create schema if not exists marts;
create schema if not exists history;
create schema if not exists published;
create schema if not exists identity;
create schema if not exists ops;
create schema if not exists access;

-- Equality inside exclusion constraints. Trusted: whoever may create a schema may create it, no superuser is needed.
create extension if not exists btree_gist with schema ops;
revoke execute on all functions in schema ops from public;

comment on schema landing is 'Deliveries as they came, one unlogged table a batch';
comment on schema raw is 'What every source said and when it said it';
comment on schema quarantine is 'Rows held back at intake, with the rule each one broke';
comment on schema reference is 'Code lists, administrative units and dated rules';
comment on schema history is 'Every value ever published, with the releases it stood in';
comment on schema published is 'Dữ liệu đã phát hành: nơi duy nhất cán bộ tra cứu';
comment on schema identity is 'Evidence, decisions and permanent ids of persons';
comment on schema ops is 'Batches, gate results, releases and the state of sources';

do $$
begin
    -- Roles belong to the whole server: two databases prepared at once must not collide.
    perform pg_advisory_xact_lock(hashtext('lienthong roles'));
    if not exists (select from pg_roles where rolname = 'lienthong_engineer') then
        create role lienthong_engineer nologin;
    end if;
    if not exists (select from pg_roles where rolname = 'lienthong_staff') then
        create role lienthong_staff nologin;
    end if;
end
$$;

revoke all on schema public from public;
grant usage on schema
landing, raw, quarantine, reference, staging, intermediate, core, marts, history, published, identity, ops
to lienthong_engineer;
grant usage on schema published to lienthong_staff;
