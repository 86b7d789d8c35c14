"""The records that are linked: open rows of members and cadres with what linkage compares, kept between nights.

`identity.linkage_record` is brought up to date by difference; the temporary table `dirty` names the records
whose pairs must be weighed again, `vanished` those that are no longer delivered.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from identity.bulk import filling
from identity.person_ids import release_reused_keys
from identity.rekeyed import follow_new_keys

if TYPE_CHECKING:
    import pyarrow as pa

    from identity.model import BlockingRule

RECORDS = ("member", "cadre")
ROWS_THAT_AGE_STATISTICS = 20_000  # more changed rows than this ask for fresh ones

_COMPARED = (
    "name_key", "plain_key", "other_name_key", "sex", "birth_date", "birth_precision", "personal_id",
    "party_card_no", "old_identity_no", "old_party_card_no", "hometown_units", "hometown_provinces", "admission_date",
)  # fmt: skip

_OPEN = """
select
    '{record}' as record, source, source_key, first_batch as batch, row_hash, full_name, other_name, sex, birth_date,
    birth_date_precision, personal_id, old_identity_no, {card} as party_card_no, old_party_card_no, hometown_code,
    admission_date
from raw.{record} where last_batch is null
"""

#: A hometown code may be of today, of before July 2025, or both: every commune and province it can mean.
_PLACES = """
    select
        code, string_agg(distinct unit, '|' order by unit) as units,
        string_agg(distinct province, '|' order by province) as provinces
    from (
        select code, code as unit, parent_code as province from reference.administrative_unit
        where code_set = '34' and level = 'commune'
        union
        select m.old_code, m.new_code, u.parent_code from reference.administrative_unit_mapping as m
        inner join reference.administrative_unit as u on m.new_code = u.code
        where m.level = 'commune' and u.code_set = '34' and u.level = 'commune'
        union
        select code, null, code from reference.administrative_unit where code_set = '34' and level = 'province'
        union
        select old_code, null, new_code from reference.administrative_unit_mapping where level = 'province'
    ) as meaning
    group by code
"""

_TOLD = " union all ".join(_OPEN.format(record=r, card=c) for r, c in (("member", "party_card_no"), ("cadre", "null")))

#: Open rows that are new or say something else, and records that are told no more (`told` is false), in the order of
#: the keys. One statement, so that workers share what is dear: keys of names, each made once thanks to the offset.
_CHANGED_ROWS = f"""
create temporary table changed_row on commit drop as
select
    named.*, identity.plain_key_of(named.name_key) as plain_key,
    place.units as hometown_units, place.provinces as hometown_provinces,
    identity.personal_id_verdict(named.personal_id, named.sex, named.birth_date, p.prefix is not null) as id_verdict
from (
    select
        told.source is not null as told, known.record_id, record, source, source_key, told.batch, told.row_hash,
        told.full_name, told.sex, told.birth_date, told.birth_date_precision as birth_precision, told.personal_id,
        told.old_identity_no, told.party_card_no, told.old_party_card_no, told.hometown_code, told.admission_date,
        identity.name_key(told.full_name) as name_key,
        case when told.other_name is not null then identity.name_key(told.other_name) end as other_name_key
    from ({_TOLD}) as told
    full join identity.linkage_record as known using (source, record, source_key)
    where case
        when told.source is null then known.present
        else %s or known.record_id is null or not known.present or known.batch <> told.batch
            or known.row_hash <> told.row_hash
    end
    offset bigint '0'
) as named
left join ({_PLACES}) as place on named.hometown_code = place.code
left join reference.identity_prefix as p on p.prefix = left(named.personal_id, 3)
order by source collate "C", record collate "C", source_key collate "C"
"""

_VANISHED = """
create temporary table vanished on commit drop as
select record_id, known.personal_id, known.old_identity_no, known.old_party_card_no
from changed_row inner join identity.linkage_record as known using (record_id) where not told
"""

#: Numbers are given in the order of the keys, so that the order in which records arrive decides nothing.
_WRITE = f"""
insert into identity.linkage_record (
    source, record, source_key, present, batch, row_hash, id_verdict, {", ".join(_COMPARED)}
)
select source, record, source_key, true, batch, row_hash, id_verdict, {", ".join(_COMPARED)} from changed_row where told
"""

_OVERWRITE = f"""
on conflict (source, record, source_key) do update
set present = true, batch = excluded.batch, row_hash = excluded.row_hash, id_verdict = excluded.id_verdict,
    {", ".join(f"{c} = excluded.{c}" for c in _COMPARED)}
"""

#: Changed rows that say nothing else of what linkage compares: their pairs weigh what they did.
_SAME_TO_COMPARE = f"""
create temporary table same_to_compare on commit drop as
select record_id from changed_row inner join identity.linkage_record as known using (record_id)
where changed_row.told and known.present
    and (changed_row.id_verdict, {", ".join(f"changed_row.{c}" for c in _COMPARED)})
    is not distinct from (known.id_verdict, {", ".join(f"known.{c}" for c in _COMPARED)})
"""

#: What changed and vanished records said before, so that numbers they no longer hold are counted again.
_OLD_NUMBERS = """
create temporary table old_number on commit drop as
select told.kind, told.number, 1 as gone
from (
    select record_id from changed_row where told and record_id is not null
    except select record_id from same_to_compare
    union all select record_id from vanished
) as said
inner join identity.linkage_record as r on said.record_id = r.record_id and r.present
cross join lateral (
    values ('personal_id', r.personal_id), ('old_identity_no', r.old_identity_no),
        ('old_party_card_no', r.old_party_card_no)
) as told (kind, number)
where told.number is not null
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
insert into dirty select r.record_id from changed_row as c
inner join identity.linkage_record as r on c.source = r.source and c.record = r.record and c.source_key = r.source_key
where c.told and r.record_id not in (select record_id from same_to_compare)
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
    """How many records are open, must be weighed again, are gone since, and carry a key of another person."""

    present: int
    dirty: int
    vanished: int
    reused: int


def refresh_records(
    connection: psycopg.Connection, most_holders: int, business_date: date, *, everything: bool
) -> Refreshed:
    """Bring identity.linkage_record up to date with raw; fill `dirty (record_id)` and `vanished`.

    A record is dirty when what linkage compares is new; with `everything` each open record is read again and dirty.
    """
    connection.execute("set local parallel_tuple_cost = 0.005")
    connection.execute("set local min_parallel_table_scan_size = 0")  # workers also while nothing is linked yet
    connection.execute(_CHANGED_ROWS, [everything])
    connection.execute("analyze changed_row")
    connection.execute(_VANISHED)
    follow_new_keys(connection, business_date)
    reused = release_reused_keys(connection, business_date)
    connection.execute(_SAME_TO_COMPARE)
    connection.execute(_OLD_NUMBERS)
    connection.execute("create temporary table dirty (record_id bigint primary key) on commit drop")
    with filling(connection, "identity.linkage_record") as empty:
        written = connection.execute(_WRITE if empty else _WRITE + _OVERWRITE).rowcount
    vanished = connection.execute(
        "update identity.linkage_record as r set present = false from vanished where vanished.record_id = r.record_id"
    ).rowcount
    if written > ROWS_THAT_AGE_STATISTICS:
        connection.execute("analyze identity.linkage_record")
    connection.execute(_ALL_DIRTY if everything else _DIRTY)
    _number_verdicts(connection, most_holders, everything=everything)
    connection.execute("analyze dirty")
    row = connection.execute(
        "select (select count(*) from identity.linkage_record where present), (select count(*) from dirty)"
    ).fetchone()
    assert row is not None
    return Refreshed(int(row[0]), int(row[1]), vanished, reused)


def _number_verdicts(connection: psycopg.Connection, most_holders: int, *, everything: bool) -> None:
    """Verdicts of ids that changed hands; a record under a new key is among them, for its conflicts have a new name."""
    connection.execute(
        """
        create temporary table touched_number on commit drop as
        select kind, number, sum(gone)::bigint as gone from (
            select kind, number, gone from old_number
            union all
            select told.kind, told.number, 0 from dirty
            inner join identity.linkage_record as r using (record_id)
            cross join lateral (
                values ('personal_id', r.personal_id), ('old_identity_no', r.old_identity_no),
                    ('old_party_card_no', r.old_party_card_no)
            ) as told (kind, number)
            where told.number is not null
            union all
            select 'personal_id', r.personal_id, 0 from new_key
            inner join identity.linkage_record as r using (record_id) where r.personal_id is not null
        ) as said group by kind, number
        having not %s or count(*) > 1 or sum(gone) > 0
        """,
        [everything],
    )
    connection.execute("create index on touched_number (number); analyze touched_number")
    connection.execute(_VERDICTS.format(most_holders=int(most_holders)))
    for kind in () if everything else ("old_identity_no", "old_party_card_no"):
        connection.execute(_CROWDED.format(kind=kind), [most_holders])


#: Keys that block records, where they are more than a column; as in `identity.features`, or coarser.
_BLOCKING_KEYS = {
    "birth_year": "date_part('year', r.birth_date)",
    "family": "split_part(r.plain_key, ' ', 1)",
    "given": "split_part(r.plain_key, ' ', -1)",
    "hometown_province": "split_part(r.hometown_provinces, '|', 1)",
    "id_head": "left(r.personal_id, 9)",
    "id_ends": "left(r.personal_id, 6) || right(r.personal_id, 3)",
    "id_tail": "right(r.personal_id, 6)",
}
_KEY_TYPES = {"birth_date": "date", "admission_date": "date", "birth_year": "double precision"}

#: A number on too many records identifies nobody, whichever of them are loaded.
_COMPARABLE = """
with crowded_identity as materialized (
    select old_identity_no from identity.linkage_record as every
    where present and old_identity_no is not null and {identity_asked}
    group by old_identity_no having count(*) > {most_holders}
), crowded_card as materialized (
    select old_party_card_no from identity.linkage_record as every
    where present and old_party_card_no is not null and {card_asked}
    group by old_party_card_no having count(*) > {most_holders}
)
select {columns} from identity.linkage_record as r where r.present and {near}
"""

_UNCROWDED = {
    "old_identity_no": "case when r.old_identity_no not in (table crowded_identity) then r.old_identity_no end",
    "old_party_card_no": "case when r.old_party_card_no not in (table crowded_card) then r.old_party_card_no end",
}


#: What a key settles besides itself: a rule that asks for more than another, so understood, finds nothing more.
_SETTLES = {
    "name_key": ("plain_key", "family", "given"),
    "plain_key": ("family", "given"),
    "birth_date": ("birth_year",),
    "personal_id": ("id_head", "id_ends", "id_tail"),
}

#: Keys that pass over most records by themselves; of those that a rule has, the first is looked at before the others.
_LEADING_KEYS = (
    "personal_id", "party_card_no", "old_identity_no", "old_party_card_no", "other_name_key", "birth_date",
    "admission_date", "name_key", "id_head", "id_ends", "id_tail",
)  # fmt: skip


def _key(name: str) -> str:
    return _BLOCKING_KEYS.get(name, f"r.{name}")


def _near(connection: psycopg.Connection, changed: Sequence[int], blocking: Iterable[BlockingRule]) -> list[int]:
    """The changed records and all that share a blocking key with one of them: one scan, open to workers."""

    def known(ours: Sequence[str], theirs: Sequence[str]) -> str:
        """Whether these keys of r are those of a changed record; keys that are null are nobody's."""
        told = ", ".join(f"%(changed_{name})s::{_KEY_TYPES.get(name, 'text')} []" for name in theirs)
        places = ", ".join(f"key_{place}" for place, _ in enumerate(theirs))
        some = f"select * from unnest({told}) as k ({places}) where num_nulls({places}) = 0"
        return f"({', '.join(map(_key, ours))}) in ({some})"

    sides = list(
        dict.fromkeys(side for rule in blocking for side in ((rule.left, rule.right), (rule.right, rule.left)))
    )
    names = sorted({name for side in sides for part in side for name in part})
    told = connection.execute(
        f"select {', '.join(map(_key, names))} from identity.linkage_record as r where r.record_id = any(%s)",
        [list(changed)],
    ).fetchall()
    said = dict(zip(names, map(list, zip(*told, strict=True)), strict=True)) if told else {}
    if not said:
        return []
    values: dict[str, list[Any]] = {f"changed_{name}": column for name, column in said.items()}
    rules_of: dict[str, list[str]] = {}
    for ours, theirs in sides:
        settled = {*ours, *(name for one in ours for name in _SETTLES.get(one, ()))}
        if ours == theirs and any(a == b != ours and settled.issuperset(a) for a, b in sides):
            continue
        lead = next((name for name in _LEADING_KEYS if name in ours), ours[0])
        values.setdefault(lead, []).extend(v for v in said[theirs[ours.index(lead)]] if v is not None)
        rules_of.setdefault(lead, []).append(known(ours, theirs))
    tests = [
        f"({_key(lead)} = any(%({lead})s::{_KEY_TYPES.get(lead, 'text')} []) and ({' or '.join(rules)}))"
        for lead, rules in rules_of.items()
    ]
    found = connection.execute(
        f"select r.record_id from identity.linkage_record as r where r.present and ({' or '.join(tests)})", values
    )
    return sorted({*changed, *(record_id for (record_id,) in found)})


def load_compared(
    connection: psycopg.Connection, most_holders: int, near: tuple[Sequence[int], Iterable[BlockingRule]] | None = None
) -> pa.Table:
    """Open records as linkage records (LINKAGE_RECORD): all, or those near changed ones by a blocking rule."""
    import pyarrow.csv

    from identity.features import LINKAGE_RECORD

    asked = sql.SQL("true")
    within: sql.Composable = asked
    if near:
        within = sql.SQL("r.record_id = any({}::bigint [])").format(sql.Literal(_near(connection, *near)))
        asked = sql.SQL("{0} in (select r.{0} from identity.linkage_record as r where {1})")
    query = sql.SQL(_COMPARABLE).format(
        columns=sql.SQL(", ".join(_UNCROWDED.get(name, f"r.{name}") for name in LINKAGE_RECORD.names)),
        most_holders=sql.Literal(most_holders),
        identity_asked=asked.format(sql.SQL("old_identity_no"), within),
        card_asked=asked.format(sql.SQL("old_party_card_no"), within),
        near=within,
    )
    text = io.BytesIO()
    with connection.cursor().copy(sql.SQL("copy ({}) to stdout (format csv)").format(query)) as copy:
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
