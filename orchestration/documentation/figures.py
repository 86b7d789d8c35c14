"""What a warehouse can tell the site: the current release and counts of quality results, never a row of a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg.rows import class_row, dict_row

from orchestration.settings import Settings
from orchestration.warehouse import WarehouseError, connect, warehouse_url


@dataclass(frozen=True)
class Release:
    """The release that staff read; `counts` are rows by published relation."""

    release_no: int
    moment: datetime
    business_date: date
    sources: int
    counts: Mapping[str, int]


@dataclass(frozen=True)
class Result:
    """One rule on the newest judged delivery of one record of one source, in counts."""

    source: str
    record: str
    rule_id: str
    severity: str
    checked: int
    failed: int
    passed: bool
    business_date: date


@dataclass(frozen=True)
class Total:
    """Results of one source, record or rule added up; `key` names it."""

    key: str
    checked: int
    errors: int
    warnings: int
    not_passed: int
    business_date: date

    @property
    def failed(self) -> int:
        """Checks that did not hold, of both severities."""
        return self.errors + self.warnings

    def share(self, failed: int) -> float:
        """So many checks in percent of those made."""
        return 100 * failed / max(self.checked, 1)


@dataclass(frozen=True)
class Figures:
    """The release, the verdicts of its gate, and the newest quality results."""

    release: Release | None
    checks: tuple[Mapping[str, Any], ...]
    results: tuple[Result, ...]

    def totals(self, by: str) -> list[Total]:
        """Results added up by `source`, `record` or `rule_id`, the worst share first."""
        groups: dict[str, list[Result]] = {}
        for result in self.results:
            groups.setdefault(getattr(result, by), []).append(result)
        found = [_total(key, results) for key, results in groups.items()]
        return sorted(found, key=lambda t: (-t.share(t.failed), t.key))


def _total(key: str, results: Iterable[Result]) -> Total:
    listed = list(results)
    return Total(
        key=key,
        checked=sum(r.checked for r in listed),
        errors=sum(r.failed for r in listed if r.severity == "error"),
        warnings=sum(r.failed for r in listed if r.severity == "warning"),
        not_passed=sum(not r.passed for r in listed),
        business_date=max(r.business_date for r in listed),
    )


def has_warehouse(configuration: Settings) -> bool:
    """Whether an installation names or holds a warehouse; one that does not is not given one for its documentation."""
    return bool(configuration.database_url) or (configuration.home / "server.json").exists()


def read_figures(configuration: Settings) -> tuple[Figures | None, str | None]:
    """Figures of the installation's warehouse, or why there are none."""
    if not has_warehouse(configuration):
        return None, "There is no warehouse yet: run lienthong nightly, then lienthong docs again for its figures."
    try:
        with connect(warehouse_url(configuration)) as connection:
            connection.read_only = True
            return _figures(connection)
    except WarehouseError as error:
        return None, str(error)


def _figures(connection: psycopg.Connection) -> tuple[Figures | None, str | None]:
    there = connection.execute(
        "select to_regclass('published.quality_result') is not null and to_regclass('ops.release') is not null"
    ).fetchone()
    if not there or not there[0]:
        return None, "The warehouse has published nothing yet: run lienthong nightly."
    with connection.cursor(row_factory=dict_row) as cursor:
        release = cursor.execute(
            "select release_id, release_no, moment, business_date, sources, counts from ops.release where is_current"
        ).fetchone()
        checks = cursor.execute(
            """
            select check_id, subject, severity, passed, observed, expected from ops.release_check
            where release_id = %s order by check_id, subject
            """,
            [release["release_id"] if release else None],
        ).fetchall()
    with connection.cursor(row_factory=class_row(Result)) as cursor:
        results = cursor.execute(
            """
            select source, record, rule_id, severity, checked, failed, passed, business_date
            from published.quality_result order by source, record, rule_id
            """
        ).fetchall()
    return Figures(_release(release), tuple(checks), tuple(results)), None


def _release(row: Mapping[str, Any] | None) -> Release | None:
    if row is None:
        return None
    counts = {name: int(figures["rows"]) for name, figures in (row["counts"] or {}).items()}
    return Release(row["release_no"], row["moment"], row["business_date"], row["sources"], counts)
