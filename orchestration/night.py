"""The night as one call: Dagster's nightly job in this process, and a summary of what came of it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from orchestration.progress import progress, shown
from orchestration.settings import PROJECT, Settings
from orchestration.warehouse import connect, prepare, warehouse_url
from sources.errors import ExplainedError

#: In the root of the repository it also reaches `dagster dev` where DAGSTER_HOME is not set.
DAGSTER_YAML = PROJECT / "dagster.yaml"


@dataclass(frozen=True)
class NightSummary:
    """What a night came to; counts are rows over all batches of the night.

    `alarms` are rows that use a key for another person, as intake found them; `conflicts` stand now, whenever found;
    `mistyped` are records among them whose personal id does not stand for their person.
    """

    business_date: date
    seconds: float
    release_no: int | None
    published: bool
    nothing_changed: bool
    reason: str | None
    batches: dict[str, int]
    delivered: int
    accepted: int
    unchanged: int
    quarantined: int
    alarms: int
    conflicts: int
    mistyped: int
    bad_sources: dict[str, str]

    @property
    def good(self) -> bool:
        """Whether the night did what it is for."""
        return self.published or self.nothing_changed

    def show(self, *, as_json: bool) -> None:
        """Print the summary for a person or a program."""
        if as_json:
            print(json.dumps(asdict(self), ensure_ascii=False, default=str, indent=2))  # noqa: T201
            return
        batches = ", ".join(f"{count} {status}" for status, count in sorted(self.batches.items()))
        lines = [
            f"Night of {self.business_date} in {self.seconds:.0f} s",
            f"  batches      {batches or 'none'}",
            f"  rows         {self.delivered:,} delivered = {self.accepted:,} accepted + {self.unchanged:,} unchanged"
            f" + {self.quarantined:,} quarantined (accepted batches)",
            *(f"  {source:<12} {reason}" for source, reason in sorted(self.bad_sources.items())),
        ]
        if self.alarms or self.conflicts:
            lines.append(
                f"  báo động: {self.alarms} khóa dùng cho người khác đêm nay; {self.conflicts} mâu thuẫn chờ nguồn sửa,"
                f" trong đó {self.mistyped} số định danh gõ nhầm (lienthong identity queue --conflicts)"
            )
        if self.published:
            lines.append(f"  published    release {self.release_no}")
        elif self.nothing_changed:
            lines.append(f"  published    nothing has changed since release {self.release_no}")
        else:
            lines.append(f"  NOT published: {self.reason}")
        print("\n".join(lines))  # noqa: T201


def prepare_dagster_home(configuration: Settings) -> None:
    """Dagster's own storage, beside the warehouse and without telemetry."""
    configuration.dagster_home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(DAGSTER_YAML, configuration.dagster_home / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(configuration.dagster_home)
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")


def run_night(configuration: Settings, business_date: date, sources: Sequence[str] = ()) -> NightSummary:
    """Run the nightly job. Raises ExplainedError when a named source is not registered."""
    from orchestration.intake_pool import warm_up
    from sources.registry import load_sources

    known = load_sources(configuration.registry)
    if unknown := set(sources) - set(known):
        raise ExplainedError(f"No such source: {', '.join(sorted(unknown))}; `lienthong sources list` shows all.")
    started = time.monotonic()
    warm_up()
    prepare_dagster_home(configuration)
    with shown():
        progress().stage("Khởi động")
        url = warehouse_url(configuration)
        with connect(url) as connection:
            prepare(connection)
        run_id, problem = _run_job(configuration, business_date, sources)
    return _summary(url, run_id, business_date, time.monotonic() - started, problem)


def _run_job(configuration: Settings, business_date: date, sources: Sequence[str]) -> tuple[str, str | None]:
    from orchestration.definitions import build_definitions
    from orchestration.event_log import night_instance

    job = build_definitions(configuration).resolve_job_def("nightly")
    selection = None
    if sources:
        keys = job.asset_layer.executable_asset_keys
        selection = [k for k in keys if not (len(k.path) == 3 and k.path[0] == "raw") or k.path[1] in sources]
    log = configuration.dagster_home / "night.log"
    # What Dagster and dbt print while they work is kept, but not shown: progress is.
    with (
        night_instance(configuration.dagster_home) as instance,
        log.open("a") as kept,
        contextlib.redirect_stdout(kept),
    ):
        result = job.execute_in_process(
            instance=instance,
            run_config={
                "resources": {"night": {"config": {"business_date": business_date.isoformat()}}},
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
            },
            asset_selection=selection,
            raise_on_error=False,
        )
    failures = [e for e in result.all_events if e.is_step_failure]
    problem = None
    if failures:
        error = failures[0].step_failure_data.error
        cause = error.cause or error if error else None
        problem = f"{failures[0].step_key}: {cause.message.strip().splitlines()[0] if cause else 'failed'}"
    return result.run_id, problem


def _summary(url: str, run_id: str, business_date: date, seconds: float, problem: str | None) -> NightSummary:
    with connect(url) as connection:
        batches: dict[str, int] = {
            str(status): int(count)
            for status, count in connection.execute(
                "select status, count(*) from ops.batch where run_id = %s group by status", [run_id]
            )
        }
        rows = connection.execute(
            """
            select coalesce(sum(delivered), 0), coalesce(sum(accepted), 0), coalesce(sum(unchanged), 0),
                coalesce(sum(quarantined), 0)
            from ops.batch where run_id = %s and status = 'accepted'
            """,
            [run_id],
        ).fetchone()
        alarmed = connection.execute(
            """
            select
                coalesce(sum(g.failed) filter (where g.alarm), 0),
                (select count(*) from identity.conflict where resolved_at is null),
                (select count(*) from identity.overruled_id)
            from ops.gate_result as g inner join ops.batch as b using (batch_id) where b.run_id = %s
            """,
            [run_id],
        ).fetchone()
        bad = connection.execute(
            "select source || ' ' || record, status || ': ' || coalesce(reason, '') from ops.batch"
            " where run_id = %s and status in ('refused', 'failed')",
            [run_id],
        ).fetchall()
        release = connection.execute(
            "select release_no, run_id = %s from ops.release where is_current", [run_id]
        ).fetchone()
        held: Any = connection.execute(
            "select reason from ops.release where run_id = %s and state = 'failed' order by release_id desc limit 1",
            [run_id],
        ).fetchone()
    assert rows is not None
    assert alarmed is not None
    published = bool(release and release[1])
    reason = problem or (held[0] if held else None)
    return NightSummary(
        business_date=business_date,
        seconds=seconds,
        release_no=release[0] if release else None,
        published=published,
        nothing_changed=not published and release is not None and reason is None,
        reason=reason,
        batches=batches,
        delivered=int(rows[0]),
        accepted=int(rows[1]),
        unchanged=int(rows[2]),
        quarantined=int(rows[3]),
        alarms=int(alarmed[0]),
        conflicts=int(alarmed[1]),
        mistyped=int(alarmed[2]),
        bad_sources=dict(bad),
    )
