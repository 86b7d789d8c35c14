"""The sample world's members and cadres as accepted records, with the truth beside them: for tests of linkage.

Reads what the sources would deliver through the same SQL readers as intake, without connectors and gates.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl
import psycopg
import pyarrow as pa

from identity.model import load_settings
from identity.training import open_records
from sources.contract import load_contracts
from sources.sample.clean import world
from sources.sample.deliveries import deliveries
from tests.raw_rows import open_partition

_READERS = {
    "personName": "landing.person_name_text(t.{c})",
    "identifier12": "landing.identifier12_text(t.{c})",
    "identifier9": "landing.identifier9_text(t.{c})",
    "identifier8": "landing.identifier8_text(t.{c})",
    "unitCode": "landing.unit_code_text(t.{c})",
}
_COLUMNS = (
    "full_name", "other_name", "sex", "birth_date", "personal_id", "old_identity_no", "party_card_no",
    "old_party_card_no", "hometown_code", "admission_date",
)  # fmt: skip


def fill_raw(connection: psycopg.Connection, scale: float, seed: int, as_of: date = date(2026, 11, 22)) -> pl.DataFrame:
    """Fill raw.member and raw.cadre; return who is who: source, record, source_key, person."""
    said = deliveries(world(scale, seed, as_of), seed, as_of)
    accept_said(connection, said.records)
    return said.who


def accept_said(connection: psycopg.Connection, said: Mapping[str, pl.DataFrame], batch: int = 1) -> None:
    """Bring what members and cadres are said to be into raw; rows that changed or went close as in a snapshot."""
    for record in ("member", "cadre"):
        _accept(connection, record, said[record].filter(~pl.col("gone")), batch)
    connection.execute("analyze raw.member; analyze raw.cadre")


def _accept(connection: psycopg.Connection, record: str, frame: pl.DataFrame, batch: int) -> None:
    contract = load_contracts()[record]
    columns = [p for p in contract.properties if p.name in _COLUMNS]
    names = ["source", "source_key", *(p.name for p in columns)]
    said = frame.select(names).unique(["source", "source_key"], keep="first", maintain_order=True)
    connection.execute(f"create temp table said ({', '.join(f'{n} text' for n in names)})")
    with connection.cursor().copy("copy said from stdin (format csv)") as copy:
        copy.write(said.write_csv(include_header=False, quote_style="necessary").encode())
    values = []
    for p in columns:
        if p.partial_date:
            read = f"landing.partial_date_text(t.{p.name})"
            rest = f"case length({read}) when 7 then '-01' when 4 then '-01-01' else '' end"
            values.append(f"nullif({read} || {rest}, '')::date")
            values.append(f"case length({read}) when 10 then 'D' when 7 then 'M' when 4 then 'Y' end")
        elif p.physical_type == "date":
            values.append(f"nullif(landing.date_text(t.{p.name}), '')::date")
        elif p.codes:
            whens = " ".join(f"when '{c.label.lower()}' then '{c.value}'" for c in p.codes)
            values.append(f"case lower(t.{p.name}) {whens} else t.{p.name} end")
        else:
            values.append(f"nullif({_READERS[p.repair or ''].format(c=p.name)}, '')")
    into = ", ".join(n for p in columns for n in ((p.name, p.precision) if p.partial_date else (p.name,)))
    connection.execute("alter table said add row_hash bigint")
    connection.execute("update said as t set row_hash = hashtextextended(t::text, 0)")
    connection.execute("create index on said (source, source_key); analyze said")
    connection.execute(
        f"update raw.{record} as r set last_batch = {int(batch)} where last_batch is null and not exists"
        " (select from said as t where (t.source, t.source_key, t.row_hash) = (r.source, r.source_key, r.row_hash))"
    )
    open_partition(connection, record, *said["source"].unique().sort())
    connection.execute(
        f"insert into raw.{record} (source, source_key, {into}, row_hash, first_batch)"
        f" select t.source, t.source_key, {', '.join(values)}, t.row_hash, {int(batch)} from said as t"
        f" left join raw.{record} as r on r.source = t.source and r.source_key = t.source_key and r.last_batch is null"
        " where r.source is null"
    )
    connection.execute("drop table said")


def linkage_world(connection: psycopg.Connection, scale: float, seed: int) -> tuple[pa.Table, pl.Series]:
    """Linkage records of a sample world, and the person behind each (in the order of `record_id`)."""
    who = fill_raw(connection, scale, seed)
    keys, records = open_records(connection, load_settings())
    known = who.unique(["source", "record", "source_key"], keep="first")
    found = pl.DataFrame(keys).join(known, on=["source", "record", "source_key"], how="left", maintain_order="left")
    return records, found["person"]
