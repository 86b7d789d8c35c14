"""Dagster's event log for one night: the files that Dagster's own pages read, each opened once.

Dagster's storage opens its file anew for every event and waits for the disk each time. A night has two
thousand events, so that was most of what Dagster itself cost.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import sqlalchemy as sa
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy.pool import StaticPool


class NightEventLog(SqliteEventLogStorage):
    """As Dagster has it, with one connection to each file for as long as the instance lives."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: dict[str, sa.Engine] = {}
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> NightEventLog:
        """Made by Dagster from the configuration of the instance."""
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sa.Connection]:
        if shard not in self._engines:
            with super()._connect(shard):  # makes the file and its tables
                self._engines[shard] = self._opened(shard)
        with self._db_lock, self._engines[shard].connect() as connection, connection.begin():
            yield connection

    def _opened(self, shard: str) -> sa.Engine:
        # One connection for all threads: the lock of the storage lets in one of them at a time.
        engine = sa.create_engine(
            self.conn_string_for_shard(shard), poolclass=StaticPool, connect_args={"check_same_thread": False}
        )
        # A power cut may cost the last events, never the file.
        sa.event.listen(engine, "connect", lambda opened, _: opened.execute("pragma synchronous = normal"))
        return engine

    def dispose(self) -> None:
        """Close the files."""
        super().dispose()
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()


@contextmanager
def night_instance(dagster_home: Path) -> Iterator[dg.DagsterInstance]:
    """Dagster's instance of `dagster_home`, whose events are kept by a NightEventLog."""
    storage = {
        "module": NightEventLog.__module__,
        "class": NightEventLog.__name__,
        "config": {"base_dir": str(dagster_home / "history" / "runs")},
    }
    reference = InstanceRef.from_dir(str(dagster_home), overrides={"event_log_storage": storage})
    with dg.DagsterInstance.from_ref(reference) as instance:
        yield instance
