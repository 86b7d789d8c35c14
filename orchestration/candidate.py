"""The candidate: what was built, from what, and whether there is anything new to build."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import psycopg

from orchestration.dbt import DBT_PROJECT
from orchestration.warehouse import connect


def project_version() -> str:
    """Digest of the dbt project: models, seeds, snapshots, macros."""
    digest = hashlib.sha256()
    for file in sorted(DBT_PROJECT.rglob("*")):
        if file.suffix in {".sql", ".yml", ".csv"}:
            digest.update(str(file.relative_to(DBT_PROJECT)).encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def has_changed(connection: psycopg.Connection, business_date: date) -> bool:
    """Whether a release of this date would differ in its sources, its date or its models from the current one."""
    row = connection.execute(
        """
        select c.intake_state = ops.intake_state(), c.business_date, c.project_version
        from ops.release as r
        inner join ops.candidate as c on r.candidate_no = c.candidate_no
        where r.is_current
        """
    ).fetchone()
    return row != (True, business_date, project_version())


@contextmanager
def record_candidate(url: str, run_id: str, business_date: date, *, whole: bool) -> Iterator[None]:
    """Note a build in ops.candidate; only a whole build that raised nothing counts as good."""
    with connect(url, autocommit=True) as connection:
        before = connection.execute(
            """
            select ops.intake_state(), max(batch_id) filter (where status = 'accepted'), clock_timestamp()
            from ops.batch
            """
        ).fetchone()
        assert before is not None
        reason: str | None = None if whole else "only a part of the models was built"
        try:
            yield
        except BaseException as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise
        finally:
            connection.execute(
                """
                insert into ops.candidate
                (run_id, business_date, project_version, intake_state, batch_high_water, started_at, dbt_ok, reason)
                values (%s, %s, %s, %s, %s, %s, %s, %s)
                """,
                [run_id, business_date, project_version(), *before, reason is None, reason],
            )
