"""Builds the sample world: 40 source systems, the environment to reach them, and the truth about them."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

import polars as pl

from sources.sample import truth
from sources.sample.clean import World, world
from sources.sample.deliveries import Deliveries, deliveries, with_keys
from sources.sample.reorganisations import EVENT
from sources.sample.styles import registered
from sources.sample.systems import Target, Written, write_source
from sources.sample.writers.relational import on_server
from sources.sample.writers.rest import write_description

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Summary:
    """What was built: persons, rows delivered by record and by source, faults by name, seconds."""

    scale: float
    seed: int
    as_of: str
    persons: int
    rows: dict[str, int] = field(default_factory=dict)
    sources: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0


def build(
    scale: float,
    seed: int,
    as_of: date,
    out: Path,
    server_url: str | None = None,
    *,
    faults: bool = True,
    progress: Progress | None = None,
) -> Summary:
    """Write the sample world into `out`.

    `scale` 1.0 is the country, 0.01 has 56,000 members. Databases of PostgreSQL sources are created on
    `server_url` as `sample_<code>`, or written as SQLite files without it. `progress` is called with
    what is being written, how many sources are done, and of how many. The same scale, seed and day
    give the same files. Without `faults` all values are the true ones; how systems write them, and the few
    deliveries that a gate refuses, stay.
    """
    began = time.monotonic()
    if out.exists():
        for part in ("sources", "truth"):
            shutil.rmtree(out / part, ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)
    _say(progress, "the true state of all records", 0, 1)
    true_state = world(scale, seed, as_of)
    said = deliveries(true_state, seed, as_of, faults=faults)
    written = write_all(said, Target(out, as_of, seed, server_url), progress)
    wrong = said.faults.frame()
    truth.write(
        out / "truth",
        {
            "person": true_state.persons.rename({"person": "true_person_id"}),
            "record": said.who.rename({"person": "true_person_id"}),
            "fault": wrong,
            "expected": expected_rows(written),
            "organisation_event": organisation_events(true_state, seed),
            **{f"said_{record}": frame for record, frame in said.records.items()},
        },
    )
    summary = Summary(
        scale,
        seed,
        as_of.isoformat(),
        len(true_state.persons),
        rows=_sum(written, by_source=False),
        sources=_sum(written, by_source=True),
        faults=dict(wrong["fault"].value_counts().sort("fault").iter_rows()),
        seconds=round(time.monotonic() - began, 1),
    )
    (out / "summary.json").write_text(json.dumps(asdict(summary), ensure_ascii=False, indent=1), encoding="utf-8")
    return summary


def write_all(said: Deliveries, target: Target, progress: Progress | None) -> dict[str, Written]:
    """Write every source's systems, `env` and the description of the services."""
    sources = registered()
    split = {
        record: {str(code): part for (code,), part in frame.partition_by("source", as_dict=True).items()}
        for record, frame in said.records.items()
    }
    written: dict[str, Written] = {}
    for number, source in enumerate(sources.values()):
        _say(progress, f"source {source.code}", number, len(sources))
        mine = {record: split[record].get(source.code, said.records[record].clear()) for record in source.records}
        written[source.code] = write_source(source, mine, target, said.faults)
    lines = [f"{k}={v}" for w in written.values() for k, v in w.environment.items()]
    (target.out / "env").touch(mode=0o600)  # it holds the password of the databases
    (target.out / "env").write_text("\n".join(lines) + "\n", encoding="utf-8")
    write_description(target.out, {code: w.services for code, w in written.items() if w.services})
    _say(progress, "done", len(sources), len(sources))
    return written


def environment(folder: Path, server_url: str | None = None) -> dict[str, str]:
    """Variables of a built world that need no running service, from its `env` file.

    `server_url` is where the PostgreSQL server of the sources listens now, if it has moved.
    """
    lines = (folder / "env").read_text(encoding="utf-8").splitlines()
    found = dict(line.split("=", 1) for line in lines if "=" in line)
    if server_url is None:
        return found
    return {
        k: on_server(server_url, v.rpartition("/")[2]) if v.startswith("postgresql") else v for k, v in found.items()
    }


def _say(progress: Progress | None, what: str, done: int, of: int) -> None:
    if progress:
        progress(what, done, of)


def expected_rows(written: dict[str, Written]) -> pl.DataFrame:
    """Rows delivered by source and record, tombstones included."""
    rows = [(code, record, rows) for code, w in written.items() for record, rows in w.rows.items()]
    return pl.DataFrame(rows, schema={"source": pl.String, "record": pl.String, "rows": pl.Int64}, orient="row")


def organisation_events(true_state: World, seed: int) -> pl.DataFrame:
    """Which part organisations had in which events: `source`, `source_key` and `EVENT`."""
    keyed = with_keys(true_state.records["organisation"], "organisation", seed)
    return keyed.filter(pl.col("event").is_not_null()).select("source", "source_key", *EVENT)


def _sum(written: dict[str, Written], by_source: bool) -> dict[str, int]:
    sums: dict[str, int] = {}
    for code, w in written.items():
        for record, rows in w.rows.items():
            name = code if by_source else record
            sums[name] = sums.get(name, 0) + rows
    return sums
