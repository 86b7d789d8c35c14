"""The one place that runs dbt: environment of the profile, manifest, commands in this process.

The project is parsed with constants in place of server and date, so that dbt's partial parsing serves from
one night to the next, and once a process: every command after that takes the parsed project as it is.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from orchestration.server import DATABASE
from orchestration.settings import PROJECT, Settings
from sources.errors import ExplainedError

DBT_PROJECT = PROJECT / "dbt_project"
#: What was not built goes to dbt.log; a command that says otherwise after these is heard.
_QUIETLY = ("--log-level", "none", "--log-level-file", "info", "--no-use-colors", "--no-write-json")
#: What a parsed project does not depend on: which server it will be run on, and for which date.
_PARSED_FOR = {
    "LIENTHONG_DBT_HOST": "127.0.0.1",
    "LIENTHONG_DBT_PORT": "1",
    "LIENTHONG_DBT_USER": "nobody",
    "LIENTHONG_DBT_PASSWORD": "nothing",
    "LIENTHONG_BUSINESS_DATE": "2000-01-01",
}


class DbtError(ExplainedError):
    """dbt did not succeed; the message names what failed, without rows."""


def target_folder(configuration: Settings) -> Path:
    """Where dbt writes: manifest, run results, compiled SQL."""
    return configuration.home / "dbt" / "target"


def dbt_environment(configuration: Settings, url: str, business_date: date | None = None) -> dict[str, str]:
    """What `profiles.yml` and the models read with env_var()."""
    address = urlsplit(url)
    environment = {
        "LIENTHONG_DBT_HOST": address.hostname or "",
        "LIENTHONG_DBT_PORT": str(address.port or 5432),
        "LIENTHONG_DBT_USER": unquote(address.username or ""),
        "LIENTHONG_DBT_PASSWORD": unquote(address.password or ""),
        "LIENTHONG_DBT_DBNAME": address.path.lstrip("/"),
        "DBT_PROJECT_DIR": str(DBT_PROJECT),
        "DBT_PROFILES_DIR": str(DBT_PROJECT),
        "DBT_TARGET_PATH": str(target_folder(configuration)),
        "DBT_LOG_PATH": str(configuration.home / "dbt" / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }
    if business_date:
        environment["LIENTHONG_BUSINESS_DATE"] = business_date.isoformat()
    return environment


@contextlib.contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def run_dbt(arguments: Sequence[str], environment: Mapping[str, str], callback: Any = None) -> Any:
    """Run one dbt command in this process and return its result. Raises DbtError naming the failed nodes."""
    return _invoke(arguments, environment, _parsed(environment).deepcopy(), callback)  # dbt writes into what it runs


def _parsed(environment: Mapping[str, str]) -> Any:
    """The project as dbt reads it from what is on disk now."""
    project = Path(environment["DBT_PROJECT_DIR"])
    return _parse(tuple(sorted({**environment, **_PARSED_FOR}.items())), _newest(project))


@lru_cache(maxsize=1)
def _parse(environment: tuple[tuple[str, str], ...], _newest: float) -> Any:
    return _invoke(["parse", "--write-json"], dict(environment))


def _newest(project: Path) -> float:
    return max(f.stat().st_mtime for f in project.rglob("*") if f.suffix in {".sql", ".yml", ".csv"})


def _invoke(arguments: Sequence[str], environment: Mapping[str, str], parsed: Any = None, callback: Any = None) -> Any:
    from dbt.cli.main import dbtRunner

    with _environment(environment):
        outcome = dbtRunner(manifest=parsed, callbacks=[callback] if callback else []).invoke(
            [arguments[0], *_QUIETLY, *arguments[1:]]
        )
    if outcome.exception:
        raise DbtError(f"dbt {arguments[0]} stopped: {' '.join(str(outcome.exception).split())}")
    if not outcome.success:
        results = getattr(outcome.result, "results", [])
        failed = [r.node.unique_id for r in results if r.status in ("error", "fail", "runtime error")]
        raise DbtError(
            f"dbt {arguments[0]} failed at {', '.join(failed) or 'start'}; see {environment['DBT_LOG_PATH']}/dbt.log"
        )
    return outcome.result


def ensure_manifest(configuration: Settings) -> Path:
    """The manifest of the project as it is on disk now, parsed again only when a file is newer."""
    manifest = target_folder(configuration) / "manifest.json"
    if not manifest.exists() or manifest.stat().st_mtime < _newest(DBT_PROJECT):
        _parsed(dbt_environment(configuration, nowhere(configuration)))
    return manifest


def nowhere(configuration: Settings) -> str:
    """An address for commands that open no connection; only the name of the database is true."""
    database = urlsplit(configuration.database_url or "").path.lstrip("/") or DATABASE
    return f"postgresql://nobody:nothing@127.0.0.1:1/{database}"
