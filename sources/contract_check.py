"""What must hold for a contract file: the standard's schema, then our own vocabulary."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from sources.contract import FORBIDDEN_CLASS, KINDS, PHYSICAL_TYPES, code_lists, custom
from sources.documents import compose_yaml, load_yaml

Where = tuple[str | int, ...]


def _line(root: yaml.Node | None, path: Where) -> int:
    """The line (from 1) of the deepest node on `path` that the file has."""
    node, line = root, 1
    for step in path:
        if isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == step), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
        else:
            break
        if node is None:
            break
        line = node.start_mark.line + 1
    return line


@cache
def _validator() -> Any:
    import jsonschema

    schema = json.loads(files("open_data_contract_standard").joinpath("schema.json").read_text(encoding="utf-8"))
    return jsonschema.validators.validator_for(schema)(schema)


def problems(path: Path) -> list[str]:
    """Everything wrong with one contract file, one sentence each: `file:line: field: what is wrong`."""
    text = path.read_text(encoding="utf-8")
    try:
        root, document = compose_yaml(text), load_yaml(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        return [f"{path.name}:{mark.line + 1 if mark else 1}: not readable as YAML: {getattr(error, 'problem', error)}"]

    def say(where: Where, what: str) -> str:
        names, node = [], document
        for step in where:
            if isinstance(node, list) and isinstance(step, int):
                node = node[step]
            else:
                node = node.get(step) if isinstance(node, dict) else None
            if isinstance(node, dict) and ("name" in node or "id" in node):
                names.append(str(node.get("name", node.get("id"))))
        return f"{path.name}:{_line(root, where)}: {'.'.join(names) or 'document'}: {what}"

    found = [say(tuple(e.absolute_path), e.message) for e in _validator().iter_errors(document)]
    if found:
        return found
    return [say(where, what) for where, what in _vocabulary_problems(path, document)]


def _vocabulary_problems(path: Path, document: Any) -> Iterator[tuple[Where, str]]:
    """What our own vocabulary asks beyond the standard."""
    record = document["schema"][0]
    base: Where = ("schema", 0)
    if record["name"] != document["id"] or path.name != f"{record['name']}.odcs.yaml":
        yield (*base, "name"), "file, id and schema must carry the same record name"
    if custom(record).get("recordKind") not in KINDS:
        yield (*base, *_custom(record, "recordKind")), f"recordKind must be one of {', '.join(KINDS)}"
    yield from _property_problems(record, base)
    yield from _rule_problems(record, base)


def _property_problems(record: Mapping[str, Any], base: Where) -> Iterator[tuple[Where, str]]:
    names = [p["name"] for p in record["properties"]]
    if names[:1] != ["source_key"]:
        yield (*base, "properties"), "the first property must be source_key"
    for i, p in enumerate(record["properties"]):
        here = (*base, "properties", i)
        for needed in ("businessName", "logicalType", "physicalType", "classification"):
            if needed not in p:
                yield here, f"{needed} is missing"
        if p.get("physicalType") not in PHYSICAL_TYPES:
            yield (*here, "physicalType"), f"physicalType must be one of {', '.join(sorted(PHYSICAL_TYPES))}"
        if p.get("classification") == FORBIDDEN_CLASS:
            yield (*here, "classification"), "items of class X never enter a contract"
        if not re.fullmatch(r"[a-z][a-z0-9_]*", p["name"]) or names.count(p["name"]) > 1:
            yield (*here, "name"), "names are lower snake case and stand once"
        wanted = custom(p).get("codeList")
        if wanted and wanted not in code_lists():
            yield (*here, *_custom(p, "codeList")), f"code list {wanted} is not in the seed code_list"


def _rule_problems(record: Mapping[str, Any], base: Where) -> Iterator[tuple[Where, str]]:
    seen: set[str] = set()
    for where, rule in _raw_rules(record):
        here = (*base, *where)
        if not re.fullmatch(r"[A-Z]{3}-\d{3}", rule.get("id", "")) or rule["id"] in seen:
            yield (*here, "id"), "id must look like MEM-014 and stand once"
        seen.add(rule.get("id", ""))
        if rule.get("severity") not in ("error", "warning"):
            yield (*here, "severity"), "severity is error or warning"
        if not rule.get("description"):
            yield here, "a rule needs a Vietnamese sentence as its description"
        if rule.get("type") == "sql" and "predicate" not in custom(rule):
            yield here, "a sql rule needs the custom property predicate"
        if rule.get("severity") == "error" and custom(rule).get("confidence", "high") != "high":
            yield (*here, *_custom(rule, "confidence")), "an unconfirmed rule may warn, never refuse"


def _custom(node: Mapping[str, Any], name: str) -> Where:
    """Where a custom property stands under its node; the node itself where it does not."""
    found = (i for i, c in enumerate(node.get("customProperties", ())) if c.get("property") == name)
    return next((("customProperties", i) for i in found), ())


def _raw_rules(record: Mapping[str, Any]) -> Iterator[tuple[Where, Mapping[str, Any]]]:
    for i, p in enumerate(record["properties"]):
        for j, rule in enumerate(p.get("quality", ())):
            yield ("properties", i, "quality", j), rule
    for j, rule in enumerate(record.get("quality", ())):
        yield ("quality", j), rule
