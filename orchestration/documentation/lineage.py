"""From field to figure: which columns a published column is computed from, read from dbt's compiled SQL."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any

from orchestration.dbt import dbt_environment, nowhere, run_dbt
from orchestration.settings import Settings

#: A column as ("schema.relation", "column").
Column = tuple[str, str]
#: Layers in the order in which a record passes them; others stand before the models.
LAYERS = ("raw", "identity", "ops", "reference", "staging", "intermediate", "core", "marts")


@dataclass(frozen=True)
class Model:
    """One relation that dbt reads or builds; `parents` are names of relations like `name`, "schema.relation"."""

    name: str
    kind: str
    description: str
    columns: tuple[str, ...]
    parents: tuple[str, ...]

    @property
    def layer(self) -> str:
        """Its schema: raw, reference, staging, intermediate, core or marts."""
        return self.name.split(".", 1)[0]

    @property
    def short_name(self) -> str:
        """Its name without the schema."""
        return self.name.split(".", 1)[1]


@dataclass(frozen=True)
class Lineage:
    """Models by name and the parents of every column whose SQL could be read."""

    models: Mapping[str, Model]
    parents: Mapping[Column, frozenset[Column]]
    unread: frozenset[str] = frozenset()

    def ancestors(self, name: str) -> list[Model]:
        """The model and everything it is built from, in the order of the layers."""
        seen: dict[str, Model] = {}
        waiting = [name]
        while waiting:
            model = self.models.get(waiting.pop())
            if model and model.name not in seen:
                seen[model.name] = model
                waiting.extend(model.parents)
        return sorted(seen.values(), key=lambda m: (_rank(m.layer), m.name))

    @cached_property
    def _origins(self) -> dict[Column, frozenset[Column]]:
        return {}

    def origins(self, column: Column) -> frozenset[Column]:
        """Columns that dbt does not compute (raw, seeds, identity) from which a column is, through every step."""
        known = self._origins
        if column not in known:
            above = self.parents.get(column)
            known[column] = frozenset({column} if above is None else set().union(*map(self.origins, above)))
        return known[column]


def _rank(layer: str) -> int:
    return LAYERS.index(layer) if layer in LAYERS else -1


def models(manifest: Mapping[str, Any]) -> dict[str, Model]:
    """Every source, seed and model of a dbt manifest."""
    chosen = {
        key: node
        for key, node in {**manifest["sources"], **manifest["nodes"]}.items()
        if node["resource_type"] in {"source", "seed", "model"}
    }
    names = {key: f"{n['schema']}.{n.get('identifier') or n['alias']}" for key, n in chosen.items()}
    return {
        names[key]: Model(
            name=names[key],
            kind=node["resource_type"],
            description=(node.get("description") or "").strip(),
            columns=tuple(node.get("columns", {})),
            parents=tuple(sorted(names[p] for p in node.get("depends_on", {}).get("nodes", ()) if p in names)),
        )
        for key, node in chosen.items()
    }


def compiled_models(configuration: Settings, business_date: date) -> dict[str, str]:
    """SQL of every model by "schema.relation"; dbt compiles without asking a server anything."""
    arguments = ["compile", "--no-introspect", "--no-populate-cache"]
    outcome = run_dbt(
        [*arguments, "--select", "resource_type:model"],
        dbt_environment(configuration, nowhere(configuration), business_date),
    )
    return {
        f"{r.node.schema}.{r.node.alias}": r.node.compiled_code
        for r in outcome.results
        if r.node.resource_type == "model"
    }


def read_lineage(manifest: Mapping[str, Any], compiled: Mapping[str, str]) -> Lineage:
    """Lineage of all models; one whose SQL cannot be read keeps its models' lineage and is named in `unread`."""
    from sqlglot.errors import SqlglotError

    found = models(manifest)
    known = {name: m.columns for name, m in found.items() if m.kind != "model" and m.columns}
    parents: dict[Column, frozenset[Column]] = {}
    unread = set()
    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # its remarks on unknown syntax are for its makers
    order = TopologicalSorter({name: found[name].parents for name in compiled if name in found}).static_order()
    for name in (n for n in order if n in compiled):
        try:
            columns = column_parents(compiled[name], known)
        except (SqlglotError, ValueError, KeyError, RecursionError):
            unread.add(name)
            known[name] = found[name].columns
            continue
        known[name] = tuple(columns)
        parents |= {(name, column): above for column, above in columns.items()}
    return Lineage(found, parents, frozenset(unread))


def parsed(statement: str) -> Any:
    """The syntax tree of a statement of PostgreSQL, its relations named without a database."""
    from sqlglot import exp, parse_one

    tree = parse_one(statement, dialect="postgres")
    for table in tree.find_all(exp.Table):
        table.set("catalog", None)
    return tree


def schema_of(known: Mapping[str, Iterable[str]]) -> dict[str, Any]:
    """Columns by "schema.relation" in the shape in which sqlglot asks for them."""
    schema: dict[str, Any] = {}
    for name, columns in known.items():
        if listed := dict.fromkeys(columns, "text"):
            layer, relation = name.split(".", 1)
            schema.setdefault(layer, {})[relation] = listed
    return schema


def column_parents(statement: str, known: Mapping[str, Iterable[str]]) -> dict[str, frozenset[Column]]:
    """By column that a statement returns: the columns of relations from which it is computed. Raises SqlglotError."""
    from sqlglot import exp
    from sqlglot.lineage import lineage

    nodes: dict[str, Any] = lineage(
        None,
        parsed(statement),
        schema_of(known),
        dialect="postgres",
        trim_selects=False,
        validate_qualify_columns=False,
    )
    return {
        column: frozenset(
            (f"{n.expression.db}.{n.expression.name}", n.name.rsplit(".", 1)[-1].strip('"'))
            for n in node.walk()
            if isinstance(n.expression, exp.Table) and not n.downstream
        )
        for column, node in nodes.items()
    }
