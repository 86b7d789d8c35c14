"""Publication with the dbt project itself: models, gate, snapshots, views."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from orchestration.candidate import record_candidate
from orchestration.dbt import dbt_environment, run_dbt
from orchestration.publish import publish, release_plan
from orchestration.reference import load_reference
from orchestration.releases import release_differences
from orchestration.settings import settings
from orchestration.warehouse import connect
from tests.conftest import remember_models
from tests.integration.release_world import DAY, Reader, reading
from tests.raw_rows import open_partition

MEMBERS = 40
#: Both change with the second release: who reads them together sees it whole or not at all.
NAMES = (
    "select case full_name when 'Khác' then 'after' else 'before' end from published.person"
    " where person_id = md5('p1')::uuid",
    "select case name when 'Khác' then 'after' else 'before' end from published.party_organisation",
)


def _fill(connection: psycopg.Connection) -> None:
    """One source with one organisation and its members, accepted and linked."""
    connection.execute(
        """
        insert into ops.batch
        (run_id, source, record, kind, mode, business_date, contract_version, delivered, accepted, status, finished_at)
        values
        ('run', '38', 'organisation', 'organisation', 'snapshot', %(day)s, '1', 1, 1, 'accepted', clock_timestamp()),
        ('run', '38', 'member', 'member', 'snapshot', %(day)s, '1', %(n)s, %(n)s, 'accepted', clock_timestamp())
        """,
        {"day": DAY, "n": MEMBERS},
    )
    open_partition(connection, "organisation", "38")
    open_partition(connection, "member", "38")
    connection.execute(
        """
        insert into raw.organisation
        (source, source_key, row_hash, first_batch, organisation_code, name, organisation_type, sector, valid_from)
        values ('38', 'o1', 1, 1, '38', 'Đảng bộ tỉnh Thanh Hóa', null, null, '2000-01-01')
        """
    )
    connection.execute(
        """
        insert into raw.member (source, source_key, row_hash, first_batch, full_name, sex, birth_date,
            birth_date_precision, ethnicity_code, admission_date, official_date, status, organisation_code)
        select '38', 'm' || g, g, 2, 'Lê Văn ' || g, 'M', '1970-01-01'::date + g, 'D', '01',
            '2000-01-01', '2001-01-01', 'CHINH_THUC', '38'
        from generate_series(1, %s) as g
        """,
        [MEMBERS],
    )
    connection.execute(
        """
        insert into identity.person (person_id, created_batch, created_on)
        select md5('p' || g)::uuid, 2, %s from generate_series(1, %s) as g
        """,
        [DAY, MEMBERS],
    )
    connection.execute(
        """
        insert into identity.person_link (source, record, source_key, person_id, method)
        select '38', 'member', 'm' || g, md5('p' || g)::uuid, 'new' from generate_series(1, %s) as g
        """,
        [MEMBERS],
    )


@pytest.fixture
def snapshot(models_url: str, parsed_models: Path) -> Callable[[], Any]:
    """Builds the models; gives what runs the snapshots."""
    remember_models(parsed_models, settings().home)
    environment = dbt_environment(settings(), models_url, DAY)
    with connect(models_url, autocommit=True) as connection:
        list(load_reference(connection))
        _fill(connection)
    with record_candidate(models_url, "run", DAY, whole=True):
        run_dbt(["run"], environment)
    return lambda: run_dbt(["snapshot"], environment)


def test_from_raw_to_published(models_url: str, snapshot: Callable[[], Any]) -> None:
    _a_lost_foreign_key_is_missed(models_url, snapshot)
    first = publish(models_url, "run", DAY, snapshot)
    assert first.published, first.reason
    assert first.counts["person"]["rows"] == MEMBERS
    plan = release_plan()
    with connect(models_url) as connection:
        views = {v for (v,) in connection.execute("select viewname from pg_views where schemaname = 'published'")}
        assert views == {r.name for r in plan.relations} | {"release", "source_status", "quality_result"}
        silent = connection.execute(
            """
            select c.relname, a.attname from pg_class as c inner join pg_attribute as a on c.oid = a.attrelid
            where c.relnamespace = 'published'::regnamespace and a.attnum > 0
            and (col_description(c.oid, a.attnum) is null or obj_description(c.oid) is null)
            """
        ).fetchall()
        assert silent == []
        with pytest.raises(psycopg.errors.UndefinedColumn):
            connection.execute("select ethnicity_code from published.person")

    stop = threading.Event()
    reader = Reader(models_url, NAMES, stop)
    with reading(reader.run, stop=stop):
        with connect(models_url, autocommit=True) as connection:
            connection.execute("update core.person set full_name = 'Khác' where person_id = md5('p1')::uuid")
            connection.execute("update core.party_organisation set name = 'Khác'")
        second = publish(models_url, "run", DAY, snapshot)
        assert second.published, second.reason
        time.sleep(0.5)
    assert reader.mixtures == []
    assert reader.seen == {"before", "after"}
    assert reader.rounds > 5
    with connect(models_url) as connection:
        changed = {d.relation: d.changed for d in release_differences(connection, 1, 2, plan) if d.total}
        written = connection.execute("select count(*) from history.person").fetchone()
    assert changed == {"person": 1, "party_organisation": 1}
    assert written == (MEMBERS + 1,)


def _a_lost_foreign_key_is_missed(url: str, snapshot: Callable[[], Any]) -> None:
    with connect(url, autocommit=True) as connection:
        found = connection.execute(
            "select conname, pg_get_constraintdef(oid) from pg_constraint where contype = 'f'"
            " and conrelid = 'core.party_membership'::regclass and confrelid = 'core.person'::regclass"
        ).fetchone()
        assert found is not None
        connection.execute(f'alter table core.party_membership drop constraint "{found[0]}"')
        outcome = publish(url, "run", DAY, snapshot)
        connection.execute(f'alter table core.party_membership add constraint "{found[0]}" {found[1]}')
    assert not outcome.published
    assert "missing: core.party_membership foreign key (person_id) -> core.person" in outcome.reason
