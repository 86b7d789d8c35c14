"""What `lienthong doctor` looks at; every finding says what to do."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

from orchestration.settings import Settings
from orchestration.warehouse import MINIMUM_VERSION, connect, prepare, warehouse_url
from sources.contract import load_contracts
from sources.errors import ExplainedError
from sources.registry import load_sources, resolve

EXTENSIONS = ("btree_gist", "pg_trgm", "unaccent")


def _python(_: Settings) -> str:
    version = ".".join(map(str, sys.version_info[:3]))
    if not (3, 11) <= sys.version_info[:2] < (3, 14):
        raise ExplainedError(f"Python {version}: use 3.11, 3.12 or 3.13")
    return version


def _warehouse(configuration: Settings) -> str:
    with connect(warehouse_url(configuration)) as connection:
        prepare(connection)
        version = connection.info.server_version
        if version < MINIMUM_VERSION:
            raise ExplainedError(f"PostgreSQL {version // 10000}: 16 or newer is needed")
        where = "embedded" if configuration.database_url is None else "by LIENTHONG_DATABASE_URL"
        return f"PostgreSQL {version // 10000}.{version % 10000}, {where}"


def _extensions(configuration: Settings) -> str:
    with connect(warehouse_url(configuration)) as connection:
        found = {name for (name,) in connection.execute("select name from pg_available_extensions")}
    if missing := [name for name in EXTENSIONS if name not in found]:
        raise ExplainedError(f"not available: {', '.join(missing)}; install PostgreSQL's contrib package")
    return ", ".join(EXTENSIONS)


def _contracts(_: Settings) -> str:
    contracts = load_contracts()
    return f"{len(contracts)} records, {sum(len(c.rules) for c in contracts.values())} rules"


def _sources(configuration: Settings) -> str:
    return f"{len(load_sources(configuration.registry))} registered in {configuration.registry}"


def _secrets(configuration: Settings) -> str:
    from orchestration.resources import source_environment

    missing = []
    with source_environment(configuration) as variables:
        for source in load_sources(configuration.registry).values():
            for system in source.systems:
                try:
                    resolve(source, system, variables)
                except ExplainedError as error:
                    missing.append(str(error))
    if missing:
        raise ExplainedError(f"{len(missing)} systems lack their address or secret, the first: {missing[0]}")
    return "every system has its address and secrets"


CHECKS: dict[str, Callable[[Settings], str]] = {
    "python": _python,
    "warehouse": _warehouse,
    "extensions": _extensions,
    "contracts": _contracts,
    "sources": _sources,
    "secrets": _secrets,
}


def examine(configuration: Settings) -> list[dict[str, str]]:
    """One finding a check: what was looked at, right or wrong, and what to know or do."""
    return list(_findings(configuration))


def _findings(configuration: Settings) -> Iterator[dict[str, str]]:
    for name, look in CHECKS.items():
        try:
            yield {"check": name, "state": "right", "finding": look(configuration)}
        except ExplainedError as error:
            yield {"check": name, "state": "wrong", "finding": str(error)}
