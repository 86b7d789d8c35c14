"""What raw says otherwise than was linked last: by numbers of batches, proved by sums, or else row by row."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import psycopg

RECORDS = ("member", "cadre")
_CARD = {"member": "party_card_no", "cadre": "null"}

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


def _rows(which: str) -> str:
    """Rows as linkage reads them, of all kinds; `which` is SQL that picks them."""
    return " union all ".join(
        f"""
        select
            '{record}' as record, source, source_key, first_batch as batch, row_hash, full_name, other_name, sex,
            birth_date, birth_date_precision, personal_id, old_identity_no, {_CARD[record]} as party_card_no,
            old_party_card_no, hometown_code, admission_date, last_batch is null as open
        from raw.{record} where {which}
        """
        for record in RECORDS
    )


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
    from ({{told}}) as told
    full join (select * from identity.linkage_record {{known}}) as known using (source, record, source_key)
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
_EVERY_ROW = _CHANGED_ROWS.format(told=_rows("last_batch is null"), known="")

_TOUCHED_ROWS = "create temporary table touched_row on commit drop as" + _rows(
    "first_batch > %(batch)s or last_batch > %(batch)s"
)
_CHANGED_AMONG_TOUCHED = _CHANGED_ROWS.format(
    told="select * from touched_row where open",
    known="""
    inner join (
        select distinct source, record, source_key from touched_row order by source, record, source_key
    ) as touched using (source, record, source_key)
    """,
)

_OPEN_SUMS = "select count(*), coalesce(sum(mark), 0) from ({}) as told".format(
    " union all ".join(
        f"select identity.version_mark('{record}', source, source_key, first_batch, row_hash) as mark"
        f" from raw.{record} where last_batch is null"
        for record in RECORDS
    )
)

_LINKED_SUMS = """
select count(*), coalesce(sum(identity.version_mark(record, source, source_key, batch, row_hash)), 0), max(batch)
from identity.linkage_record where present
"""

#: What the rows of `changed_row` add to the sums and what the versions that they replace take away.
_CHANGED_SUMS = """
select
    count(*) filter (where c.told) - count(*) filter (where known.present),
    coalesce(sum(identity.version_mark(c.record, c.source, c.source_key, c.batch, c.row_hash)) filter (where c.told), 0)
    - coalesce(
        sum(
            identity.version_mark(known.record, known.source, known.source_key, known.batch, known.row_hash)
        ) filter (where known.present),
        0
    ),
    max(c.batch)
from changed_row as c left join identity.linkage_record as known using (record_id)
"""


@dataclass(frozen=True)
class Linked:
    """The open versions that were linked: how many, the sum of their marks, and the last batch among them.

    A mark is a digest of 64 bits (identity.version_mark), so that other versions do not come to the same count and sum.
    """

    records: int
    marks: Decimal
    batch: int


def find_changes(connection: psycopg.Connection, linked: Linked | None, *, everything: bool) -> Linked | None:
    """Fill `changed_row` with what raw says otherwise than identity.linkage_record; with `everything` each open row.

    `linked` is what was linked last, None where that is not known. Only keys that later batches touched are looked at
    then, and the sums tell whether that was all; where it was not (a batch accepted late, rows erased), every row is
    compared. Returns what will be linked where the sums told, else None.
    """
    connection.execute("set local parallel_tuple_cost = 0.005")
    connection.execute("set local min_parallel_table_scan_size = 0")  # workers also while nothing is linked yet
    if linked and not everything:
        now = _find_touched(connection, linked)
        if now:
            return now
        connection.execute("drop table changed_row")
    connection.execute(_EVERY_ROW, [everything])
    connection.execute("analyze changed_row")
    return None


def _find_touched(connection: psycopg.Connection, linked: Linked) -> Linked | None:
    """Fill `changed_row` from what batches after the last one touched; None where raw is not explained so."""
    connection.execute(_TOUCHED_ROWS, {"batch": linked.batch})
    connection.execute("analyze touched_row (source, record, source_key)")
    connection.execute(_CHANGED_AMONG_TOUCHED, [False])
    connection.execute("analyze changed_row (record_id, name_key, personal_id)")
    more = connection.execute(_CHANGED_SUMS).fetchone()
    told = connection.execute(_OPEN_SUMS).fetchone()
    assert more is not None
    assert told is not None
    now = Linked(linked.records + more[0], linked.marks + more[1], max(linked.batch, more[2] or 0))
    return now if (now.records, now.marks) == told else None


def linked_now(connection: psycopg.Connection) -> Linked:
    """What identity.linkage_record has of open versions, counted and summed over all of it."""
    row = connection.execute(_LINKED_SUMS).fetchone()
    assert row is not None
    return Linked(row[0], row[1], row[2] or 0)


def linked_last(connection: psycopg.Connection) -> Linked | None:
    """What the last run of the person step linked, None where it did not say."""
    row = connection.execute(
        "select records, marks, batch from identity.linked_version where marks is not null"
    ).fetchone()
    return Linked(*row) if row else None
