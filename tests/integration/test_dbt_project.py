"""The dbt project on a small country: constraints are real, nothing is lost, ids stay, one moment in history."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from identity.step import link_persons
from orchestration.dbt import DBT_PROJECT, DbtError, dbt_environment, run_dbt
from orchestration.reference import load_reference
from orchestration.relations import expected_constraints, load_manifest, published_relations
from orchestration.settings import Settings
from orchestration.warehouse import connect
from sources.contract import RECORDS
from tests.integration.small_world import fill
from tests.raw_rows import say, withdraw

NIGHT = date(2026, 11, 22)
MODELS = ["build", "--exclude", "resource_type:seed", "resource_type:snapshot"]


class World:
    """A warehouse filled with the small country, and dbt to build it."""

    def __init__(self, url: str, home: Path) -> None:
        self.settings = Settings(home=home, database_url=url, registry=home)
        self.environment = dbt_environment(self.settings, url, NIGHT)
        self.connection = connect(url, autocommit=True)

    def build(self, *more: str) -> None:
        link_persons(self.connection, NIGHT)
        run_dbt([*MODELS, *more], self.environment)

    def snapshot(self, moment: datetime) -> None:
        self.connection.execute(
            "insert into ops.release (moment, business_date, run_id) values (%s, %s, 'test')", [moment, NIGHT]
        )
        try:
            run_dbt(["snapshot"], self.environment)
        finally:
            self.connection.execute("update ops.release set state = 'failed' where state = 'building'")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query).fetchall()  # type: ignore[call-overload,no-any-return]

    def one(self, query: str) -> Any:
        return self.rows(query)[0][0]

    def ids(self) -> dict[str, set[str]]:
        return {
            f"{r.candidate_schema}.{r.candidate_name}": {
                str(key) for (key,) in self.rows(f"select {r.key}::text from {r.candidate_schema}.{r.candidate_name}")
            }
            for r in published_relations(self.manifest)
        }

    @property
    def manifest(self) -> dict[str, Any]:
        return load_manifest(Path(self.environment["DBT_TARGET_PATH"]) / "manifest.json")


@pytest.fixture(scope="module")
def world(server_url: str, _template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    server, name = server_url.rsplit("/", 1)[0], f"small_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"create database {name} template {_template}")  # type: ignore[call-overload]
    made = World(f"{server}/{name}", tmp_path_factory.mktemp("dbt"))
    list(load_reference(made.connection))
    fill(made.connection)
    made.build()
    yield made
    made.connection.close()
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")  # type: ignore[call-overload]


def test_every_constraint_of_a_contract_exists_in_postgresql(world: World) -> None:
    found = {
        (relation, kind, tuple(columns), target)
        for relation, kind, columns, target in world.rows(
            """
            select c.conrelid::regclass::text, c.contype::text, array_agg(a.attname::text order by k.position),
                nullif(c.confrelid, 0)::regclass::text
            from pg_constraint as c
            cross join unnest(c.conkey) with ordinality as k (number, position)
            inner join pg_attribute as a on a.attrelid = c.conrelid and a.attnum = k.number
            where c.contype in ('p', 'f', 'u') group by c.oid
            """
        )
    }
    promised = expected_constraints(world.manifest)
    assert {c.kind for c in promised} == {"p", "f"}
    for c in promised:
        assert (f"{c.schema}.{c.relation}", c.kind, c.columns, c.refers_to) in found, str(c)
    assert (
        world.one("select count(*) from pg_indexes where schemaname = 'core' and indexdef like '%WHERE is_current'")
        == 1
    )


def test_rows_of_every_record_are_in_core_or_say_why_not(world: World) -> None:
    assert dict(world.rows("select record, count(*) from intermediate.int_unlinked_row group by record")) == {
        **dict.fromkeys(("organisation", "membership_transfer", "position_assignment"), 1),
        **dict.fromkeys(("evaluation", "planning", "training", "award", "discipline"), 1),
    }
    for record in RECORDS:
        said = world.one(f"select count(*) from raw.{record} where last_batch is null")
        unlinked = world.one(f"select count(*) from intermediate.int_unlinked_row where record = '{record}'")
        relation = {"organisation": "party_organisation", "member": "party_membership"}.get(record, record)
        where = ""
        if record == "membership_transfer":
            relation, where = "membership_movement", "where source_record = 'membership_transfer'"
        assert said == unlinked + world.one(f"select count(*) from core.{relation} {where}"), record


def test_what_cannot_be_resolved_stays_and_says_so(world: World) -> None:
    assert world.rows(
        "select source_key from core.party_membership where is_organisation_unresolved and organisation_id is null"
    ) == [("binh",)]
    assert world.rows("select source_key, agency_id from core.cadre where is_agency_unresolved") == [("dung", None)]
    assert world.rows("select source_key, agency_id from core.headcount where is_agency_unresolved") == [("h2", None)]


def test_a_member_in_two_sources_is_one_person_with_one_current_membership(world: World) -> None:
    spells = world.rows(
        """
        select m.source, m.standing, m.is_current, m.valid_from::text, m.valid_to::text
        from core.party_membership as m inner join core.person as p using (person_id)
        where p.personal_id = '099068000001' order by m.source
        """
    )
    assert spells == [
        ("38", "DA_CHUYEN", False, "2010-05-19", "2026-03-15"),
        ("40", "DANG_SINH_HOAT", True, "2026-03-15", None),
    ]
    assert world.one("select count(*) from core.person where record_count = 3 and source_count = 2") == 1


def test_the_tree_answers_subtree_queries_by_prefix(world: World) -> None:
    below = world.rows(
        """
        select o.organisation_code, o.regime, o.province_code from core.party_organisation as o
        inner join core.party_organisation as root on o.path like root.path || '%' and root.organisation_type = 'T1'
        where root.source = '38' order by o.path
        """
    )
    assert below == [
        ("38.000.000.000.000", "AB", "38"),
        ("38.001.000.000.000", "B", "38"),
        ("38.001.001.000.001", "B", "38"),
    ]


def test_posts_and_retirement_are_figures_of_dates(world: World) -> None:
    balance = (
        "select assigned, present, difference, balance_state from marts.staffing_balance where not is_agency_unresolved"
    )
    assert world.rows(balance) == [(8, 9, 1, "THUA")]
    assert world.rows("select retires_on from core.cadre where source_key = 'an'") == [(date(2030, 2, 28),)]


def test_every_column_is_explained_in_the_database(world: World) -> None:
    silent = """
        select c.relname, a.attname from pg_class as c
        inner join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relnamespace in ('core'::regnamespace, 'marts'::regnamespace) and c.relkind = 'r'
            and (col_description(c.oid, a.attnum) is null or obj_description(c.oid) is null)
    """
    assert world.rows(silent) == []


def test_nothing_is_written_beside_the_models(world: World) -> None:
    assert not [n for n in ("target", "logs", "dbt_packages", ".user.yml") if (DBT_PROJECT / n).exists()]


def test_history_is_not_written_outside_a_publication(world: World) -> None:
    with pytest.raises(DbtError):
        run_dbt(["snapshot"], world.environment)


def test_ids_stay_and_history_moves_at_one_moment(world: World) -> None:
    first, second, third = (datetime(2026, 11, 22, 18, m, tzinfo=UTC) for m in (0, 1, 2))
    before = world.ids()
    world.snapshot(first)
    relations = [r.name for r in published_relations(world.manifest)]
    assert all(world.ids().values())

    world.build("resource_type:test", "resource_type:unit_test")
    assert world.ids() == before
    world.snapshot(second)
    for name in relations:
        moments = f"select distinct dbt_valid_from, dbt_valid_to > '9999-01-01' from history.{name}"
        assert world.rows(moments) == [(first, True)], name

    say(world.connection, "headcount", "38", "h1", batch=2, agency_code="VP", present=7)
    withdraw(world.connection, "training", "38", "known", batch=2)
    say(world.connection, "award", "38", "new", batch=2, cadre_key="an")
    say(world.connection, "training", "38", "later", batch=2, cadre_key="an")
    world.build("resource_type:test", "resource_type:unit_test")
    world.snapshot(third)
    balance = (
        "select balance_state, dbt_valid_from, dbt_valid_to from history.staffing_balance where agency_id is not null"
    )
    assert sorted(r for r in world.rows(balance) if r[0] != "CHUA_GIAO") == [
        ("THIEU", third, datetime(9999, 12, 31, tzinfo=UTC)),
        ("THUA", first, third),
    ]
    training = "select source_key, dbt_valid_from, dbt_valid_to from history.training order by 1"
    assert world.rows(training) == [("known", first, third), ("later", third, datetime(9999, 12, 31, tzinfo=UTC))]
    assert {m for n in relations for (m,) in world.rows(f"select distinct dbt_valid_from from history.{n}")} == {
        first,
        third,
    }
