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

revoke all on function
identity.queue(integer),
identity.conflicts(integer),
identity.item_records(bigint),
identity.records_of_person(uuid),
identity.explain(text[]),
identity.show(text[]),
identity.reveal(text[], text),
identity.revealed(bigint),
identity.decide(text, text, text, text, text),
identity.decide_item(bigint, text, text, text),
identity.split(uuid, text[], text, text),
identity.undo(bigint, text, text)
from public;

grant usage on schema identity to lienthong_steward;
grant execute on function
identity.queue(integer),
identity.conflicts(integer),
identity.item_records(bigint),
identity.records_of_person(uuid),
identity.explain(text[]),
identity.show(text[]),
identity.reveal(text[], text),
identity.revealed(bigint),
identity.decide(text, text, text, text, text),
identity.decide_item(bigint, text, text, text),
identity.split(uuid, text[], text, text),
identity.undo(bigint, text, text)
to lienthong_steward;

grant execute on function
identity.queue(integer),
identity.conflicts(integer),
identity.item_records(bigint),
identity.records_of_person(uuid),
identity.explain(text[]),
identity.show(text[])
to lienthong_engineer;
