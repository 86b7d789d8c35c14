-- What stewards decide about who is who. Functions, so that every program decides in the same way; clusters follow
-- when links are next brought up to date: at once by the command line, else in the night.

create table if not exists identity.decision (
    decision_id bigint generated always as identity primary key,
    verdict text not null check (verdict in ('same', 'different', 'cannot tell')),
    decided_by text not null,
    decided_at timestamptz not null default clock_timestamp(),
    reason text not null check (btrim(reason) <> ''),
    applied_at timestamptz,
    undone_by text,
    undone_at timestamptz,
    undo_reason text,
    undo_applied_at timestamptz
);
comment on table identity.decision is 'What a steward decided about pairs of records; no run overrules it, undone ones are kept';
comment on column identity.decision.applied_at is 'When clusters first followed it; null while it waits';

create table if not exists identity.decision_pair (
    decision_id bigint not null references identity.decision (decision_id),
    left_id bigint not null references identity.linkage_record (record_id),
    right_id bigint not null references identity.linkage_record (record_id) check (left_id < right_id),
    left_hash uuid not null,
    right_hash uuid not null,
    primary key (decision_id, left_id, right_id)
);
create index if not exists decision_pair_left on identity.decision_pair (left_id);
create index if not exists decision_pair_right on identity.decision_pair (right_id);
comment on table identity.decision_pair is 'The pairs a decision is about: one, or all pairs across a split';
comment on column identity.decision_pair.left_hash is 'The record as the steward saw it; “cannot tell” is asked again when it changes';

create table if not exists identity.reveal (
    reveal_id bigint generated always as identity primary key,
    revealed_by text not null,
    revealed_at timestamptz not null default clock_timestamp(),
    person_id uuid,
    records text [] not null
);
comment on table identity.reveal is 'Who had personal values shown in full, of whom and when; the values themselves are not kept';

create or replace view identity.standing_decision as
select distinct on (p.left_id, p.right_id) p.left_id, p.right_id, d.verdict, d.decision_id
from identity.decision_pair as p
inner join identity.decision as d on p.decision_id = d.decision_id
inner join identity.linkage_record as a on p.left_id = a.record_id
inner join identity.linkage_record as b on p.right_id = b.record_id
where d.undone_at is null and d.applied_at is not null
    and (d.verdict <> 'cannot tell' or (a.row_hash = p.left_hash and b.row_hash = p.right_hash))
order by p.left_id, p.right_id, d.decision_id desc;
comment on view identity.standing_decision is 'Decisions that bind now, pair by pair';

-- A record is named source/record/key, as in 38/member/100003.
create or replace function identity.record_name(wanted bigint) returns text
language sql stable
return (select source || '/' || record || '/' || source_key from identity.linkage_record where record_id = wanted);

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
    left_ids bigint [], right_ids bigint [], decided_verdict text, why text, who text
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

-- Decide whether two records are one person; returns the number of the decision.
create or replace function identity.decide(
    left_record text, right_record text, verdict text, reason text, decided_by text default session_user
) returns bigint
language sql
return identity.add_decision(
    array[identity.record_id(left_record)], array[identity.record_id(right_record)], verdict, reason, decided_by
);

-- Take these records out of a person: different from each record that stays.
create or replace function identity.split(
    person uuid, records text [], reason text, decided_by text default session_user
) returns bigint
language plpgsql
as $$
declare
    outside bigint [] := array(select identity.record_id(name) from unnest(records) as name);
    held bigint [] := array(
        select r.record_id from identity.linkage_record as r
        inner join identity.person_link as l using (source, record, source_key)
        where l.person_id = person
    );
    inside bigint [] := array(select id from unnest(held) as id where id <> all (outside));
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
language plpgsql
as $$
begin
    if btrim(coalesce(reason, '')) = '' then
        raise exception 'Undoing needs a reason.' using errcode = 'invalid_parameter_value';
    end if;
    perform pg_advisory_xact_lock(hashtext('lienthong identity'));
    update identity.decision as d
    set undone_at = clock_timestamp(), undone_by = undo.undone_by, undo_reason = undo.reason
    where d.decision_id = undo.decision and d.undone_at is null;
    if not found then
        raise exception 'Decision % does not stand.', decision using errcode = 'no_data_found';
    end if;
end
$$;

-- Values of a personal kind show their length and ends at most; years stay, for a steward to compare.
create or replace function identity.mask(attribute text, value text) returns text
language sql immutable
return case
    when value is null or attribute in ('sex', 'admission_date', 'birth_date_precision') then value
    when attribute = 'birth_date' then left(value, 4) || '-**-**'
    when attribute in ('full_name', 'other_name') then regexp_replace(value, '(\S)\S*', '\1.', 'g')
    else repeat('*', greatest(length(value) - 2, 1)) || right(value, 2)
end;

-- The records of a person or of a pair side by side, one row a value. Masked unless revealed, which is kept on record.
create or replace function identity.show(
    record_names text [], reveal boolean default false, who text default session_user
) returns table (attribute text, source text, record text, source_key text, person_id uuid, value text)
language plpgsql
as $$
begin
    if reveal then
        insert into identity.reveal (revealed_by, records) values (who, record_names);
    end if;
    return query
    with wanted as (
        select r.* from unnest(record_names) as name
        inner join identity.linkage_record as r on r.record_id = identity.record_id(name)
    ),
    said as (
        select w.source, w.record, w.source_key, to_jsonb(m) as row_said from wanted as w
        inner join raw.member as m on w.record = 'member' and m.source = w.source and m.source_key = w.source_key
            and m.last_batch is null
        union all
        select w.source, w.record, w.source_key, to_jsonb(c) from wanted as w
        inner join raw.cadre as c on w.record = 'cadre' and c.source = w.source and c.source_key = w.source_key
            and c.last_batch is null
    )
    select
        kind.attribute, s.source, s.record, s.source_key, l.person_id,
        case when reveal then s.row_said ->> kind.attribute else identity.mask(kind.attribute, s.row_said ->> kind.attribute)
        end
    from said as s
    inner join unnest(array[
        'full_name', 'other_name', 'sex', 'birth_date', 'birth_date_precision', 'personal_id', 'old_identity_no',
        'party_card_no', 'old_party_card_no', 'hometown_code', 'admission_date'
    ]) with ordinality as kind (attribute, place) on true
    left join identity.person_link as l
        on s.source = l.source and s.record = l.record and s.source_key = l.source_key
    order by kind.place, s.source, s.record, s.source_key;
end
$$;

-- All evidence about the records, standing or not, with the waterfall in bits.
create or replace function identity.explain(record_names text [])
returns table (
    left_record text, right_record text, method text, weight double precision, probability double precision,
    vector jsonb, rule_version text, decided_at timestamptz, withdrawn_at timestamptz, broken text
)
language sql stable
as $$
    select
        identity.record_name(e.left_id), identity.record_name(e.right_id), e.method, e.weight, e.probability, e.vector,
        e.rule_version, e.decided_at, e.withdrawn_at, b.reason
    from identity.evidence as e
    left join identity.broken_evidence as b on e.left_id = b.left_id and e.right_id = b.right_id
    where e.left_id in (select identity.record_id(name) from unnest(record_names) as name)
        and e.right_id in (select identity.record_id(name) from unnest(record_names) as name)
    order by e.withdrawn_at desc nulls first, e.weight desc
$$;

-- What waits for a steward, the pair on which most depends first.
create or replace function identity.queue(at_most integer default 40)
returns table (
    item_id bigint, left_record text, right_record text, reason text, weight double precision, method text,
    dependants bigint, first_seen timestamptz
)
language plpgsql stable
as $$
begin
    return query
    with side as (
        select i.item_id, l.person_id from identity.review_item as i
        inner join identity.linkage_record as r on r.record_id in (i.left_id, i.right_id)
        inner join identity.person_link as l
            on r.source = l.source and r.record = l.record and r.source_key = l.source_key
        where i.closed_at is null
    ),
    held as (
        select s.item_id, l.source, l.record, l.source_key
        from side as s inner join identity.person_link as l on s.person_id = l.person_id
    ),
    of_cadre as (
        select source, cadre_key, last_batch from raw.position_assignment
        union all select source, cadre_key, last_batch from raw.evaluation
        union all select source, cadre_key, last_batch from raw.planning
        union all select source, cadre_key, last_batch from raw.training
        union all select source, cadre_key, last_batch from raw.award
        union all select source, cadre_key, last_batch from raw.discipline
    ),
    depending as (
        select h.item_id from held as h
        union all
        select h.item_id from held as h inner join of_cadre as t
            on h.record = 'cadre' and t.source = h.source and t.cadre_key = h.source_key and t.last_batch is null
        union all
        select h.item_id from held as h inner join raw.membership_transfer as t
            on h.record = 'member' and t.source = h.source and t.member_key = h.source_key and t.last_batch is null
    )
    select
        i.item_id, identity.record_name(i.left_id), identity.record_name(i.right_id), i.reason, i.weight, i.method,
        count(d.item_id), i.first_seen
    from identity.review_item as i
    left join depending as d on i.item_id = d.item_id
    where i.closed_at is null
    group by i.item_id
    order by count(d.item_id) desc, i.weight desc, i.item_id
    limit at_most;
end
$$;
