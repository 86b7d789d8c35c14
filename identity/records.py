"""The records that are linked: open rows of members and cadres with what linkage compares, kept between nights.

`identity.linkage_record` is brought up to date by difference; the temporary table `dirty` names the records
whose pairs must be weighed again, `vanished` those that are no longer delivered.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import psycopg

from identity.bulk import filling
from identity.changes import Linked, find_changes, linked_last, linked_now
from identity.near import find_near
from identity.person_ids import release_reused_keys
from identity.rekeyed import follow_new_keys

if TYPE_CHECKING:
    import pyarrow as pa

    from identity.model import BlockingRule

ROWS_THAT_AGE_STATISTICS = 20_000  # more changed rows than this ask for fresh ones

_COMPARED = (
    "name_key", "plain_key", "other_name_key", "sex", "birth_date", "birth_precision", "personal_id",
    "party_card_no", "old_identity_no", "old_party_card_no", "hometown_units", "hometown_provinces", "admission_date",
)  # fmt: skip

_VANISHED = """
create temporary table vanished on commit drop as
select record_id, known.personal_id, known.old_identity_no, known.old_party_card_no
from changed_row inner join identity.linkage_record as known using (record_id) where not told
"""

_WRITTEN = ("batch", "row_hash", "id_verdict", *_COMPARED)

_OVERWRITE = f"""
update identity.linkage_record as r
set present = true, {", ".join(f"{c} = changed_row.{c}" for c in _WRITTEN)}
from changed_row where changed_row.told and r.record_id = changed_row.record_id
"""

#: Numbers are given in the order of the keys, so that the order in which records arrive decides nothing.
_ADD = f"""
insert into identity.linkage_record (source, record, source_key, present, {", ".join(_WRITTEN)})
select source, record, source_key, true, {", ".join(_WRITTEN)} from changed_row where record_id is null
"""

#: Changed rows that say nothing else of what linkage compares: their pairs weigh what they did.
_SAME_TO_COMPARE = f"""
create temporary table same_to_compare on commit drop as
select record_id from changed_row inner join identity.linkage_record as known using (record_id)
where changed_row.told and known.present
    and (changed_row.id_verdict, {", ".join(f"changed_row.{c}" for c in _COMPARED)})
    is not distinct from (known.id_verdict, {", ".join(f"known.{c}" for c in _COMPARED)})
"""

#: Numbers that changed and vanished records hold no longer (`gone`), and those that they hold now instead.
_OTHER_NUMBERS = """
create temporary table other_number on commit drop as
select said.kind, told.number, told.gone
from (
    select record_id, personal_id, old_identity_no, old_party_card_no from changed_row where told
    union all select record_id, null, null, null from vanished
) as now
inner join identity.linkage_record as r using (record_id)
cross join lateral (
    values ('personal_id', r.personal_id, now.personal_id), ('old_identity_no', r.old_identity_no, now.old_identity_no),
        ('old_party_card_no', r.old_party_card_no, now.old_party_card_no)
) as said (kind, before, now)
cross join lateral (values (case when r.present then said.before end, 1), (said.now, 0)) as told (number, gone)
where told.number is not null and (not r.present or said.before is distinct from said.now)
"""

#: Numbers whose holders are others than before; and of ids each that a dirty record holds, for its verdict is to come.
_TOUCHED_NUMBERS = """
create temporary table touched_number on commit drop as
select kind, number, sum(gone)::bigint as gone from (
    select kind, number, gone from other_number
    union all
    select told.kind, told.number, 0 from changed_row as new
    cross join lateral (
        values ('old_identity_no', new.old_identity_no), ('old_party_card_no', new.old_party_card_no)
    ) as told (kind, number)
    where new.record_id is null and told.number is not null
    union all
    select 'personal_id', r.personal_id, 0 from (select record_id from dirty union all select record_id from new_key)
    inner join identity.linkage_record as r using (record_id) where r.personal_id is not null
) as said group by kind, number
"""

#: Where every record is dirty, only ids of several records can have another verdict or be a conflict.
_NUMBERS_OF_SEVERAL = """
create temporary table touched_number on commit drop as
select 'personal_id' as kind, personal_id as number, 0::bigint as gone from identity.linkage_record
where present and personal_id is not null group by personal_id having count(*) > 1
union
select kind, number, 0 from other_number where kind = 'personal_id'
"""

#: Verdicts count holders, so they can change for records that nobody touched.
_VERDICTS = """
with held as (
    select t.number, count(*) as holders from touched_number as t
    inner join identity.linkage_record as r on r.personal_id = t.number
    where t.kind = 'personal_id' and r.present group by t.number
    having count(*) > {most_holders} or bool_or(r.id_verdict = 'shared by too many')
), changed as (
update identity.linkage_record as r set id_verdict = said.verdict
from (
    select
        r.record_id,
        identity.personal_id_verdict(
            r.personal_id, r.sex, r.birth_date, p.prefix is not null, h.holders, {most_holders}
        ) as verdict
    from held as h
    inner join identity.linkage_record as r on r.personal_id = h.number
    left join reference.identity_prefix as p on p.prefix = left(h.number, 3)
    where r.present
) as said
where r.record_id = said.record_id and r.id_verdict is distinct from said.verdict
returning r.record_id
)
insert into dirty select record_id from changed on conflict do nothing
"""

_ALL_DIRTY = "insert into dirty select record_id from identity.linkage_record where present"

_DIRTY = """
insert into dirty
select record_id from changed_row
where told and record_id is not null and record_id not in (select record_id from same_to_compare)
union all
select r.record_id from changed_row as c inner join identity.linkage_record as r using (source, record, source_key)
where c.told and c.record_id is null
"""

_CROWDED = """
insert into dirty
select r.record_id from (
    select t.kind, t.number from touched_number as t
    inner join identity.linkage_record as r on r.{kind} = t.number and r.present
    where t.kind = '{kind}' group by t.kind, t.number, t.gone having count(*) + t.gone > %s
) as crowded
inner join identity.linkage_record as r on r.{kind} = crowded.number and r.present
on conflict do nothing
"""


@dataclass(frozen=True)
class Refreshed:
    """How many records must be weighed again, are gone since, and carry a key of another person; what is linked."""

    dirty: int
    vanished: int
    reused: int
    linked: Linked


def refresh_records(
    connection: psycopg.Connection, most_holders: int, business_date: date, *, everything: bool
) -> Refreshed:
    """Bring identity.linkage_record up to date with raw; fill `dirty (record_id)` and `vanished`.

    A record is dirty when what linkage compares is new; with `everything` each open record is read again and dirty.
    """
    linked = find_changes(connection, linked_last(connection), everything=everything)
    connection.execute(_VANISHED)
    follow_new_keys(connection, business_date)
    reused = release_reused_keys(connection, business_date)
    connection.execute(_SAME_TO_COMPARE)
    connection.execute(_OTHER_NUMBERS)
    connection.execute("create temporary table dirty (record_id bigint primary key) on commit drop")
    with filling(connection, "identity.linkage_record") as empty:
        written = connection.execute(_OVERWRITE).rowcount + connection.execute(_ADD).rowcount
    vanished = connection.execute(
        "update identity.linkage_record as r set present = false from vanished where vanished.record_id = r.record_id"
    ).rowcount
    if written > ROWS_THAT_AGE_STATISTICS and not empty:
        connection.execute("analyze identity.linkage_record")
    connection.execute(_ALL_DIRTY if everything else _DIRTY)
    _number_verdicts(connection, most_holders, everything=everything)
    connection.execute("analyze dirty")
    row = connection.execute("select count(*) from dirty").fetchone()
    assert row is not None
    return Refreshed(int(row[0]), vanished, reused, linked or linked_now(connection))


def _number_verdicts(connection: psycopg.Connection, most_holders: int, *, everything: bool) -> None:
    """Verdicts of ids that changed hands; a record under a new key is among them, for its conflicts have a new name."""
    connection.execute(_NUMBERS_OF_SEVERAL if everything else _TOUCHED_NUMBERS)
    connection.execute("create index on touched_number (number); analyze touched_number")
    connection.execute(_VERDICTS.format(most_holders=int(most_holders)))
    for kind in () if everything else ("old_identity_no", "old_party_card_no"):
        connection.execute(_CROWDED.format(kind=kind), [most_holders])


_ALL = "select * from identity.linkage_record where present"
_NEAR = "select r.* from near_record inner join identity.linkage_record as r using (record_id) where r.present"

#: A number on too many records identifies nobody, whichever of them are loaded.
_COMPARABLE = """
with loaded as ({loaded}), crowded_identity as materialized (
    select old_identity_no from identity.linkage_record
    where present and old_identity_no is not null {identity_asked}
    group by old_identity_no having count(*) > {most_holders}
), crowded_card as materialized (
    select old_party_card_no from identity.linkage_record
    where present and old_party_card_no is not null {card_asked}
    group by old_party_card_no having count(*) > {most_holders}
)
select {columns} from loaded as r
"""

_HELD_BY_LOADED = "and {0} in (select {0} from loaded)"

_UNCROWDED = {
    "old_identity_no": "case when r.old_identity_no not in (table crowded_identity) then r.old_identity_no end",
    "old_party_card_no": "case when r.old_party_card_no not in (table crowded_card) then r.old_party_card_no end",
}


def load_compared(
    connection: psycopg.Connection, most_holders: int, near: tuple[Sequence[int], Iterable[BlockingRule]] | None = None
) -> pa.Table:
    """Open records as linkage records (LINKAGE_RECORD): all, or those near changed ones by a blocking rule."""
    import pyarrow.csv

    from identity.features import LINKAGE_RECORD

    loaded, asked = _ALL, ""
    if near:
        find_near(connection, *near)
        loaded, asked = _NEAR, _HELD_BY_LOADED
    query = _COMPARABLE.format(
        columns=", ".join(_UNCROWDED.get(name, f"r.{name}") for name in LINKAGE_RECORD.names),
        most_holders=int(most_holders),
        identity_asked=asked.format("old_identity_no"),
        card_asked=asked.format("old_party_card_no"),
        loaded=loaded,
    )
    text = io.BytesIO()
    with connection.cursor().copy(f"copy ({query}) to stdout (format csv)") as copy:
        for block in copy:
            text.write(block)
    text.seek(0)
    if not text.getbuffer().nbytes:
        return LINKAGE_RECORD.empty_table()
    return pyarrow.csv.read_csv(
        text,
        read_options=pyarrow.csv.ReadOptions(column_names=LINKAGE_RECORD.names),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=LINKAGE_RECORD, strings_can_be_null=True, quoted_strings_can_be_null=False, null_values=[""]
        ),
    )
