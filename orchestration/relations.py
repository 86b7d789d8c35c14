"""Which relations are published, and what they must be like: read from dbt's manifest.

A snapshot in the dbt project is a published relation; nothing else has to be edited to add one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg import sql

from sources.errors import ExplainedError

#: Columns of this sensitivity class stay in history and are never shown in a published view.
UNPUBLISHED_CLASS = "P3"
#: Keys by which readers look things up, wherever they stand.
LOOK_UP_KEYS = ("person_id", "organisation_id", "agency_id", "assignment_id")

REF = re.compile(r"""ref\(\s*(?:['"][^'"]+['"]\s*,\s*)?['"]([^'"]+)['"]\s*\)""")


class RelationError(ExplainedError):
    """The dbt project describes a published relation that cannot be published as it is."""


@dataclass(frozen=True)
class ExpectedConstraint:
    """A constraint that a model's contract promises; `kind` as in pg_constraint.contype (p, u, f, c, x)."""

    schema: str
    relation: str
    kind: str
    columns: tuple[str, ...]
    refers_to: str | None = None

    def __str__(self) -> str:
        names = {"p": "primary key", "u": "unique", "f": "foreign key", "c": "check", "x": "exclusion"}
        target = f" -> {self.refers_to}" if self.refers_to else ""
        return f"{self.schema}.{self.relation} {names[self.kind]} ({', '.join(self.columns)}){target}"


@dataclass(frozen=True)
class PublishedRelation:
    """One relation of `published`: its candidate, its history, its key and its Vietnamese terms.

    `terms` and `classes` map column names to comments and sensitivity classes.
    """

    name: str
    candidate_schema: str
    candidate_name: str
    key: str
    comment: str = ""
    terms: Mapping[str, str] = field(default_factory=dict)
    classes: Mapping[str, str] = field(default_factory=dict)

    @property
    def candidate(self) -> sql.Identifier:
        """The relation that dbt builds, in SQL."""
        return sql.Identifier(self.candidate_schema, self.candidate_name)

    @property
    def history(self) -> sql.Identifier:
        """The relation that dbt snapshots write, in SQL."""
        return sql.Identifier("history", self.name)

    @property
    def view(self) -> sql.Identifier:
        """The view that staff read, in SQL."""
        return sql.Identifier("published", self.name)

    def hidden(self, column: str) -> bool:
        """Whether a column of history is never shown."""
        return column.startswith("dbt_") or self.classes.get(column) == UNPUBLISHED_CLASS


@dataclass(frozen=True)
class ReleasePlan:
    """What a release consists of, and the constraints that its candidate must have."""

    relations: tuple[PublishedRelation, ...]
    constraints: tuple[ExpectedConstraint, ...] = ()

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> ReleasePlan:
        """The plan that a dbt manifest describes."""
        return cls(tuple(published_relations(manifest)), tuple(expected_constraints(manifest)))


def load_manifest(path: Path) -> dict[str, Any]:
    """dbt's manifest as plain data."""
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return manifest


def _meta(element: Mapping[str, Any]) -> dict[str, Any]:
    return {**element.get("meta", {}), **element.get("config", {}).get("meta", {})}


def _columns(*nodes: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Comments and sensitivity classes by column; what a later node says wins."""
    terms: dict[str, str] = {}
    classes: dict[str, str] = {}
    for node in nodes:
        for name, column in node.get("columns", {}).items():
            if column.get("description"):
                terms[name] = column["description"].strip()
            if classification := _meta(column).get("classification"):
                classes[name] = str(classification)
    return terms, classes


def published_relations(manifest: Mapping[str, Any]) -> list[PublishedRelation]:
    """Published relations by name. Raises RelationError for a snapshot that cannot be read at a moment."""
    found = []
    nodes = manifest["nodes"]
    for node in nodes.values():
        if node["resource_type"] != "snapshot":
            continue
        config, name = node["config"], node["alias"]
        parents = node["depends_on"]["nodes"]
        if len(parents) != 1 or parents[0] not in nodes:
            raise RelationError(f"Snapshot {name} must have exactly one model as its relation.")
        if config.get("hard_deletes") != "invalidate" or not config.get("dbt_valid_to_current"):
            raise RelationError(f"Snapshot {name} needs hard_deletes: invalidate and dbt_valid_to_current.")
        if node["schema"] != "history":
            raise RelationError(f"Snapshot {name} must be written to the schema history, not {node['schema']}.")
        if not isinstance(config["unique_key"], str):
            raise RelationError(f"Snapshot {name} needs one column as its unique key.")
        model = nodes[parents[0]]
        terms, classes = _columns(model, node)
        found.append(
            PublishedRelation(
                name=name,
                candidate_schema=model["schema"],
                candidate_name=model["alias"],
                key=config["unique_key"],
                comment=(node.get("description") or model.get("description") or "").strip(),
                terms=terms,
                classes=classes,
            )
        )
    return sorted(found, key=lambda r: r.name)


def _target(constraint: Mapping[str, Any], nodes: Mapping[str, Any]) -> str:
    """schema.name that a foreign key refers to: ref('x') after parsing alone, "db"."core"."x" once compiled."""
    rendered = constraint.get("to") or (constraint.get("expression") or "").split("(")[0].strip()
    if found := REF.fullmatch(rendered):
        for node in nodes.values():
            if node["resource_type"] in {"model", "seed"} and node["name"] == found.group(1):
                return f"{node['schema']}.{node['alias']}"
        raise RelationError(f"A foreign key refers to {rendered}, which the dbt project has not.")
    return ".".join(part.strip('"') for part in rendered.split(".")[-2:])


def _constraints(node: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Sequence[str]]]:
    for constraint in node.get("constraints", ()):
        yield constraint, constraint.get("columns") or ()
    for name, column in node.get("columns", {}).items():
        for constraint in column.get("constraints", ()):
            yield constraint, (name,)


def _kind(constraint: Mapping[str, Any]) -> str | None:
    """The kind of a constraint that a release must have; dbt knows no exclusion and calls it custom."""
    if constraint["type"] == "custom" and (constraint.get("expression") or "").startswith("exclude "):
        return "x"
    return {"primary_key": "p", "unique": "u", "foreign_key": "f"}.get(constraint["type"])


def expected_constraints(manifest: Mapping[str, Any]) -> list[ExpectedConstraint]:
    """Keys, foreign keys and exclusions that the contracts of all models promise."""
    found = []
    for node in manifest["nodes"].values():
        enforced = node["config"].get("contract", {}).get("enforced")
        if node["resource_type"] != "model" or not enforced or not node["config"].get("enabled", True):
            continue
        for constraint, columns in _constraints(node):
            kind = _kind(constraint)
            if kind is None:
                continue
            foreign = constraint["type"] == "foreign_key"
            found.append(
                ExpectedConstraint(
                    schema=node["schema"],
                    relation=node["alias"],
                    kind=kind,
                    columns=tuple(columns),
                    refers_to=_target(constraint, manifest["nodes"]) if foreign else None,
                )
            )
    return sorted(found, key=str)
