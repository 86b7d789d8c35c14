"""Landing and typing: the tables of one batch and the one statement that reads texts into types.

A batch has tables in schema `landing`: the texts as they came, the typed rows, and (made by
`expectations.faults`) the rows that break a rule. What a text means is decided by the SQL functions of
`orchestration/schema/02_reading.sql`; here they are only put together for one contract and mapping.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from sources.contract import CODE_LISTS, Contract, Property
from sources.registry import RecordMapping

#: What every landing table has before the fields of the contract.
PLACE = ("row_no", "file", "sheet", "deleted")

_READERS = {"date": "date_text", "integer": "integer_text", "numeric": "number_text", "boolean": "boolean_text"}
_REPAIRS = {
    "identifier12": "identifier12_text",
    "identifier9": "identifier9_text",
    "identifier8": "identifier8_text",
    "organisationCode": "organisation_code_text",
    "unitCode": "unit_code_text",
    "rankCode": "rank_code_text",
    "step": "step_text",
    "personName": "person_name_text",
}
_SAID = {
    "date_text": "date_text_repair",
    "partial_date_text": "date_text_repair",
    "integer_text": "number_text_repair",
    "number_text": "number_text_repair",
    "boolean_text": "code_text_repair",
    "code_text": "code_text_repair",
    "clean_text": "clean_text_repair",
    "step_text": "step_text_repair",
    "person_name_text": "person_name_text_repair",
}
#: When a text needs no look at what was repaired; beside these, when it is canonical as it came.
_PLAIN = {"date_text_repair": "({0} = {1} or {0} like '__/__/____')", "code_text_repair": "({1} <> '' or {0} is null)"}
#: Reader and type in the source: when the text that the source's database gives is canonical, years of four digits
#: and integers of nine.
_AS_IT_IS: dict[tuple[str, str | None], str] = {
    ("date_text", "date"): "octet_length({}) = 10",
    ("partial_date_text", "date"): "octet_length({}) = 10",
    ("integer_text", "integer"): "octet_length({}) <= 9",
}
#: Repair codes that a contract may name.
REPAIRS = frozenset(_REPAIRS)


@dataclass(frozen=True)
class BatchTables:
    """Tables of one batch, as they stand in a statement."""

    landing: sql.Identifier
    typed: sql.Identifier
    judged: sql.Identifier
    faults: sql.Identifier

    @classmethod
    def of(cls, record: str, batch_id: int) -> BatchTables:
        """The tables of batch `batch_id` of `record`."""
        name = f"{record}_{batch_id}"
        return cls(*(sql.Identifier("landing", name + suffix) for suffix in ("", "_typed", "_judged", "_faults")))


def table_name(table: sql.Identifier) -> str:
    """`schema."name"` as a connector needs it."""
    return table.as_string(None)


def create_landing(connection: psycopg.Connection, contract: Contract, tables: BatchTables) -> None:
    """Create the landing table of a batch: place in the source, then every field as text."""
    fields = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(p.name)) for p in contract.properties)
    connection.execute(
        sql.SQL(
            "create unlogged table {} (row_no bigint, file text, sheet text,"
            " deleted boolean, {}) with (autovacuum_enabled = false)"
        ).format(tables.landing, fields)
    )


def drop(connection: psycopg.Connection, tables: BatchTables) -> None:
    """Drop whatever there is of a batch in `landing`."""
    connection.execute(
        sql.SQL("drop view if exists {}; drop table if exists {}, {}, {}").format(
            tables.judged, tables.landing, tables.typed, tables.faults
        )
    )


def _rank_spellings() -> dict[str, str]:
    """Names of ranks in force and their initials ("CVC") to rank codes, from the seed of ranks."""
    found: dict[str, str] = {}
    with (CODE_LISTS.parent / "civil_service_rank.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if not row["valid_to"]:
                found.setdefault(row["name"], row["rank_code"])
                found.setdefault("".join(word[0] for word in row["name"].upper().split()), row["rank_code"])
    return found


def _spellings(p: Property) -> list[tuple[str, str]]:
    """Every known spelling of the values of a coded field as (spelling, code)."""
    if p.repair == "rankCode":
        return list(_rank_spellings().items())
    found = [(c.value, c.value) for c in p.codes or ()]
    found += [(spelling, c.value) for c in p.codes or () for spelling in (c.label, *c.aliases)]
    return found + [(c.value.lstrip("0"), c.value) for c in p.codes or () if c.value.startswith("0")]


def _code_maps(
    connection: psycopg.Connection, p: Property, values: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Spelling to code, exactly and by code key; a key that two codes share is no key."""
    exact: dict[str, str] = {}
    for spelling, code in _spellings(p):
        exact.setdefault(spelling, code)
    exact.update(values)
    keys = connection.execute("select s, landing.code_key(s) from unnest(%s::text []) as s", [list(exact)]).fetchall()
    loose: dict[str, str] = {}
    for spelling, key in keys:
        if spelling in values:
            loose[key] = values[spelling]
    shared = set()
    for spelling, key in keys:
        if loose.setdefault(key, exact[spelling]) != exact[spelling] and spelling not in values:
            shared.add(key)
    ours = {key for spelling, key in keys if spelling in values}
    return exact, {k: v for k, v in loose.items() if k and (k not in shared or k in ours)}


def _json(mapping: Mapping[str, str]) -> sql.Composable:
    text = json.dumps(mapping, ensure_ascii=False, sort_keys=True)
    return sql.SQL("{}::jsonb").format(sql.Literal(text))


@dataclass(frozen=True)
class _Field:
    """The expressions of one delivered field, over the landed text and its canonical text."""

    p: Property
    reader: str
    canonical: sql.Composed

    @property
    def landed(self) -> sql.Composable:
        return sql.Identifier("t", self.p.name)

    @property
    def text(self) -> sql.Composable:
        return sql.Identifier("t", f"{self.p.name}__text")

    def read(self) -> sql.Composed:
        """What the first step hands on to the second."""
        return sql.SQL("l.{}, {} as {}").format(
            sql.Identifier(self.p.name), self.canonical, sql.Identifier(f"{self.p.name}__text")
        )

    def typed(self) -> sql.Composed:
        value = sql.SQL("nullif({}, '')").format(self.text)
        if self.p.partial_date:
            value = sql.SQL("({} || substr('0001-01-01', length({}) + 1))").format(value, self.text)
        return sql.SQL("{}::{}").format(value, sql.SQL(self.p.physical_type))

    def precision(self) -> sql.Composed:
        return sql.SQL("case length({}) when 10 then 'D' when 7 then 'M' when 4 then 'Y' end").format(self.text)

    def unread(self) -> sql.Composed:
        return sql.SQL("case when {} is null then {} end").format(self.text, self.landed)

    def said(self) -> sql.Composable:
        """The canonical text, never NULL: a control character stands for what could not be read."""
        return sql.SQL("coalesce({}, E'\\x18')").format(self.text) if self.p.may_be_unread else self.text

    @property
    def _said(self) -> str:
        return _SAID.get(self.reader, "identifier_repair")

    def plain(self) -> sql.Composed:
        return sql.SQL(_PLAIN.get(self._said, "({} = {})") + " is not false").format(self.landed, self.text)

    def repair(self) -> sql.Composed:
        return sql.SQL("{} || landing.{}({}, {})").format(
            sql.Literal(self.p.name + ":"), sql.Identifier(self._said), self.landed, self.text
        )


def _field(connection: psycopg.Connection, p: Property, mapping: RecordMapping, native: str | None) -> _Field:
    landed: sql.Composable = sql.Identifier("l", p.name)
    values = mapping.values.get(p.name, {})
    extra: sql.Composable = sql.SQL("")
    if p.repair:
        reader = _REPAIRS[p.repair]
    elif p.codes is not None:
        reader = "code_text"
    elif p.partial_date:
        reader = "partial_date_text"
    else:
        reader = _READERS.get(p.physical_type, "clean_text")
    codes: list[str] = []
    if reader in ("code_text", "rank_code_text"):
        exact, loose = _code_maps(connection, p, values)
        extra = sql.SQL(", {}, {}").format(_json(exact), _json(loose))
        codes = [spelling for spelling, code in exact.items() if spelling == code]
    elif values:
        landed = sql.SQL("coalesce({} ->> {}, {})").format(_json(values), landed, landed)
    canonical = sql.SQL("landing.{}({}{})").format(sql.Identifier(reader), landed, extra)
    known: sql.Composable | None = None
    if codes:  # most sources send codes as they are, and a list is searched faster than what they may be spelled
        known = sql.SQL("{} in ({})").format(landed, sql.SQL(", ").join(map(sql.Literal, codes)))
    elif (reader, native) in _AS_IT_IS and not values:
        known = sql.SQL(_AS_IT_IS[reader, native]).format(landed)
    if known:
        canonical = sql.SQL("case when {0} then {1} else {2} end").format(known, landed, canonical)
    return _Field(p, reader, canonical)


def _digest(texts: Sequence[sql.Composable], seed: sql.Composable) -> sql.Composable:
    """Digest of texts, none of them NULL: each hashed on top of the one before, the first on `seed`."""
    for text in texts:
        seed = sql.SQL("hashtextextended({}, {})").format(text, seed)
    return seed


def typing_statement(
    connection: psycopg.Connection,
    contract: Contract,
    mapping: RecordMapping,
    tables: BatchTables,
    native: Mapping[str, str] | None = None,
) -> sql.Composed:
    """The query of the typed rows: live rows and delivered fields only.

    `native` are the types that the source's database gives to fields, see `Delivery`.

    Besides the typed fields it has `landed` (ctid of the landing row), row_no, file, sheet,
    `<field>__unread`, `<field>_precision`, `repairs` (`field:repair`) and `row_hash`.
    """
    fields = [
        _field(connection, p, mapping, (native or {}).get(p.name))
        for p in contract.properties
        if p.name in mapping.columns
    ]
    columns: list[sql.Composable] = [sql.SQL("t.landed, t.row_no, t.file, t.sheet")]
    for f in fields:
        columns.append(sql.SQL("{} as {}").format(f.typed(), sql.Identifier(f.p.name)))
        if f.p.partial_date:
            columns.append(sql.SQL("{} as {}").format(f.precision(), sql.Identifier(f.p.precision)))
        if f.p.may_be_unread:
            columns.append(sql.SQL("{} as {}").format(f.unread(), sql.Identifier(f.p.unread)))
    columns.append(
        sql.SQL("case when not ({}) then nullif(array_remove(array[{}], null), '{{}}') end as repairs").format(
            sql.SQL(" and ").join(f.plain() for f in fields), sql.SQL(", ").join(f.repair() for f in fields)
        )
    )
    columns.append(sql.SQL("{} as row_hash").format(_digest([f.said() for f in fields], sql.SQL("0"))))
    read = sql.SQL(", ").join(f.read() for f in fields)
    # The offset keeps the two steps apart, so that every text is read once; written as a constant, it
    # leaves the planner free to let parallel workers do both.
    return sql.SQL(
        "select {} from (select l.ctid as landed, l.row_no, l.file, l.sheet, {} from {} as l"
        " where l.deleted is not true offset bigint '0') as t"
    ).format(sql.SQL(", ").join(columns), read, tables.landing)


def type_rows(
    connection: psycopg.Connection,
    contract: Contract,
    statement: sql.Composed,
    tables: BatchTables,
    *,
    lasting: bool = False,
) -> int:
    """Make the typed table and return how many rows it has; `lasting` when it may become a part of `raw`.

    Fields that are not delivered become columns without a value, which are in no row.
    """
    with connection.transaction():
        connection.execute("set local parallel_tuple_cost = 0.005")
        rows = connection.execute(
            sql.SQL("create {} table {} with (autovacuum_enabled = false) as {}").format(
                sql.SQL("" if lasting else "unlogged"), tables.typed, statement
            )
        ).rowcount
        absent = sql.SQL(", ").join(
            sql.SQL("add column if not exists {} {}").format(sql.Identifier(name), sql.SQL(type_))
            for name, type_ in contract.columns()
        )
        connection.execute(sql.SQL("alter table {} {}").format(tables.typed, absent))
    return rows


def fingerprint(
    connection: psycopg.Connection,
    contract: Contract,
    mapping: RecordMapping,
    statement: sql.Composed,
    tables: BatchTables,
) -> str:
    """Digest of a landed delivery that does not depend on the order of rows, nor on file and sheet.

    It holds the typing statement and the rules too: the same rows read by another mapping, code list
    or rule are another delivery.
    """
    texts = [
        sql.SQL("coalesce({}, E'\\x18')").format(sql.Identifier(p.name))
        for p in contract.properties
        if p.name in mapping.columns
    ]
    row = _digest(texts, sql.SQL("case when deleted then 1 else 0 end"))
    found = connection.execute(sql.SQL("select count(*), sum({}) from {}").format(row, tables.landing)).fetchone()
    reading = statement.as_string(connection).replace(table_name(tables.landing), "")
    rules = repr([(r.rule_id, r.predicate, r.severity, r.tolerance) for r in contract.rules])
    return hashlib.sha256(f"{found}|{reading}|{rules}".encode()).hexdigest()
