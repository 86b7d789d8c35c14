"""dlt's `sql_database` (pyarrow backend) from one PostgreSQL to another: what intake is compared with."""

from __future__ import annotations

import os
import sys
import time


def load(source_url: str, target_url: str, folder: str) -> float:
    """Seconds that dlt needs for the table `dang_vien`, imports excepted."""
    os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR", "DO_NOT_TRACK": "1"}
    import dlt
    from dlt.sources.sql_database import sql_database

    driver = "postgresql+psycopg2://"
    tables = sql_database(
        source_url.replace("postgresql://", driver), table_names=["dang_vien"], backend="pyarrow", chunk_size=50_000
    )
    pipeline = dlt.pipeline(
        "bench", pipelines_dir=folder, destination=dlt.destinations.postgres(target_url), dataset_name="raw"
    )
    started = time.monotonic()
    pipeline.run(tables, write_disposition="replace")
    return time.monotonic() - started


if __name__ == "__main__":
    print(load(*sys.argv[1:4]))
