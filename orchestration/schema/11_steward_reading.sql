-- What stewards see: the queue, conflicts, past decisions, records side by side and the evidence between them. Masked,
-- and in full only where the look is on record.

create table if not exists identity.reveal (
    reveal_id bigint generated always as identity primary key,
    revealed_by text not null,
    revealed_login text default session_user,
    revealed_at timestamptz not null default clock_timestamp(),
    revealed_in xid8 default pg_current_xact_id(),
    person_ids uuid[],
    records text[] not null
);
comment on table identity.reveal is
'Who had personal values shown in full, of whom and when; the values themselves are not kept';
comment on column identity.reveal.revealed_by is 'The name given with the request';
comment on column identity.reveal.revealed_login is
'The login of the database that asked, and that alone is shown the values';
comment on column identity.reveal.revealed_in is
'Transaction that noted the look; nothing is shown before it is committed';
comment on column identity.reveal.person_ids is 'The persons whose records these were at that moment';

-- Values of a personal kind show their length and ends at most; years stay, for a steward to compare.
create or replace function identity.mask(attribute text, value text) returns text
language sql immutable
return case
    when value is null or attribute in ('sex', 'admission_date', 'birth_date_precision', 'personal_id_verdict')
        then value
    when attribute = 'birth_date' then left(value, 4) || '-**-**'
    when attribute in ('full_name', 'other_name') then regexp_replace(value, '(\S)\S*', '\1.', 'g')
    else repeat('*', greatest(length(value) - 2, 1)) || right(value, 2)
end;

-- personal_id_verdict: what linkage found of the personal id (valid, or the first thing that is wrong), and of a valid one
-- whether it is judged not to be that of its person (mistyped_number, second_number).
create or replace function identity.values_of(record_names text[], in_full boolean)
returns table (attribute text, source text, record text, source_key text, person_id uuid, value text)
language sql stable
as $$
    with wanted as (
        select
            r.source, r.record, r.source_key,
            jsonb_build_object('personal_id_verdict', coalesce(o.reason, r.id_verdict)) as found
        from unnest(record_names) as name
        inner join identity.linkage_record as r on r.record_id = identity.record_id(name)
        left join identity.overruled_id as o using (source, record, source_key)
    ),
    said as (
        select w.source, w.record, w.source_key, to_jsonb(m) || w.found as row_said from wanted as w
        inner join raw.member as m on w.record = 'member' and m.source = w.source and m.source_key = w.source_key
            and m.last_batch is null
        union all
        select w.source, w.record, w.source_key, to_jsonb(c) || w.found from wanted as w
        inner join raw.cadre as c on w.record = 'cadre' and c.source = w.source and c.source_key = w.source_key
            and c.last_batch is null
    )
    select
        kind.attribute, s.source, s.record, s.source_key, l.person_id,
        case
            when in_full then s.row_said ->> kind.attribute
            else identity.mask(kind.attribute, s.row_said ->> kind.attribute)
        end
    from said as s
    inner join unnest(array[
        'full_name', 'other_name', 'sex', 'birth_date', 'birth_date_precision', 'personal_id', 'personal_id_verdict',
        'old_identity_no', 'party_card_no', 'old_party_card_no', 'hometown_code', 'admission_date'
    ]) with ordinality as kind (attribute, place) on true
    left join identity.person_link as l
        on s.source = l.source and s.record = l.record and s.source_key = l.source_key
    order by kind.place, s.source, s.record, s.source_key;
$$;

-- The records of a person or of a pair side by side, one row a value, masked.
create or replace function identity.show(record_names text[])
returns table (attribute text, source text, record text, source_key text, person_id uuid, value text)
language sql stable security definer set search_path = identity, pg_temp
as $$
    select * from identity.values_of(record_names, false)
$$;

-- Values in full take two steps, so that nobody sees them and takes the note of it back: identity.reveal() notes who
-- looks at whom and returns a number; once that is committed, identity.revealed() shows the values to the same login.
create or replace function identity.reveal(record_names text[], who text default session_user) returns bigint
language sql security definer set search_path = identity, pg_temp
as $$
    insert into identity.reveal (revealed_by, records, person_ids)
    select who, record_names, array(
        select distinct l.person_id from unnest(record_names) as name
        inner join identity.linkage_record as r on r.record_id = identity.record_id(name)
        inner join identity.person_link as l using (source, record, source_key)
        order by l.person_id
    )
    returning reveal_id
$$;

create or replace function identity.revealed(look bigint)
returns table (attribute text, source text, record text, source_key text, person_id uuid, value text)
language plpgsql security definer set search_path = identity, pg_temp
as $$
declare
    noted identity.reveal;
begin
    select * into noted from identity.reveal as r
    where r.reveal_id = look and r.revealed_login = session_user
        and r.revealed_at > clock_timestamp() - interval '15 minutes';
    if not found then
        raise exception 'Look % is not yours or is over: ask for another by identity.reveal().', look
        using errcode = 'no_data_found';
    end if;
    if pg_xact_status(noted.revealed_in) is distinct from 'committed' then
        raise exception 'Look % is not on record yet: commit first.', look using errcode = 'invalid_parameter_value';
    end if;
    return query select * from identity.values_of(noted.records, true);
end
$$;

-- All evidence about the records, standing or not, with the waterfall in bits.
create or replace function identity.explain(record_names text[])
returns table (
    left_record text, right_record text, method text, weight double precision, probability double precision,
    vector jsonb, rule_version text, decided_at timestamptz, withdrawn_at timestamptz, broken text
)
language sql stable security definer set search_path = identity, pg_temp
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

-- Names of the records of a person; an id that was merged leads to where it went.
create or replace function identity.records_of_person(person uuid) returns setof text
language plpgsql stable security definer set search_path = identity, pg_temp
as $$
begin
    return query
    with recursive here (person_id) as (
        select person
        union
        select p.redirect_to from here inner join identity.person as p on here.person_id = p.person_id
        where p.redirect_to is not null
    )
    select l.source || '/' || l.record || '/' || l.source_key as name
    from here inner join identity.person_link as l on here.person_id = l.person_id
    order by name;
    if not found then
        raise exception 'No record belongs to person %.', person using errcode = 'no_data_found';
    end if;
end
$$;

-- What waits for a steward, the pair on which most depends first.
create or replace function identity.queue(at_most integer default 40)
returns table (
    item_id bigint, left_record text, right_record text, reason text, weight double precision, method text,
    dependants bigint, first_seen timestamptz
)
language plpgsql stable security definer set search_path = identity, pg_temp
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
    of_member as (
        select source, member_key, last_batch from raw.membership_transfer
        union all select source, member_key, last_batch from raw.evaluation
        union all select source, member_key, last_batch from raw.award
        union all select source, member_key, last_batch from raw.discipline
    ),
    depending as (
        select h.item_id from held as h
        union all
        select h.item_id from held as h inner join of_cadre as t
            on h.record = 'cadre' and t.source = h.source and t.cadre_key = h.source_key and t.last_batch is null
        union all
        select h.item_id from held as h inner join of_member as t
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

-- What contradicts itself and only the source can set right: first a key that now names another person than before (left:
-- who it was, right: who it is), then a number of two people, and last a valid number that is judged not to be that of
-- its person (left) beside the one that stands (right).
create or replace function identity.conflicts(at_most integer default 40)
returns table (
    conflict_id bigint, reason text, left_record text, right_record text, left_person uuid, right_person uuid,
    found_at timestamptz
)
language sql stable security definer set search_path = identity, pg_temp
as $$
    select
        c.conflict_id, c.reason,
        c.left_source || '/' || c.left_record || '/' || c.left_key,
        c.right_source || '/' || c.right_record || '/' || c.right_key,
        case
            when c.reason = 'key_of_another_person' then (
                select e.person_id from identity.person_event as e
                where e.kind = 'record left' and e.source = c.left_source and e.record = c.left_record
                    and e.source_key = c.left_key
                order by e.event_id desc limit 1
            )
            else a.person_id
        end,
        b.person_id, c.found_at
    from identity.conflict as c
    left join identity.person_link as a
        on c.left_source = a.source and c.left_record = a.record and c.left_key = a.source_key
    left join identity.person_link as b
        on c.right_source = b.source and c.right_record = b.record and c.right_key = b.source_key
    where c.resolved_at is null
    order by
        c.reason <> 'key_of_another_person', c.reason in ('mistyped_number', 'second_number'), c.found_at desc,
        c.conflict_id
    limit at_most
$$;

-- What was decided about any of the records (about all where none are named), the newest first, one row a pair: a split
-- has several. A decision waits until clusters follow it, stands, has lapsed (“cannot tell” about a record that changed
-- since), or is undone.
create or replace function identity.decisions(records text[] default null, at_most integer default 40)
returns table (
    decision_id bigint, verdict text, left_record text, right_record text, reason text, decided_by text,
    decided_login text, decided_at timestamptz, standing text, undone_by text, undone_login text,
    undone_at timestamptz, undo_reason text
)
language sql stable security definer set search_path = identity, pg_temp
as $$
    with named as (
        select identity.record_id(name) as record_id from unnest(records) as name
    ),
    listed as (
        select d.* from identity.decision as d
        where records is null or d.decision_id in (
            select p.decision_id from named as n
            inner join identity.decision_pair as p on n.record_id in (p.left_id, p.right_id)
        )
        order by d.decision_id desc
        limit at_most
    )
    select
        d.decision_id, d.verdict, identity.record_name(p.left_id), identity.record_name(p.right_id), d.reason,
        d.decided_by, d.decided_login, d.decided_at,
        case
            when d.undone_at is not null then 'undone'
            when d.applied_at is null then 'waits'
            when exists (
                select 1 from identity.standing_decision as s
                where s.left_id = p.left_id and s.right_id = p.right_id and s.decision_id = d.decision_id
            ) then 'stands'
            else 'lapsed'
        end,
        d.undone_by, d.undone_login, d.undone_at, d.undo_reason
    from listed as d
    inner join identity.decision_pair as p on d.decision_id = p.decision_id
    order by d.decision_id desc, p.left_id, p.right_id
$$;
