"""Where the dated rules of the law are used: found by their codes in the SQL of models, questions and forms."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from orchestration.documentation.answers import Answer
from orchestration.documentation.lineage import Lineage, parsed

RULES, CODE = "dated_rule", "rule_code"


@dataclass(frozen=True)
class DatedRule:
    """All rows of one rule, and who reads it.

    `models` name it in their SQL; `relations` are the published relations that are one of them or are built from one
    without another published relation between; `answers` name it themselves.
    """

    code: str
    rows: tuple[Mapping[str, str], ...]
    models: tuple[str, ...]
    relations: tuple[str, ...]
    answers: tuple[Answer, ...]


def dated_rules(
    rows: Iterable[Mapping[str, str]],
    lineage: Lineage,
    compiled: Mapping[str, str],
    published: Mapping[str, str],
    answers: Iterable[Answer],
) -> dict[str, DatedRule]:
    """Rules by code; `published` gives the published relation of a model that has one."""
    by_code: dict[str, list[Mapping[str, str]]] = {}
    for row in rows:
        by_code.setdefault(row[CODE], []).append(row)
    naming = {model: codes_named(statement, by_code) for model, statement in compiled.items()}
    asking = [(answer, set().union(*(codes_named(s, by_code) for s in answer.statements))) for answer in answers]
    found = {}
    for code, own in sorted(by_code.items()):
        models = sorted(model for model, codes in naming.items() if code in codes)
        reached = {r for model in models for r in _published_below(model, lineage, published)}
        direct = tuple(answer for answer, codes in asking if code in codes)
        found[code] = DatedRule(code, tuple(own), tuple(models), tuple(sorted(reached)), direct)
    return found


def codes_named(statement: str, codes: Collection[str]) -> set[str]:
    """Codes with which a statement compares `rule_code`, or `rule_code` and parameter joined by a point."""
    from sqlglot import exp

    if RULES not in statement:
        return set()
    return {
        code
        for comparison in parsed(statement).find_all(exp.EQ, exp.In)
        if any(column.name == CODE for column in comparison.find_all(exp.Column))
        for literal in comparison.find_all(exp.Literal)
        if (code := literal.name.split(".")[0]) in codes
    }


def _published_below(model: str, lineage: Lineage, published: Mapping[str, str]) -> set[str]:
    if model in published:
        return {published[model]}
    children = [m.name for m in lineage.models.values() if model in m.parents]
    return set().union(*(_published_below(child, lineage, published) for child in children))
