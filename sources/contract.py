"""The contracts: the only place where a field, its terms and its rules are defined.

`load_contracts()` reads `sources/contracts/*.odcs.yaml` (Open Data Contract Standard 3.2), refuses a
file that does not hold, naming file, line and field, and returns plain objects from which tables,
casts, suites, quarantine SQL, dbt sources and the data dictionary are generated.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

from sources.documents import load_yaml
from sources.errors import ExplainedError

CONTRACTS = Path(__file__).parent / "contracts"
CODE_LISTS = Path(__file__).parent.parent / "dbt_project" / "seeds" / "code_list.csv"

#: Each kind is delivered, judged and shown as one asset of a source.
KINDS: dict[str, tuple[str, ...]] = {
    "organisation": ("organisation", "agency"),
    "member": ("member", "membership_transfer"),
    "cadre": ("cadre", "position_assignment", "evaluation", "planning", "training", "award", "discipline"),
    "staffing": ("staffing_quota", "headcount"),
}
RECORDS: tuple[str, ...] = tuple(record for records in KINDS.values() for record in records)

Severity = Literal["error", "warning"]
PHYSICAL_TYPES = {"text", "date", "integer", "numeric", "boolean"}
#: Items that paper forms hold and this warehouse never does (class X).
FORBIDDEN_CLASS = "X"


class ContractError(ExplainedError):
    """A contract file that does not hold; the message names file, line and field."""


@dataclass(frozen=True)
class Code:
    """One value of a code list: the code, its Vietnamese label and other spellings that sources use."""

    value: str
    label: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """One quality rule: `predicate` is SQL over the typed table, true for a bad row."""

    rule_id: str
    record: str
    column: str | None
    metric: Literal["nullValues", "invalidValues", "duplicateValues", "predicate"]
    predicate: str
    tolerance: float
    severity: Severity
    sentence: str
    blocks: tuple[str, ...] = ()
    alarm: bool = False
    confidence: str = "high"
    pattern: str | None = None
    minimum: str | None = None
    maximum: str | None = None

    @property
    def needs_previous(self) -> bool:
        """Whether the rule compares a row with the version of it accepted before."""
        return "(previous)" in self.predicate


@dataclass(frozen=True)
class Property:
    """One field of a record, as the contract defines it."""

    name: str
    business_name: str
    logical_type: str
    physical_type: str
    classification: str
    required: bool
    description: str | None
    synonyms: tuple[str, ...]
    codes: tuple[Code, ...] | None
    code_list: str | None
    repair: str | None
    partial_date: bool
    legal_basis: str | None

    @property
    def may_be_unread(self) -> bool:
        """Whether a delivered text can fail to become a value of this field."""
        return self.physical_type != "text" or self.codes is not None

    @property
    def unread(self) -> str:
        """Column of the typed table that keeps a text which could not be read."""
        return f"{self.name}__unread"

    @property
    def precision(self) -> str:
        """Column that says how much of a partial date was given: D, M or Y."""
        return f"{self.name}_precision"


@dataclass(frozen=True)
class Contract:
    """One record of the thirteen: its fields in order and its rules."""

    record: str
    business_name: str
    kind: str
    version: str
    purpose: str
    legal_basis: str | None
    properties: tuple[Property, ...]
    rules: tuple[Rule, ...]
    path: Path = field(compare=False)

    @cached_property
    def by_name(self) -> dict[str, Property]:
        """Properties by their English name."""
        return {p.name: p for p in self.properties}

    def columns(self) -> Iterator[tuple[str, str]]:
        """Typed columns in order as (name, PostgreSQL type), a partial date followed by its precision."""
        for p in self.properties:
            yield p.name, p.physical_type
            if p.partial_date:
                yield p.precision, "text"


def custom(element: Mapping[str, Any]) -> dict[str, Any]:
    """The custom properties of a contract element as a dictionary."""
    return {c["property"]: c["value"] for c in element.get("customProperties", ())}


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


@cache
def code_lists(path: Path = CODE_LISTS) -> dict[str, tuple[Code, ...]]:
    """Code lists in force, by list code, from the seed that the warehouse also loads."""
    lists: dict[str, list[Code]] = {}
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            aliases = tuple(a for a in row["aliases"].split("|") if a)
            lists.setdefault(row["list_code"], []).append(Code(row["code"], row["label"], aliases))
    return {code: tuple(values) for code, values in lists.items()}


def _legal_basis(raw: Mapping[str, Any]) -> str | None:
    return next((d["url"] for d in raw.get("authoritativeDefinitions", ()) if d["type"] == "legalBasis"), None)


def _property(raw: Mapping[str, Any]) -> Property:
    extra = custom(raw)
    codes = None
    if "enum" in raw:
        codes = tuple(Code(str(e["value"]), e.get("label", str(e["value"]))) for e in raw["enum"])
    elif "codeList" in extra:
        codes = code_lists()[extra["codeList"]]
    return Property(
        name=raw["name"],
        business_name=raw["businessName"],
        logical_type=raw["logicalType"],
        physical_type=raw["physicalType"],
        classification=raw["classification"],
        required=raw.get("required", False),
        description=raw.get("description"),
        synonyms=tuple(s["synonym"] for s in raw.get("synonyms", ())),
        codes=codes,
        code_list=extra.get("codeList"),
        repair=extra.get("repair"),
        partial_date=bool(extra.get("partialDate", False)),
        legal_basis=_legal_basis(raw),
    )


def _predicate(metric: str, p: Property, arguments: Mapping[str, Any]) -> str:
    column = f'"{p.name}"'
    if metric == "duplicateValues":
        return f"{column} in (select {column} from ${{table}} group by {column} having count(*) > 1)"
    if metric == "nullValues":
        return f'{column} is null and "{p.unread}" is null' if p.may_be_unread else f"{column} is null"
    bad = [f'"{p.unread}" is not null'] if p.may_be_unread else []
    if "pattern" in arguments:
        bad.append(f"{column} !~ {_literal(arguments['pattern'])}")
    if "minimum" in arguments:
        bad.append(f"{column} < {_literal(str(arguments['minimum']))}::{p.physical_type}")
    if "maximum" in arguments:
        bad.append(f"{column} > {_literal(str(arguments['maximum']))}::{p.physical_type}")
    return " or ".join(bad)


def _rule(raw: Mapping[str, Any], record: str, p: Property | None) -> Rule:
    extra, arguments = custom(raw), raw.get("arguments", {})
    metric = raw.get("metric", "predicate")
    return Rule(
        rule_id=raw["id"],
        record=record,
        column=p.name if p else None,
        metric=metric,
        predicate=_predicate(metric, p, arguments) if p else extra["predicate"],
        tolerance=float(raw.get("mustBeLessOrEqualTo", 0)),
        severity=raw["severity"],
        sentence=raw["description"],
        blocks=tuple(extra.get("blocks", ())),
        alarm=bool(extra.get("alarm", False)),
        confidence=extra.get("confidence", "high"),
        pattern=arguments.get("pattern"),
        minimum=str(arguments["minimum"]) if "minimum" in arguments else None,
        maximum=str(arguments["maximum"]) if "maximum" in arguments else None,
    )


def load_contract(path: Path) -> Contract:
    """One contract. Raises ContractError with every problem of the file, a line each."""
    from sources.contract_check import problems

    if found := problems(path):
        raise ContractError("\n".join(found))
    document = load_yaml(path.read_text(encoding="utf-8"))
    raw = document["schema"][0]
    properties = tuple(_property(p) for p in raw["properties"])
    rules = [
        _rule(rule, raw["name"], p)
        for p, source in zip(properties, raw["properties"], strict=True)
        for rule in source.get("quality", ())
    ]
    rules += [_rule(rule, raw["name"], None) for rule in raw.get("quality", ())]
    return Contract(
        record=raw["name"],
        business_name=raw["businessName"],
        kind=custom(raw)["recordKind"],
        version=document["version"],
        purpose=document["description"]["purpose"],
        legal_basis=_legal_basis(raw),
        properties=properties,
        rules=tuple(rules),
        path=path,
    )


@cache
def load_contracts(folder: Path = CONTRACTS) -> dict[str, Contract]:
    """All contracts in the order of KINDS. Raises ContractError for a missing, surplus or broken one."""
    present = {p.name.removesuffix(".odcs.yaml") for p in folder.glob("*.odcs.yaml")}
    if present != set(RECORDS):
        missing, surplus = set(RECORDS) - present, present - set(RECORDS)
        raise ContractError(f"{folder}: contracts missing: {sorted(missing)}, not declared in KINDS: {sorted(surplus)}")
    return {record: load_contract(folder / f"{record}.odcs.yaml") for record in RECORDS}
