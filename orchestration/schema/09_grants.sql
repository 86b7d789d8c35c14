-- What engineers read: every layer, never writing. Tables made later, by dbt too, are covered by the defaults.
do $$
declare
    layer text;
    found_relation regclass;
begin
    foreach layer in array array[
        'raw', 'quarantine', 'reference', 'staging', 'intermediate', 'core', 'marts', 'history', 'published', 'identity',
        'ops'
    ] loop
        execute format('alter default privileges in schema %I grant select on tables to lienthong_engineer', layer);
        for found_relation in
            select c.oid from pg_class as c
            where c.relnamespace = layer::regnamespace and c.relkind in ('r', 'v', 'm', 'p')
            and not has_table_privilege('lienthong_engineer', c.oid, 'select')
        loop
            execute format('grant select on %s to lienthong_engineer', found_relation);
        end loop;
    end loop;
end
$$;
