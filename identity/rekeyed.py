"""Records that came back under another key: renamed by their source, or taken over by another body.

A record that is not delivered any more and a new one of the same kind are one record where documents say so,
or where all that linkage compares is the same; and only where one person comes in question. Without documents
there must be as many records before as after. Then the record keeps its number, and with it its evidence, its
decisions and its person.
"""

from __future__ import annotations

from datetime import date

import psycopg

#: Compared besides the name, and one of them at least is known; a cadre record and a member record are never one.
_NUMBERS = ("personal_id", "party_card_no", "old_identity_no", "old_party_card_no")
_SAME = ("sex", "birth_date", "admission_date", *_NUMBERS)

_NEW_KEYS = f"""
insert into new_key
with fresh as (
    select * from changed_row where told and record_id is null and name_key is not null
), gone as materialized (
    select known.*, link.person_id from identity.linkage_record as known
    left join vanished using (record_id)
    inner join identity.person_link as link using (source, record, source_key)
    where not known.present or vanished.record_id is not null
), pair as (
    select gone.record_id, gone.person_id, fresh.source, fresh.record, fresh.source_key, true as by_document
    from fresh inner join gone on fresh.personal_id = gone.personal_id and fresh.record = gone.record
    where gone.id_verdict = 'valid' and (
        fresh.name_key = gone.name_key
        or (fresh.birth_date = gone.birth_date and fresh.birth_precision = 'D' and gone.birth_precision = 'D')
    )
    union
    select gone.record_id, gone.person_id, fresh.source, fresh.record, fresh.source_key, false
    from fresh inner join gone on fresh.name_key = gone.name_key and fresh.record = gone.record
    where fresh.birth_precision is not distinct from gone.birth_precision
        and {" and ".join(f"fresh.{c} is not distinct from gone.{c}" for c in _SAME)}
        and coalesce(fresh.birth_date::text, fresh.admission_date::text, {", ".join(f"fresh.{c}" for c in _NUMBERS)})
        is not null
), heir as (
    select
        source, record, source_key, min(person_id::text) as person,
        row_number() over (partition by min(person_id::text), record order by source, source_key) as place,
        count(*) over (partition by min(person_id::text), record) as heirs,
        bool_and(bool_or(by_document)) over (partition by min(person_id::text), record) as by_document
    from pair group by source, record, source_key having count(distinct person_id) = 1
), forebear as (
    select
        record_id, record, person_id::text as person,
        row_number() over (partition by person_id, record order by record_id) as place,
        count(*) over (partition by person_id, record) as forebears
    from (select distinct record_id, record, person_id from pair) as met
)
select record_id, heir.source, record, heir.source_key
from heir inner join forebear using (person, record, place)
where heirs <= forebears or by_document
"""

_FOLLOW = (
    """
    insert into identity.person_event (kind, person_id, source, record, source_key, from_key, business_date)
    select 'key changed', link.person_id, new.source, new.record, new.source_key,
        known.source || '/' || known.record || '/' || known.source_key, %(night)s
    from new_key as new
    inner join identity.linkage_record as known using (record_id)
    inner join identity.person_link as link
        on (link.source, link.record, link.source_key) = (known.source, known.record, known.source_key)
    """,
    """
    update identity.person_link as link set source = new.source, source_key = new.source_key
    from new_key as new inner join identity.linkage_record as known using (record_id)
    where (link.source, link.record, link.source_key) = (known.source, known.record, known.source_key)
    """,
    """
    update identity.linkage_record as known set source = new.source, source_key = new.source_key
    from new_key as new where known.record_id = new.record_id
    """,
    """
    update changed_row as c set record_id = new.record_id from new_key as new
    where (c.source, c.record, c.source_key) = (new.source, new.record, new.source_key)
    """,
    "delete from vanished where record_id in (select record_id from new_key)",
)


def follow_new_keys(connection: psycopg.Connection, business_date: date) -> int:
    """Give records of `changed_row` that came under another key the number they had; returns how many.

    Needs `changed_row` and `vanished` before identity.linkage_record is overwritten; leaves `new_key`.
    """
    connection.execute(
        "create temporary table new_key (record_id bigint, source text, record text, source_key text) on commit drop"
    )
    if connection.execute("select from changed_row where told and record_id is null limit 1").fetchone() is None:
        return 0
    if connection.execute("select from identity.linkage_record limit 1").fetchone() is None:
        return 0
    connection.execute("analyze vanished")
    renamed = connection.execute(_NEW_KEYS).rowcount
    for statement in _FOLLOW:
        connection.execute(statement, {"night": business_date})
    return renamed
