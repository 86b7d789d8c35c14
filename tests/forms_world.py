"""Published relations filled by hand: tables with the columns of the dbt models, for tests of what reads them."""

from __future__ import annotations

import csv
import uuid
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import yaml
from psycopg import sql

from orchestration.settings import PROJECT
from orchestration.views import READERS, ensure_operational_views
from orchestration.warehouse import connect

RELATIONS = (
    *("party_organisation", "agency", "person", "party_membership", "membership_movement"),
    *("cadre", "position_assignment", "evaluation", "planning", "training", "award", "dated_rule"),
)
BUSINESS_DATE = date(2026, 11, 22)
DEFAULTS: dict[str, dict[str, Any]] = {
    "person": {"sex": "M", "full_name": "Nguyễn Văn An"},
    "party_membership": {"status": "CHINH_THUC", "standing": "DANG_SINH_HOAT", "is_current": True, "source": "38"},
    "membership_movement": {"is_counted": True, "source_record": "member", "source": "38"},
    "cadre": {"category": "CC", "is_serving": True, "source": "38"},
    "planning": {"status": "VAO", "term": "2025-2030", "term_to_year": 2030},
    "evaluation": {"period_type": "NAM", "subject_kind": "CA_NHAN"},
}


def key(name: str) -> uuid.UUID:
    """The id that a readable name stands for."""
    return uuid.uuid5(uuid.NAMESPACE_OID, name)


def make_relations(url: str) -> None:
    """Empty tables in `published` for each relation, the rules of the seed, and release 1 of the business date."""
    columns = _columns()
    with connect(url, autocommit=True) as connection:
        for name in RELATIONS:
            fields = sql.SQL(", ").join(
                sql.SQL("{} {}").format(sql.Identifier(n), sql.SQL(t)) for n, t in columns[name].items()
            )
            connection.execute(sql.SQL("create table {} ({})").format(sql.Identifier("published", name), fields))
            readers = sql.SQL(", ").join(map(sql.Identifier, READERS))
            connection.execute(sql.SQL("grant select on {} to {}").format(sql.Identifier("published", name), readers))
        connection.execute(
            "create table history.person (person_id uuid, ethnicity_code text,"
            " dbt_valid_from timestamptz default '2020-01-01', dbt_valid_to timestamptz default '9999-12-31')"
        )
        connection.execute(
            """
            insert into ops.release (release_no, moment, business_date, state, is_current, run_id)
            values (1, clock_timestamp(), %s, 'published', true, 'test')
            """,
            [BUSINESS_DATE],
        )
        ensure_operational_views(connection)
        with (PROJECT / "dbt_project" / "seeds" / "dated_rule.csv").open(encoding="utf-8", newline="") as rules:
            for rule in csv.DictReader(rules):
                put(connection, "dated_rule", **{k: v or None for k, v in rule.items()})


def _columns() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for file in sorted(Path(PROJECT / "dbt_project" / "models" / "core").glob("_*.yml")):
        for model in yaml.safe_load(file.read_text(encoding="utf-8"))["models"]:
            found[model["name"].removeprefix("core_")] = {c["name"]: c["data_type"] for c in model["columns"]}
    found["person"].pop("ethnicity_code", None)
    return found


def put(connection: psycopg.Connection, relation: str, **values: Any) -> None:
    """One row of a relation; `validity` follows from valid_from and valid_to, or from started_on and ended_on."""
    row = DEFAULTS.get(relation, {}) | values
    for start, end in (("valid_from", "valid_to"), ("started_on", "ended_on")):
        if start in row:
            row.setdefault("validity", f"[{row[start] or ''},{row.get(end) or ''})")
    if relation == "training":
        row.pop("validity", None)
    connection.execute(
        sql.SQL("insert into {} ({}) values ({})").format(
            sql.Identifier("published", relation),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(sql.Placeholder() for _ in row),
        ),
        list(row.values()),
    )


def put_organisation(connection: psycopg.Connection, code: str, path: str, **values: Any) -> None:
    """A party organisation of a short code; `path` names the codes from the root, between slashes."""
    steps = path.strip("/").split("/")
    put(
        connection,
        "party_organisation",
        organisation_id=key(code),
        organisation_code=code,
        name=f"Đảng bộ {code}",
        path=path,
        depth=len(steps),
        province_code=steps[0][:2],
        valid_from=values.pop("valid_from", date(2025, 7, 1)),
        source=steps[0][:2],
        source_key=code,
        **values,
    )
