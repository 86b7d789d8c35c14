"""Readers during publications: one release or the other, never a mixture, and never a wait."""

from __future__ import annotations

import threading
import time

from orchestration.warehouse import connect
from tests.integration.release_world import Reader, published, reading

LABELS = ("select distinct label from published.person", "select distinct label from published.party_organisation")


def _watch_locks(url: str, stop: threading.Event, waits: list[str]) -> None:
    """Collect every statement on a published view that waits for a lock."""
    with connect(url, autocommit=True) as connection:
        while not stop.is_set():
            waits += [
                r[0]
                for r in connection.execute(
                    """
                    select a.query from pg_locks as l inner join pg_stat_activity as a on l.pid = a.pid
                    where not l.granted and a.datname = current_database() and a.query like '%published.%'
                    """
                )
            ]
            time.sleep(0.005)


def test_readers_see_one_release_and_never_wait(warehouse_url: str) -> None:
    published(warehouse_url, 2000, "release 0")
    stop, waits = threading.Event(), list[str]()
    readers = [Reader(warehouse_url, LABELS, stop) for _ in range(3)]
    with reading(*(r.run for r in readers), lambda: _watch_locks(warehouse_url, stop, waits), stop=stop):
        for number in range(1, 6):
            published(warehouse_url, 2000 + number, f"release {number}")
            time.sleep(0.15)
    assert not any(r.mixtures for r in readers)
    assert set().union(*(r.seen for r in readers)) == {f"release {n}" for n in range(6)}
    assert not waits
    assert max(r.slowest for r in readers) < 1.0
    assert min(r.rounds for r in readers) > 5


def test_a_changed_view_gives_way_to_an_open_reader(warehouse_url: str) -> None:
    """A reader that keeps its transaction open holds up neither another reader nor, for long, the publisher."""
    published(warehouse_url, 50, "one")
    with connect(warehouse_url) as reader, connect(warehouse_url, autocommit=True) as other:
        reader.execute("select count(*) from published.person")
        outcome: list[bool] = []
        thread = threading.Thread(target=lambda: outcome.append(_publish_with_new_column(warehouse_url)))
        thread.start()
        slowest = 0.0
        for _ in range(60):
            started = time.monotonic()
            other.execute("select count(*) from published.person")
            slowest = max(slowest, time.monotonic() - started)
            time.sleep(0.02)
        assert thread.is_alive()
        assert slowest < 0.6
        reader.rollback()
        thread.join(30)
    assert outcome == [True]
    with connect(warehouse_url) as connection:
        assert connection.execute("select count(birth_year) from published.person").fetchone() == (50,)


def _publish_with_new_column(url: str) -> bool:
    from orchestration.publish import publish
    from tests.integration.release_world import DAY, PLAN, build_candidate, content, snapshot_of

    with connect(url, autocommit=True) as connection:
        build_candidate(connection, 50, "two")
        connection.execute("alter table core.person add column birth_year integer not null default 1990")
    return publish(url, "run", DAY, snapshot_of(url), plan=PLAN, judge=content).published
