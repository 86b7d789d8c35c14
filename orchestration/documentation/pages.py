"""The pages of the site: which there are, and what each is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from markupsafe import Markup

from expectations import batch_rules
from orchestration.documentation import catalogue as terms
from orchestration.documentation.answers import QuestionAnswer
from orchestration.documentation.catalogue import Catalogue, Relation
from orchestration.documentation.drawing import bars, graph
from orchestration.documentation.figures import Figures
from orchestration.documentation.lineage import LAYERS, Model
from sources.registry import Source


@dataclass(frozen=True)
class Page:
    """One page: its address in the site, its template and what the template is given."""

    path: str
    template: str
    title: str
    section: str
    context: Mapping[str, Any] = field(default_factory=dict)

    @property
    def root(self) -> str:
        """The way from this page to the home page's folder."""
        return "../" * self.path.count("/")


@dataclass(frozen=True)
class Site:
    """Everything the pages are made of; `note` says why there are no figures."""

    catalogue: Catalogue
    sources: Mapping[str, Source]
    figures: Figures | None
    written_at: datetime
    note: str | None = None


def pages(site: Site) -> Iterator[Page]:
    """Every page of the site."""
    catalogue = site.catalogue
    yield Page("index.html", "index.html", "Tài liệu dữ liệu", "home")
    yield Page("dictionary.html", "dictionary.html", "Từ điển dữ liệu", "dictionary")
    for contract in catalogue.contracts.values():
        title = f"Bản ghi {contract.business_name}"
        delivered_by = [s for s in site.sources.values() if contract.record in s.records]
        context = {"contract": contract, "delivered_by": delivered_by}
        yield Page(f"record/{contract.record}.html", "record.html", title, "dictionary", context)
    for relation in catalogue.relations.values():
        context = {"relation": relation, "drawing": _drawing(catalogue, relation)}
        yield Page(f"relation/{relation.name}.html", "relation.html", relation.title, "dictionary", context)
    yield Page("sources.html", "sources.html", "Nguồn dữ liệu", "sources")
    for source in site.sources.values():
        yield Page(f"source/{source.code}.html", "source.html", source.name, "sources", {"source": source})
    rules = {"batch_rules": batch_rules.RULES, "release_rules": terms.RELEASE_RULES}
    yield Page("rules.html", "rules.html", "Quy tắc", "rules", rules)
    for rule in catalogue.rules.values():
        yield Page(f"law/{rule.code}.html", "law.html", f"Quy định {rule.code}", "rules", {"rule": rule})
    yield Page("reference.html", "reference.html", "Quy định có thời hạn", "rules")
    yield Page("codes.html", "codes.html", "Danh mục mã", "rules")
    yield Page("lineage.html", "lineage.html", "Dòng chảy dữ liệu", "lineage", {"layers": _layers(catalogue)})
    yield Page("answers.html", "answers.html", "Số liệu", "answers")
    for answer in catalogue.answers:
        template = "question.html" if isinstance(answer, QuestionAnswer) else "form.html"
        yield Page(answer.path, template, f"{answer.name}. {answer.title}", "answers", {"answer": answer})
    yield from _quality_pages(site)
    yield Page("names.html", "names.html", "Chỉ mục tên", "names", {"names": sorted(names_of(site))})


def _layers(catalogue: Catalogue) -> dict[str, list[Model]]:
    """Models by layer in the order in which a record passes them."""
    models = sorted(catalogue.lineage.models.values(), key=lambda m: m.name)
    return {layer: found for layer in LAYERS if (found := [m for m in models if m.layer == layer])}


def _drawing(catalogue: Catalogue, relation: Relation) -> Markup | None:
    if relation.candidate is None:
        return None
    end = Model(f"published.{relation.name}", "view", relation.term, (), (relation.candidate,))
    published = {r.candidate: r.name for r in catalogue.relations.values()}

    def address(model: Model) -> str | None:
        if model.layer == "raw":
            return f"../record/{model.short_name}.html"
        return f"{published[model.name]}.html" if model.name in published else f"../lineage.html#{model.name}"

    above = catalogue.lineage.ancestors(relation.candidate)
    drawn = graph([*above, end], f"Từ bản ghi đến published.{relation.name}", _except(end, address))
    return Markup(drawn)  # noqa: S704 - every text in it is escaped by drawing


def _except(end: Model, address: Callable[[Model], str | None]) -> Callable[[Model], str | None]:
    return lambda model: None if model is end else address(model)


def _quality_pages(site: Site) -> Iterator[Page]:
    figures = site.figures
    context: dict[str, Any] = {
        "by_source": [],
        "by_record": [],
        "by_rule": [],
        "source_bars": None,
        "record_bars": None,
    }
    if figures and figures.results:
        for by in ("source", "record", "rule"):
            context[f"by_{by}"] = figures.totals("rule_id" if by == "rule" else by)
        context["source_bars"] = _bars(
            "Tỷ lệ lượt kiểm tra không đạt theo nguồn",
            ((_source_name(site, t.key), f"quality/{t.key}.html", t) for t in context["by_source"]),
        )
        context["record_bars"] = _bars(
            "Tỷ lệ lượt kiểm tra không đạt theo loại bản ghi",
            (
                (site.catalogue.contracts[t.key].business_name, f"record/{t.key}.html", t)
                for t in context["by_record"]
                if t.key in site.catalogue.contracts
            ),
        )
    yield Page("quality.html", "quality.html", "Chất lượng dữ liệu", "quality", context)
    for total in context["by_source"]:
        rows = [r for r in figures.results if r.source == total.key] if figures else []
        name = _source_name(site, total.key)
        yield Page(
            f"quality/{total.key}.html",
            "quality_source.html",
            f"Chất lượng: {name}",
            "quality",
            {"rows": [r for r in rows if r.failed or not r.passed], "total": total, "judged": len(rows), "name": name},
        )


def _source_name(site: Site, code: str) -> str:
    return f"{code} {site.sources[code].name}" if code in site.sources else code


def _bars(title: str, rows: Iterable[tuple[str, str, Any]]) -> Markup:
    drawn = bars([(name, address, t.share(t.errors), t.share(t.warnings)) for name, address, t in rows], title)
    return Markup(drawn)  # noqa: S704 - every text in it is escaped by drawing


def names_of(site: Site) -> Iterator[tuple[str, str, str]]:
    """Every name that can be looked up: (name, what it is, address)."""
    yield from _names_of_catalogue(site.catalogue)
    for batch_rule in batch_rules.RULES:
        yield batch_rule.rule_id, f"quy tắc lần gửi: {batch_rule.title}", f"rules.html#{batch_rule.rule_id}"
    for check, title in terms.RELEASE_RULES.items():
        yield check, f"quy tắc phát hành: {title}", f"rules.html#{check}"
    for source in site.sources.values():
        yield source.code, f"nguồn {source.name}", f"source/{source.code}.html"


def _names_of_catalogue(catalogue: Catalogue) -> Iterator[tuple[str, str, str]]:
    for c in catalogue.contracts.values():
        yield c.record, f"bản ghi {c.business_name}", f"record/{c.record}.html"
        for p in c.properties:
            yield p.name, f"{p.business_name} – trường của {c.business_name}", f"record/{c.record}.html#{p.name}"
        for rule in c.rules:
            yield rule.rule_id, f"quy tắc: {rule.sentence}", f"rules.html#{rule.rule_id}"
    for r in catalogue.relations.values():
        yield f"published.{r.name}", f"bảng phát hành: {r.term}", f"relation/{r.name}.html"
        for column in r.columns:
            yield column.name, f"{column.term} – cột của published.{r.name}", f"relation/{r.name}.html#{column.name}"
    for answer in catalogue.answers:
        yield answer.name, answer.title, answer.path
    for code in catalogue.rules:
        yield code, f"quy định: {catalogue.rules[code].rows[0]['note']}", f"law/{code}.html"
    for code in catalogue.code_lists:
        yield code, "danh mục mã", f"codes.html#{code}"
    for seed in catalogue.seeds:
        yield f"reference.{seed.name}", seed.description, f"reference.html#{seed.name}"
    for model in catalogue.lineage.models.values():
        yield model.name, model.description, f"lineage.html#{model.name}"
