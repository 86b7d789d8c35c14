-- Stewards decide about persons through these functions alone: no table is granted to them, and what they do is noted
-- under their login. Engineers, who read every layer, may call what shows no value; staff may call none of them.
do $$
begin
    perform pg_advisory_xact_lock(hashtext('lienthong roles')); -- roles belong to the whole server
    if not exists (select from pg_roles where rolname = 'lienthong_steward') then
        create role lienthong_steward nologin;
    end if;
end
$$;

grant usage on schema identity to lienthong_steward;

do $$
declare
    shown_by constant regprocedure [] := array[
        'identity.queue(integer)', 'identity.conflicts(integer)', 'identity.decisions(text[], integer)',
        'identity.item_records(bigint)', 'identity.records_of_person(uuid)', 'identity.explain(text[])',
        'identity.show(text[])'
    ];
    decided_by constant regprocedure [] := array[
        'identity.reveal(text[], text)', 'identity.revealed(bigint)', 'identity.decide(text, text, text, text, text)',
        'identity.decide_item(bigint, text, text, text)', 'identity.split(uuid, text[], text, text)',
        'identity.undo(bigint, text, text)'
    ];
    called regprocedure;
begin
    foreach called in array shown_by || decided_by loop
        execute format('revoke all on function %s from public', called);
        execute format('grant execute on function %s to lienthong_steward', called);
    end loop;
    foreach called in array shown_by loop
        execute format('grant execute on function %s to lienthong_engineer', called);
    end loop;
end
$$;
