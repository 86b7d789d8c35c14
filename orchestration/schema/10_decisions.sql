-- What stewards decide about who is who. Functions, so that every program decides in the same way; clusters follow
-- when links are next brought up to date: at once by the command line, else in the night. Those that stewards call run
-- with the rights of the owner (12_stewards.sql says who may call them) and note the login beside the name given.

create table if not exists identity.decision (
    decision_id bigint generated always as identity primary key,
    verdict text not null check (verdict in ('same', 'different', 'cannot tell')),
    decided_by text not null,
    decided_login text default session_user,
    decided_at timestamptz not null default clock_timestamp(),
    reason text not null check (btrim(reason) <> ''),
    applied_at timestamptz,
    undone_by text,
    undone_login text,
    undone_at timestamptz,
    undo_reason text,
    undo_applied_at timestamptz
);
comment on table identity.decision is
'What a steward decided about pairs of records; no run overrules it, undone ones are kept';
comment on column identity.decision.decided_by is 'The name given with the decision';
comment on column identity.decision.decided_login is 'The login of the database that made it, whatever name was given';
comment on column identity.decision.undone_login is 'The login of the database that undid it';
comment on column identity.decision.applied_at is 'When clusters first followed it; null while it waits';

create table if not exists identity.decision_pair (
    decision_id bigint not null references identity.decision (decision_id),
    left_id bigint not null references identity.linkage_record (record_id),
    right_id bigint not null references identity.linkage_record (record_id) check (left_id < right_id),
    left_hash bigint not null,
    right_hash bigint not null,
    primary key (decision_id, left_id, right_id)
);
create index if not exists decision_pair_left on identity.decision_pair (left_id);
create index if not exists decision_pair_right on identity.decision_pair (right_id);
comment on table identity.decision_pair is 'The pairs a decision is about: one, or all pairs across a split';
comment on column identity.decision_pair.left_hash is
'The record as the steward saw it; “cannot tell” is asked again when it changes';

create or replace view identity.standing_decision as
select distinct on (p.left_id, p.right_id)
    p.left_id,
    p.right_id,
    d.verdict,
    d.decision_id
from identity.decision_pair as p
inner join identity.decision as d on p.decision_id = d.decision_id
inner join identity.linkage_record as a on p.left_id = a.record_id
inner join identity.linkage_record as b on p.right_id = b.record_id
where
    d.undone_at is null
    and d.applied_at is not null
    and (d.verdict <> 'cannot tell' or (a.row_hash = p.left_hash and b.row_hash = p.right_hash))
order by p.left_id, p.right_id, d.decision_id desc;
comment on view identity.standing_decision is 'Decisions that bind now, pair by pair';

-- A record is named source/record/key, as in 38/member/100003.
create or replace function identity.record_name(wanted bigint) returns text
language sql stable
return (
    select source || '/' || record || '/' || source_key from identity.linkage_record
    where record_id = wanted
);

create or replace function identity.record_id(name text) returns bigint
language plpgsql stable
as $$
declare
    found_id bigint;
begin
    select record_id into found_id from identity.linkage_record
    where source = split_part(name, '/', 1) and record = split_part(name, '/', 2)
        and source_key = substr(name, length(split_part(name, '/', 1)) + length(split_part(name, '/', 2)) + 3);
    if found_id is null then
        raise exception 'No record % is linked: name it source/record/key, as in 38/member/100003.', name
        using errcode = 'no_data_found';
    end if;
    return found_id;
end
$$;

-- All records that stewards said to be one with this one.
create or replace function identity.decided_same(wanted bigint) returns setof bigint
language sql stable
as $$
    with recursive same_pair as (
        select p.left_id, p.right_id from identity.decision_pair as p
        inner join identity.decision as d on p.decision_id = d.decision_id
        where d.verdict = 'same' and d.undone_at is null
    ),
    reached (record_id) as (
        select wanted
        union
        select case when s.left_id = r.record_id then s.right_id else s.left_id end
        from reached as r inner join same_pair as s on r.record_id in (s.left_id, s.right_id)
    )
    select record_id from reached
$$;

create or replace function identity.add_decision(
    left_ids bigint[], right_ids bigint[], decided_verdict text, why text, who text
) returns bigint
language plpgsql
as $$
declare
    given bigint;
begin
    if btrim(coalesce(why, '')) = '' then
        raise exception 'A decision needs a reason.' using errcode = 'invalid_parameter_value';
    end if;
    if decided_verdict not in ('same', 'different', 'cannot tell') then
        raise exception 'The verdict is same, different or cannot tell.' using errcode = 'invalid_parameter_value';
    end if;
    if left_ids && right_ids then
        raise exception 'A record cannot be compared with itself.' using errcode = 'invalid_parameter_value';
    end if;
    perform pg_advisory_xact_lock(hashtext('lienthong identity'));
    select d.decision_id into given
    from identity.decision as d inner join identity.decision_pair as p on d.decision_id = p.decision_id
    inner join unnest(left_ids) as l (id) on true
    inner join unnest(right_ids) as r (id) on p.left_id = least(l.id, r.id) and p.right_id = greatest(l.id, r.id)
    where d.undone_at is null and (d.verdict <> 'cannot tell' or exists (
        select 1 from identity.standing_decision as s where s.decision_id = d.decision_id
    ))
    limit 1;
    if given is not null then
        raise exception 'Decision % stands about this pair: undo it first.', given using errcode = 'unique_violation';
    end if;
    if decided_verdict = 'same' then
        select d.decision_id into given
        from identity.decision as d inner join identity.decision_pair as p on d.decision_id = p.decision_id
        inner join identity.decided_same(left_ids[1]) as l (id) on true
        inner join identity.decided_same(right_ids[1]) as r (id)
            on p.left_id = least(l.id, r.id) and p.right_id = greatest(l.id, r.id)
        where d.undone_at is null and d.verdict = 'different'
        limit 1;
    elsif decided_verdict = 'different' then
        select min(d.decision_id) into given
        from identity.decision as d inner join identity.decision_pair as p on d.decision_id = p.decision_id
        where d.undone_at is null and d.verdict = 'same' and exists (
            select 1 from unnest(left_ids) as l (id)
            inner join unnest(right_ids) as r (id) on r.id in (select identity.decided_same(l.id))
        ) and p.left_id in (select identity.decided_same(x) from unnest(left_ids) as x);
    end if;
    if given is not null then
        raise exception 'This contradicts decision %: undo that first.', given using errcode = 'unique_violation';
    end if;
    insert into identity.decision (verdict, decided_by, reason) values (decided_verdict, who, why)
    returning decision_id into given;
    insert into identity.decision_pair
    select given, a.record_id, b.record_id, a.row_hash, b.row_hash
    from unnest(left_ids) as l (id)
    inner join unnest(right_ids) as r (id) on true
    inner join identity.linkage_record as a on a.record_id = least(l.id, r.id)
    inner join identity.linkage_record as b on b.record_id = greatest(l.id, r.id);
    return given;
end
$$;

-- The two records of an item that waits in the queue.
create or replace function identity.item_records(item bigint) returns table (left_record text, right_record text)
language plpgsql stable security definer set search_path = identity, pg_temp
as $$
begin
    return query
    select identity.record_name(i.left_id), identity.record_name(i.right_id)
    from identity.review_item as i where i.item_id = item and i.closed_at is null;
    if not found then
        raise exception 'No item % waits in the queue.', item using errcode = 'no_data_found';
    end if;
end
$$;

-- Decide whether two records are one person; returns the number of the decision.
create or replace function identity.decide(
    left_record text, right_record text, verdict text, reason text, decided_by text default session_user
) returns bigint
language sql security definer set search_path = identity, pg_temp
return identity.add_decision(
    array[identity.record_id(left_record)], array[identity.record_id(right_record)], verdict, reason, decided_by
);

-- Decide about the pair of an item of the queue.
create or replace function identity.decide_item(
    item bigint, verdict text, reason text, decided_by text default session_user
) returns bigint
language sql security definer set search_path = identity, pg_temp
as $$
    select identity.decide(pair.left_record, pair.right_record, verdict, reason, decided_by)
    from identity.item_records(item) as pair
$$;

-- Take these records out of a person: different from each record that stays.
create or replace function identity.split(
    person uuid, records text[], reason text, decided_by text default session_user
) returns bigint
language plpgsql security definer set search_path = identity, pg_temp
as $$
declare
    outside bigint[] := array(select identity.record_id(name) from unnest(records) as name);
    held bigint[] := array(
        select r.record_id from identity.linkage_record as r
        inner join identity.person_link as l using (source, record, source_key)
        where l.person_id = person
    );
    inside bigint[] := array(select id from unnest(held) as id where id <> all (outside));
begin
    if cardinality(outside) = 0 or cardinality(inside) = 0 or not outside <@ held then
        raise exception 'Name some, not all, of the records of person %.', person
        using errcode = 'invalid_parameter_value';
    end if;
    return identity.add_decision(outside, inside, 'different', reason, decided_by);
end
$$;

-- Take a decision back; it stays on record with who undid it and why.
create or replace function identity.undo(decision bigint, reason text, undone_by text default session_user) returns void
language plpgsql security definer set search_path = identity, pg_temp
as $$
begin
    if btrim(coalesce(reason, '')) = '' then
        raise exception 'Undoing needs a reason.' using errcode = 'invalid_parameter_value';
    end if;
    perform pg_advisory_xact_lock(hashtext('lienthong identity'));
    update identity.decision as d
    set undone_at = clock_timestamp(), undone_by = undo.undone_by, undone_login = session_user,
        undo_reason = undo.reason
    where d.decision_id = undo.decision and d.undone_at is null;
    if not found then
        raise exception 'Decision % does not stand.', decision using errcode = 'no_data_found';
    end if;
end
$$;
