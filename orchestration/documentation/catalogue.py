"""What the site describes, gathered from the contracts, dbt's manifest and the seeds: plain values for the pages."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from expectations import release_suite
from orchestration.dbt import DBT_PROJECT
from orchestration.documentation.answers import Answer, read_answers
from orchestration.documentation.law import RULES, DatedRule, dated_rules
from orchestration.documentation.lineage import Column, Lineage
from orchestration.relations import PublishedRelation, published_relations
from orchestration.views import OPERATIONAL_VIEWS
from sources.contract import Contract, Property, Rule, load_contracts

SEEDS = DBT_PROJECT / "seeds"
#: A seed with more rows is described and counted, its rows are read in the warehouse.
MOST_ROWS = 400
LONGEST_HEADING = 100
CODE_LIST = "code_list"
#: Seeds that hold figures of the law; they stand first.
LAW = (RULES, "retirement_age")

CLASSES = {
    "P0": "Dữ liệu tham chiếu, tổ chức; mở cho cán bộ trong hệ thống",
    "P1": "Dữ liệu cán bộ, đảng viên thông thường; theo vai trò và địa bàn",
    "P2": "Dữ liệu cá nhân cơ bản; che trong danh sách, xem phải có mục đích và được ghi lại",
    "P3": "Dữ liệu cá nhân nhạy cảm; không có trong bảng phát hành, chỉ dùng dưới dạng số tổng hợp",
}
RELEASE_RULES = {
    release_suite.KEY_NOT_NULL: "Khóa của bảng không được trống",
    release_suite.KEY_UNIQUE: "Khóa của bảng không được trùng",
    release_suite.VOLUME_MINIMUM: "Số dòng không tụt quá mức so với bản phát hành trước",
    release_suite.VOLUME_MAXIMUM: "Số dòng không tăng quá mức so với bản phát hành trước",
    release_suite.CONSTRAINTS: "Mọi khóa chính, khóa ngoại đã hứa đều có thật trong cơ sở dữ liệu",
    release_suite.CANDIDATE: "Bản dựng mới nhất đã qua kiểm tra và gồm mọi lần gửi được tiếp nhận",
    release_suite.COVERAGE: "Đủ nguồn có dữ liệu so với bản phát hành trước",
    release_suite.INTAKE: "Mọi lần gửi mới nhất đã được tiếp nhận",
    release_suite.RECONCILIATION: "Đối soát A + B − C = D của đảng viên trong mức cho phép",
    release_suite.RECONCILIATION_WARNING: "Đối soát A + B − C = D của đảng viên khớp từng người",
}
COMMENT = re.compile(r"comment on (view|column) published\.([\w.]+) is\s+'((?:[^']|'')*)'", re.IGNORECASE)
NOT_SURE = {"med": "chưa xác nhận", "low": "chưa xác nhận, độ tin thấp"}


def heading(text: str, otherwise: str) -> str:
    """The text up to its first stop, where that is short enough to stand above a page."""
    start = re.split(r"[.:;(]", text, maxsplit=1)[0].strip()
    return start if 0 < len(start) <= LONGEST_HEADING else otherwise


@dataclass(frozen=True)
class PublishedColumn:
    """One column that staff read.

    `fields` are the (record, field) pairs it is computed from; `others`, where there is no field, are columns of
    reference data, of identity or of intake.
    """

    name: str
    term: str
    data_type: str
    classification: str
    fields: tuple[tuple[str, str], ...] = ()
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Relation:
    """One relation of `published`; `candidate` is "schema.relation" in dbt, None for a view of operations."""

    name: str
    term: str
    columns: tuple[PublishedColumn, ...]
    key: str | None = None
    candidate: str | None = None

    @property
    def title(self) -> str:
        """The beginning of its term, or its name."""
        return heading(self.term, self.name)


@dataclass(frozen=True)
class Seed:
    """One table of reference data; `rows` is empty where there are too many to print."""

    name: str
    description: str
    columns: Mapping[str, str]
    rows: tuple[Mapping[str, str], ...]
    total: int
    unconfirmed: int

    @property
    def title(self) -> str:
        """The beginning of its description, or its name."""
        return heading(self.description, self.name)


@dataclass(frozen=True)
class Catalogue:
    """Everything that is known without a warehouse."""

    contracts: Mapping[str, Contract]
    relations: Mapping[str, Relation]
    seeds: tuple[Seed, ...]
    code_lists: Mapping[str, tuple[Mapping[str, str], ...]]
    lineage: Lineage
    answers: tuple[Answer, ...]
    rules: Mapping[str, DatedRule]
    model_tests: tuple[tuple[str, str], ...] = field(default=())

    @cached_property
    def published_at(self) -> dict[Column, list[Column]]:
        """By (record, field): the published (relation, column) pairs that are computed from it."""
        found: dict[Column, list[Column]] = {}
        for relation in self.relations.values():
            for column in relation.columns:
                for origin in column.fields:
                    found.setdefault(origin, []).append((relation.name, column.name))
        return found

    @cached_property
    def blocking(self) -> dict[str, list[Rule]]:
        """By published relation: the rules while whose breach it must not be used."""
        found: dict[str, list[Rule]] = {}
        for contract in self.contracts.values():
            for rule in contract.rules:
                for name in rule.blocks:
                    found.setdefault(name, []).append(rule)
        return found

    @cached_property
    def answers_from(self) -> dict[Column, list[Answer]]:
        """By published (relation, column): the questions and forms that read it."""
        found: dict[Column, list[Answer]] = {}
        for answer in self.answers:
            for relation, column in answer.reading.columns:
                found.setdefault((relation.removeprefix("published."), column), []).append(answer)
        return found

    def answers_of(self, columns: Iterable[Column]) -> list[Answer]:
        """Questions and forms that read any of some published (relation, column) pairs, in their own order."""
        reading = {answer.path for column in columns for answer in self.answers_from.get(column, ())}
        return [answer for answer in self.answers if answer.path in reading]

    def answers_through(self, rule: DatedRule) -> list[Answer]:
        """Questions and forms that read a relation computed by a rule."""
        relations = {f"published.{name}" for name in rule.relations}
        return [answer for answer in self.answers if relations & set(answer.reading.relations)]

    def rules_behind(self, answer: Answer) -> list[tuple[DatedRule, bool]]:
        """Rules by which an answer is computed, each with whether its own SQL names it."""
        read = [name.removeprefix("published.") for name in answer.reading.relations]
        through = self.rules_of(read)
        return [(r, answer in r.answers) for r in self.rules.values() if answer in r.answers or r in through]

    def rules_of(self, relations: Iterable[str]) -> list[DatedRule]:
        """Dated rules by which any of some published relations is computed."""
        wanted = set(relations)
        return [rule for rule in self.rules.values() if wanted & set(rule.relations)]

    def fields_of(self, columns: Iterable[Column]) -> list[tuple[str, str]]:
        """The (record, field) pairs from which ("published.relation", column) pairs are computed."""
        by_name = {
            (f"published.{relation.name}", column.name): column.fields
            for relation in self.relations.values()
            for column in relation.columns
        }
        return sorted({f for column in columns for f in by_name.get(column, ())})

    def records_behind(self, relation: Relation) -> list[str]:
        """The records of the contracts from which a relation is built."""
        above = self.lineage.ancestors(relation.candidate) if relation.candidate else []
        return [m.short_name for m in above if m.layer == "raw" and m.short_name in self.contracts]


def read_catalogue(manifest: Mapping[str, Any], lineage: Lineage, compiled: Mapping[str, str]) -> Catalogue:
    """The catalogue of the project as it is on disk; `compiled` is the SQL of its models.

    Raises ContractError, RelationError or FormError where it does not hold.
    """
    contracts = load_contracts()
    published = [_relation(r, manifest, lineage, contracts) for r in published_relations(manifest)]
    seeds = tuple(_seed(node) for node in manifest["nodes"].values() if node["resource_type"] == "seed")
    lists: dict[str, list[Mapping[str, str]]] = {}
    for row in _rows(SEEDS / f"{CODE_LIST}.csv"):
        lists.setdefault(row["list_code"], []).append(row)
    relations = {r.name: r for r in sorted([*published, *_operational()], key=lambda r: r.name)}
    answers = read_answers({f"published.{r.name}": [c.name for c in r.columns] for r in relations.values()})
    published_as = {r.candidate: r.name for r in relations.values() if r.candidate}
    return Catalogue(
        contracts=contracts,
        relations=relations,
        seeds=tuple(
            sorted((s for s in seeds if s.name != CODE_LIST), key=lambda s: (s.name not in LAW, not s.rows, s.name))
        ),
        code_lists={code: tuple(rows) for code, rows in lists.items()},
        lineage=lineage,
        answers=answers,
        rules=dated_rules(_rows(SEEDS / f"{RULES}.csv"), lineage, compiled, published_as, answers),
        model_tests=tuple(_model_tests(manifest)),
    )


def _relation(
    plan: PublishedRelation, manifest: Mapping[str, Any], lineage: Lineage, contracts: Mapping[str, Contract]
) -> Relation:
    candidate = f"{plan.candidate_schema}.{plan.candidate_name}"
    model = next(
        n
        for n in manifest["nodes"].values()
        if n["resource_type"] == "model" and f"{n['schema']}.{n['alias']}" == candidate
    )
    columns = []
    for name, column in model["columns"].items():
        if not plan.hidden(name):
            fields, others = _origins(lineage, (candidate, name), contracts)
            term, class_ = plan.terms.get(name, ""), plan.classes.get(name, "")
            columns.append(PublishedColumn(name, term, column.get("data_type") or "", class_, fields, others))
    return Relation(plan.name, plan.comment, tuple(columns), plan.key, candidate)


def _origins(
    lineage: Lineage, column: Column, contracts: Mapping[str, Contract]
) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Contract fields behind a column, and the columns behind it that are none.

    The precision of a partial date stands for its date. The key of a record orders equals in many places, so it
    is named only where it is all there is.
    """
    fields, others = set(), set()
    for relation, name in lineage.origins(column):
        layer, table = relation.split(".", 1)
        field_name = name.removesuffix("_precision")
        if layer == "raw" and table in contracts and field_name in contracts[table].by_name:
            fields.add((table, field_name))
        elif layer != column[0].split(".", 1)[0]:
            others.add(f"{relation}.{name}")
    named = {f for f in fields if f[1] != "source_key"} or fields
    return tuple(sorted(named)), () if named else tuple(sorted(others))


def _operational() -> Iterator[Relation]:
    """Views over ops, from the comments that they are created with."""
    for file in sorted(OPERATIONAL_VIEWS.glob("*.sql")):
        columns, term = [], ""
        for what, name, text in COMMENT.findall(file.read_text(encoding="utf-8")):
            sentence = text.replace("''", "'")
            if what.lower() == "view":
                term = sentence
            else:
                columns.append(PublishedColumn(name.split(".")[-1], sentence, "", "P0"))
        yield Relation(file.stem, term, tuple(columns))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _seed(node: Mapping[str, Any]) -> Seed:
    rows = _rows(SEEDS / f"{node['name']}.csv")
    described = {name: column["description"].strip() for name, column in node["columns"].items()}
    return Seed(
        name=node["name"],
        description=node["description"].strip(),
        columns={name: described.get(name, "") for name in (rows[0] if rows else described)},
        rows=tuple(rows) if len(rows) <= MOST_ROWS else (),
        total=len(rows),
        unconfirmed=sum(row.get("confidence") in NOT_SURE for row in rows),
    )


def _model_tests(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Tests written as a statement of their own: (sentence, description)."""
    for node in sorted(manifest["nodes"].values(), key=lambda n: str(n["name"])):
        if node["resource_type"] == "test" and not node.get("test_metadata"):
            yield node["name"].replace("_", " "), (node.get("description") or "").strip()


def law(reference: str | None) -> str:
    """The number of an act as people write it, from urn:vn:38-HD/BTCTW."""
    return (reference or "").removeprefix("urn:vn:")


def condition(rule: Rule) -> str:
    """What a rule asks of a value, in a few words."""
    if rule.metric == "nullValues":
        return "không được trống"
    if rule.metric == "duplicateValues":
        return "không được trùng"
    bounds = [f"{sign} {value}" for sign, value in (("≥", rule.minimum), ("≤", rule.maximum)) if value is not None]
    if rule.pattern:
        bounds.append(f"đúng mẫu {rule.pattern}")
    if rule.metric == "invalidValues":
        return ", ".join(bounds) or "đọc được, đúng danh mục"
    return "so sánh nhiều trường" + (" và lần gửi trước" if rule.needs_previous else "")


def basis(contract: Contract, rule: Rule) -> str:
    """The legal basis of a rule: that of its field, else that of its record."""
    p: Property | None = contract.by_name.get(rule.column) if rule.column else None
    return law(p.legal_basis if p and p.legal_basis else contract.legal_basis)
