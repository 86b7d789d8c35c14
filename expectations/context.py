"""The one Great Expectations context of a process: in memory, silent, talking to nobody.

GX takes seconds to import: callers import this module inside functions. It must not judge twice at once
in one process: hence the lock.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

import great_expectations as gx
from great_expectations.data_context.types.base import ProgressBarsConfig

lock = threading.RLock()
for _name in ("great_expectations", "great_expectations.data_context.types.base"):  # the second has a level of its own
    logging.getLogger(_name).setLevel(logging.ERROR)


@cache
def context() -> Any:
    """The ephemeral context without progress bars and analytics."""
    made = gx.get_context(mode="ephemeral")
    made.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    made.variables.analytics_enabled = False
    # GX would write its configuration as YAML into memory, for nobody, whenever a batch comes or goes.
    made.variables.save = _nowhere
    return made


def _nowhere() -> None:
    """Keep nothing."""


@cache
def source(url: str) -> Any:
    """The data source of one warehouse, made once a process."""
    address = url.replace("postgresql://", "postgresql+psycopg://", 1)
    name = f"warehouse {len(context().data_sources.all())}"
    return context().data_sources.add_postgres(name, connection_string=address, create_temp_table=False)


@contextmanager
def batch_of_table(url: str, schema: str, table: str) -> Iterator[Any]:
    """All rows of a table as one batch, known to GX until the block ends."""
    warehouse = source(url)
    yield from _batch(warehouse, warehouse.add_table_asset(f"{schema}.{table}", schema_name=schema, table_name=table))


@contextmanager
def batch_of_query(url: str, name: str, query: str) -> Iterator[Any]:
    """All rows of a query as one batch, known to GX until the block ends."""
    warehouse = source(url)
    # GX takes a query only if its first word is select
    yield from _batch(warehouse, warehouse.add_query_asset(name, query=f"select * from ({query}) as rows_of_query"))


def _batch(warehouse: Any, asset: Any) -> Iterator[Any]:
    try:
        yield asset.add_batch_definition("all").get_batch()
    finally:
        warehouse.delete_asset(asset.name)
