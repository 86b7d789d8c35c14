"""The registry: one YAML file a source, checked when it is read.

A source is one reporting body. Its file says which systems it has and how each record of the
contracts is read from them. Adding a source is adding a file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from sources.contract import KINDS, RECORDS, load_contracts
from sources.documents import load_yaml
from sources.errors import ExplainedError

VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
#: Records that describe persons: of these a source may be worth more or less on a single field.
PERSON_RECORDS = ("member", "cadre")
CODE = re.compile(r"^(\d{2}|T[1-6])$")


class RegistryError(ExplainedError):
    """A source file that does not hold; the message names file and field."""


class Limits(BaseModel):
    """Bounds of one connector process."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    seconds: float = 300
    memory_mb: int = 512
    file_mb: int = 20


class RecordMapping(BaseModel):
    """How one record is read from one system of the source; connector-specific keys are kept in `options`."""

    model_config = ConfigDict(extra="allow", frozen=True)
    system: str
    columns: dict[str, str]
    mode: Literal["snapshot", "delta"] = "snapshot"
    values: dict[str, dict[str, str]] = Field(default_factory=dict)

    @property
    def options(self) -> dict[str, Any]:
        """What only the connector understands: table, query, file, sheets, path, items …"""
        return dict(self.model_extra or {})

    @field_validator("values", mode="before")
    @classmethod
    def _texts(cls, values: Any) -> Any:
        return {f: {str(k): str(v) for k, v in m.items()} for f, m in values.items()} if values else {}

    @model_validator(mode="after")
    def _has_key(self) -> RecordMapping:
        if "source_key" not in self.columns:
            raise ValueError("columns must map source_key")
        return self


class System(BaseModel):
    """One system of a source: a connector and its settings, `${…}` still unresolved."""

    model_config = ConfigDict(extra="allow", frozen=True)
    connector: Literal["database", "workbook", "csv", "rest"]
    manifest: bool = False

    @property
    def options(self) -> dict[str, Any]:
        """What only the connector understands: url, location, encoding, auth …"""
        return dict(self.model_extra or {})


class Source(BaseModel):
    """One reporting body."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    code: str
    name: str
    authority: dict[str, int] = Field(default_factory=dict)
    freshness_hours: float = 36
    retries: int = Field(default=1, ge=0, le=9)
    limits: Limits = Limits()
    systems: dict[str, System]
    records: dict[str, RecordMapping]

    @field_validator("code")
    @classmethod
    def _code(cls, code: str) -> str:
        if not CODE.match(code):
            raise ValueError("code is the two digits of a province or T1 to T6, quoted")
        return code

    @model_validator(mode="after")
    def _known(self) -> Source:
        contracts = load_contracts()
        for record, mapping in self.records.items():
            if record not in RECORDS:
                raise ValueError(f"records.{record}: no such record; known are {', '.join(RECORDS)}")
            if mapping.system not in self.systems:
                raise ValueError(f"records.{record}.system: {mapping.system} is not declared under systems")
            for part in ("columns", "values"):
                if unknown := set(getattr(mapping, part)) - set(contracts[record].by_name):
                    names = ", ".join(sorted(unknown))
                    raise ValueError(f"records.{record}.{part}: not fields of the contract: {names}")
            if unknown := set(mapping.options.get("encodings") or {}) - set(mapping.columns):
                names = ", ".join(sorted(map(str, unknown)))
                raise ValueError(f"records.{record}.encodings: not among its columns: {names}")
        fields = {f"{record}.{name}" for record in PERSON_RECORDS for name in contracts[record].by_name}
        if unknown := set(self.authority) - set(KINDS) - fields:
            names = ", ".join(sorted(unknown))
            raise ValueError(f"authority: neither kinds nor fields like cadre.political_theory: {names}")
        return self

    def records_of(self, kind: str) -> tuple[str, ...]:
        """The records of a kind that this source delivers, in contract order."""
        return tuple(r for r in KINDS[kind] if r in self.records)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of which this source delivers at least one record."""
        return tuple(k for k in KINDS if self.records_of(k))


@dataclass(frozen=True)
class ResolvedSystem:
    """A system with its secrets filled in; never logged, so it has no readable form."""

    name: str
    connector: str
    manifest: bool
    options: dict[str, Any] = field(repr=False)


def resolve(source: Source, system: str, environment: Mapping[str, str] = os.environ) -> ResolvedSystem:
    """Fill `${LIENTHONG_SOURCE_<CODE>_…}` from the environment.

    Raises RegistryError when a variable is unset or belongs to another source.
    """
    prefix = f"LIENTHONG_SOURCE_{source.code}_"

    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: fill(v) for k, v in value.items()}
        if not isinstance(value, str):
            return value

        def variable(match: re.Match[str]) -> str:
            name = match.group(1)
            if not name.startswith(prefix):
                raise RegistryError(f"{source.code}.yml: systems.{system}: {name} must begin with {prefix}")
            if name not in environment:
                raise RegistryError(f"{source.code}.yml: systems.{system}: set the environment variable {name}")
            return environment[name]

        return VARIABLE.sub(variable, value)

    declared = source.systems[system]
    return ResolvedSystem(system, declared.connector, declared.manifest, fill(declared.options))


def load_source(path: Path) -> Source:
    """One source. Raises RegistryError naming file and field."""
    try:
        document = load_yaml(path.read_text(encoding="utf-8"))
        source = Source.model_validate(document)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise RegistryError(f"{path.name}:{mark.line + 1 if mark else 1}: not readable as YAML") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise RegistryError(f"{path.name}: {where or 'file'}: {first['msg'].removeprefix('Value error, ')}") from error
    if path.stem != source.code:
        raise RegistryError(f"{path.name}: the file of source {source.code} must be named {source.code}.yml")
    return source


def load_sources(folder: Path) -> dict[str, Source]:
    """All sources of a registry folder by code. Raises RegistryError for the first file that does not hold."""
    files = sorted(folder.glob("*.yml"))
    if not files:
        raise RegistryError(f"{folder}: no source is registered; add one YAML file a source")
    return {source.code: source for source in map(load_source, files)}
