"""`sources check`: read a hundred rows of each record and say what would become of them; nothing stays."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from expectations import faults, quarantine
from orchestration.warehouse import connect
from sources import landing
from sources.connectors.base import SourceError
from sources.contract import Contract, load_contracts
from sources.extract import ExtractRequest, sample
from sources.landing import PLACE, BatchTables
from sources.registry import Source

#: Classes of which a person reading over the shoulder must not see a value.
MASKED = frozenset({"P2", "P3"})
_SHOWN = 5


@dataclass(frozen=True)
class Finding:
    """A repair or a broken rule with how many rows it touches and a few examples, masked where personal."""

    name: str
    sentence: str
    rows: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class RecordReport:
    """What a hundred rows of one record show; `error` is the sentence of a record that could not be read."""

    record: str
    mapping: dict[str, str]
    error: str | None = None
    rows: int = 0
    dropped: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    noted: tuple[str, ...] = ()
    repaired: tuple[Finding, ...] = ()
    quarantined: tuple[Finding, ...] = ()
    warned: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class SourceReport:
    """The check of one source."""

    source: str
    name: str
    records: tuple[RecordReport, ...] = field(default=())

    @property
    def good(self) -> bool:
        """Whether every record could be read with all its columns."""
        return all(r.error is None and not r.missing for r in self.records)

    def show(self, *, as_json: bool = False) -> None:
        """Print the report for a person or a program."""
        if as_json:
            sys.stdout.write(json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n")
            return
        lines = [f"{self.source} {self.name}"]
        for r in self.records:
            lines.append(f"\n{r.record}: {r.error or f'{r.rows} rows read'}")
            lines += [f"  {name:<28} <- {column}" for name, column in r.mapping.items()]
            lines += [f"  missing: {name}" for name in r.missing]
            lines += [f"  dropped: {name}" for name in r.dropped]
            lines += [f"  noted: {sentence}" for sentence in r.noted]
            for title, findings in (("repair", r.repaired), ("quarantine", r.quarantined), ("warning", r.warned)):
                for f in findings:
                    lines.append(f"  {title}: {f.name} ({f.rows} rows) {f.sentence} {'; '.join(f.examples)}".rstrip())
        sys.stdout.write("\n".join(lines) + "\n")


def masked(value: str | None, classification: str) -> str:
    """A value as it may be shown: personal ones keep their length and first character only."""
    if value is None or classification not in MASKED:
        return value or "∅"
    return "•••" if classification == "P3" else value[:1] + "•" * (len(value) - 1)


def check_source(
    source: Source, *, warehouse_url: str, environment: Mapping[str, str], limit: int = 100
) -> SourceReport:
    """Connect to a source and read `limit` rows of each record. Writes nothing that stays, raises for no source."""
    with connect(warehouse_url, autocommit=True) as connection:
        records = tuple(
            _check(connection, source, record, url=warehouse_url, environment=environment, limit=limit)
            for record in source.records
        )
    return SourceReport(source.code, source.name, records)


def _check(
    connection: psycopg.Connection,
    source: Source,
    record: str,
    *,
    url: str,
    environment: Mapping[str, str],
    limit: int,
) -> RecordReport:
    contract, mapping = load_contracts()[record], source.records[record]
    tables = BatchTables.of(f"check_{source.code}_{record}", os.getpid())
    landing.create_landing(connection, contract, tables)
    request = ExtractRequest(source, record, url, landing.table_name(tables.landing), environment=environment)
    try:
        delivery = sample(request, limit)
        statement = landing.typing_statement(connection, contract, mapping, tables, delivery.native)
        landing.type_rows(connection, contract, statement, tables)
        faults.find(connection, contract, mapping, tables, source.code)
        return RecordReport(
            record,
            dict(mapping.columns),
            rows=delivery.delivered,
            dropped=tuple(delivery.dropped_columns),
            missing=tuple(mapping.columns.get(m, m) for m in delivery.missing_columns),
            noted=tuple(delivery.warnings),
            repaired=_repairs(connection, contract, tables),
            quarantined=_broken(connection, contract, tables, "error"),
            warned=_broken(connection, contract, tables, "warning"),
        )
    except SourceError as error:
        return RecordReport(record, dict(mapping.columns), error=error.sentence)
    finally:
        landing.drop(connection, tables)


def _repairs(connection: psycopg.Connection, contract: Contract, tables: BatchTables) -> tuple[Finding, ...]:
    found = connection.execute(
        sql.SQL(
            "select r, count(*), (array_agg(to_jsonb(l) ->> split_part(r, ':', 1)))[:{shown}],"
            " (array_agg(to_jsonb(t) ->> split_part(r, ':', 1)))[:{shown}] from {typed} as t"
            " join {landing} as l on l.ctid = t.landed, unnest(t.repairs) as r group by r order by count(*) desc, r"
        ).format(shown=sql.Literal(_SHOWN), typed=tables.typed, landing=tables.landing)
    ).fetchall()
    findings = []
    for name, rows, before, after in found:
        p = contract.by_name[name.split(":")[0]]
        examples = (
            f"{masked(b, p.classification)} → {masked(a, p.classification)}" for b, a in zip(before, after, strict=True)
        )
        findings.append(Finding(name, p.business_name, rows, tuple(examples)))
    return tuple(findings)


def _broken(
    connection: psycopg.Connection, contract: Contract, tables: BatchTables, severity: str
) -> tuple[Finding, ...]:
    findings = []
    for rule in contract.rules:
        if rule.severity != severity:
            continue
        rows: list[tuple[dict[str, Any]]] = connection.execute(
            sql.SQL(
                "select to_jsonb(l) - {place}::text [] from {faults} as f join {typed} as t on t.ctid = f.tid"
                " join {landing} as l on l.ctid = t.landed where {rule} = any(f.broken)"
            ).format(
                place=sql.Literal(list(PLACE)),
                faults=tables.faults,
                typed=tables.typed,
                landing=tables.landing,
                rule=sql.Literal(rule.rule_id),
            )
        ).fetchall()
        fields = [contract.by_name[f] for f in quarantine.fields_of(rule, contract)]
        examples = [" | ".join(masked(row.get(p.name), p.classification) for p in fields) for (row,) in rows[:_SHOWN]]
        if rows:
            findings.append(Finding(rule.rule_id, rule.sentence, len(rows), tuple(examples)))
    return tuple(findings)
