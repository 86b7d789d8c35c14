"""The documentation site: whole, true to the contracts, readable offline, and without a person or a secret in it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from expectations import batch_rules, release_suite
from orchestration.documentation.answers import FormAnswer
from orchestration.documentation.catalogue import RELEASE_RULES
from orchestration.documentation.figures import Figures, Result
from orchestration.documentation.law import codes_named
from orchestration.documentation.pages import Site
from orchestration.documentation.reading import read_statement
from orchestration.documentation.site import DocumentationError, build_site
from orchestration.forms.definition import form_codes
from orchestration.rule_table import register_rules
from orchestration.settings import PROJECT, Settings
from orchestration.views import ensure_operational_views
from orchestration.warehouse import connect
from sources.contract import load_contracts
from tests.conftest import remember_models

SECRET, PERSON, PERSONAL_ID = "canary-password", "Nguyễn Thị Canary", "099300123456"
VOID = {"meta", "link", "br", "input", "hr", "img", "rect", "path"}


@dataclass
class Parsed(HTMLParser):
    """One page as a strict reader sees it."""

    path: Path
    language: str | None = None
    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    levels: list[int] = field(default_factory=list)
    open_tags: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.text = self.path.read_text(encoding="utf-8")
        self.feed(self.text)
        self.close()
        self.complaints += [f"<{tag}> stays open" for tag in self.open_tags]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._element(tag, dict(attrs))
        if tag not in VOID:
            self.open_tags.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._element(tag, dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        if not self.open_tags or self.open_tags.pop() != tag:
            self.complaints.append(f"</{tag}> closes nothing")

    def _element(self, tag: str, attributes: dict[str, str | None]) -> None:
        if tag == "html":
            self.language = attributes.get("lang")
        if tag == "th" and "scope" not in attributes:
            self.complaints.append("a heading cell without scope")
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.levels.append(int(tag[1]))
        self.ids += [v for k, v in attributes.items() if k == "id" and v]
        self.links += [v for k, v in attributes.items() if k in {"href", "src", "xlink:href", "action"} and v]


@dataclass
class World:
    """A site that was written with a warehouse, its pages by path, and the settings it was written by."""

    configuration: Settings
    folder: Path
    site: Site
    pages: dict[str, Parsed]


def _fill(url: str) -> None:
    """A release, two verdicts on one delivery, and a held row that names a person."""
    with connect(url, autocommit=True) as connection:
        register_rules(connection)
        ensure_operational_views(connection)
        connection.execute(
            """
            insert into ops.batch (run_id, source, record, kind, mode, business_date, contract_version, status)
            values ('test', '38', 'member', 'member', 'snapshot', '2026-11-22', '1.0.0', 'accepted')
            """
        )
        connection.execute(
            """
            insert into ops.gate_result (batch_id, rule_id, severity, checked, failed, tolerance, passed)
            values (1, 'MEM-010', 'error', 2290, 46, 3, true), (1, 'MEM-009', 'warning', 2290, 194, 100, true),
            (1, 'MEM-003', 'error', 2290, 0, 2, true)
            """
        )
        connection.execute(
            "insert into quarantine.row (batch_id, source, record, content) values (1, '38', 'member', %s)",
            [f'{{"full_name": "{PERSON}", "personal_id": "{PERSONAL_ID}"}}'],
        )
        connection.execute(
            """
            insert into ops.release (release_no, moment, business_date, state, is_current, sources, counts, run_id)
            values
            (7, '2026-11-22 01:00+07', '2026-11-22', 'published', true, 40, '{"person": {"rows": 68047}}', 'test')
            """
        )


@pytest.fixture(scope="module")
def world(models_url: str, parsed_models: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    home = tmp_path_factory.mktemp("documentation")
    remember_models(parsed_models, home)
    _fill(models_url)
    registry = home / "registry"
    shutil.copytree(PROJECT / "sources" / "registry", registry)
    declared = (registry / "38.yml").read_text(encoding="utf-8")
    (registry / "38.yml").write_text(
        declared.replace("${LIENTHONG_SOURCE_38_URL}", f"postgresql://reader:{SECRET}@db.38.example/party"),
        encoding="utf-8",
    )
    configuration = Settings(home=home, database_url=models_url, registry=registry)
    folder = home / "docs"
    site = build_site(configuration, folder)
    pages = {str(p.relative_to(folder)): Parsed(p) for p in sorted(folder.rglob("*.html"))}
    return World(configuration, folder, site, pages)


def test_pages_are_well_formed_and_in_order_for_a_screen_reader(world: World) -> None:
    for path, page in world.pages.items():
        assert page.complaints == [], path
        assert page.language == "vi", path
        assert page.levels[0] == 1, path
        assert page.levels.count(1) == 1, path
        assert all(after <= before + 1 for before, after in zip(page.levels, page.levels[1:], strict=False)), path
        assert len(page.ids) == len(set(page.ids)), path


def test_every_link_stays_in_the_site_and_finds_its_end(world: World) -> None:
    for path, page in world.pages.items():
        for link in page.links:
            assert "://" not in link, (path, link)
            assert not link.startswith(("/", "data:", "javascript:")), (path, link)
            file, _, anchor = link.partition("#")
            target = (world.folder / path).parent / unquote(file) if file else world.folder / path
            assert target.is_file(), (path, link)
            if anchor:
                assert unquote(anchor) in world.pages[str(target.resolve().relative_to(world.folder.resolve()))].ids, (
                    path,
                    link,
                )
    for asset in (world.folder / "assets").iterdir():
        text = asset.read_text(encoding="utf-8")
        for asked in ("://", "url(", "@import", "fetch(", "XMLHttpRequest"):
            assert asked not in text, (asset.name, asked)


def test_every_field_and_rule_of_the_contracts_has_its_place(world: World) -> None:
    rules = world.pages["rules.html"]
    for contract in load_contracts().values():
        page = world.pages[f"record/{contract.record}.html"]
        for p in contract.properties:
            assert p.name in page.ids
            for code in p.codes or ():
                assert f"<code>{code.value}</code>" in page.text, (contract.record, p.name)
        for rule in contract.rules:
            assert rule.rule_id in page.ids
            assert rule.rule_id in rules.ids
    assert {r.rule_id for r in batch_rules.RULES} <= set(rules.ids)


def test_the_rules_of_a_release_are_all_named() -> None:
    named = {v for k, v in vars(release_suite).items() if k.isupper() and isinstance(v, str) and v.startswith("REL-")}
    assert named == set(RELEASE_RULES)


def test_every_published_column_has_its_place_and_a_hidden_one_has_none(world: World) -> None:
    relations = world.site.catalogue.relations
    assert {"person", "party_membership", "staffing_balance", "source_status", "quality_result", "release"} <= {
        *relations
    }
    for relation in relations.values():
        assert relation.columns, relation.name
        assert all(c.term for c in relation.columns), relation.name
        assert {c.name for c in relation.columns} <= set(world.pages[f"relation/{relation.name}.html"].ids)
        assert "P3" not in {c.classification for c in relation.columns}


def test_a_figure_is_traced_to_the_fields_it_is_computed_from(world: World) -> None:
    catalogue = world.site.catalogue
    assert not catalogue.lineage.unread
    columns = {c.name: c for c in catalogue.relations["person"].columns}
    assert columns["full_name"].fields == (("cadre", "full_name"), ("member", "full_name"))
    assert columns["person_id"].others == ("identity.person_link.person_id",)
    assert ("party_membership", "status") in catalogue.published_at["member", "status"]
    balance = {f for c in catalogue.relations["staffing_balance"].columns for f in c.fields}
    assert {("staffing_quota", "assigned"), ("headcount", "present")} <= balance
    assert "../record/member.html#status" in world.pages["relation/party_membership.html"].links
    assert "../relation/party_membership.html#status" in world.pages["record/member.html"].links


def test_every_question_and_form_is_traced_to_published_columns(world: World) -> None:
    catalogue = world.site.catalogue
    assert [a.name for a in catalogue.answers[:24]] == [f"Câu {n}" for n in range(1, 25)]
    assert [a.name for a in catalogue.answers[24:]] == [f"Biểu {code}" for code in form_codes()]
    published = {f"published.{r.name}": {c.name for c in r.columns} for r in catalogue.relations.values()}
    for answer in catalogue.answers:
        read = answer.reading.relations
        assert read or answer.name in {"Biểu 9B", "Biểu 12B"}, answer.name  # nothing of districts is collected
        for relation, columns in read.items():
            known = published.get(relation) or {"person_id", "ethnicity_code", "dbt_valid_from", "dbt_valid_to"}
            assert set(columns) <= known, (answer.name, relation)
        page = world.pages[answer.path]
        assert {f"../relation/{r.removeprefix('published.')}.html" for r in read if r in published} <= set(page.links)


def test_a_form_names_the_columns_that_decide_what_a_line_counts(world: World) -> None:
    form = next(a for a in world.site.catalogue.answers if a.name == "Biểu 8B")
    assert isinstance(form, FormAnswer)
    rows = {traced.line.code: traced for traced in form.rows}
    assert rows["I.1"].counts == ("staff",)
    assert rows["I.1"].columns == {("published.cadre", "category"), ("published.person", "sex")}
    assert "../relation/person.html#sex" in world.pages["form/8B.html"].links


def test_a_field_leads_to_the_questions_and_forms_it_goes_into(world: World) -> None:
    catalogue = world.site.catalogue
    reached = {a.name for a in catalogue.answers_of(catalogue.published_at["member", "official_date"])}
    assert {"Câu 3", "Biểu 1", "Biểu 3"} <= reached
    assert "Biểu 10" not in reached  # counts courses
    assert "../form/3.html" in world.pages["record/member.html"].links
    assert "../question/12.html" in world.pages["relation/retirement_outlook.html"].links


def test_every_dated_rule_leads_to_who_uses_it_and_back(world: World) -> None:
    rules = world.site.catalogue.rules
    dated = next(s for s in world.site.catalogue.seeds if s.name == "dated_rule")
    assert set(rules) == {row["rule_code"] for row in dated.rows}
    unused = [rule.code for rule in rules.values() if not rule.models and not rule.answers]
    assert unused == []
    for rule in rules.values():
        assert f"law/{rule.code}.html" in world.pages["reference.html"].links
        assert f"law/{rule.code}.html" in world.pages["lineage.html"].links or not rule.models
        for name in rule.relations:
            assert f"../relation/{name}.html" in world.pages[f"law/{rule.code}.html"].links
            assert f"../law/{rule.code}.html" in world.pages[f"relation/{name}.html"].links
        for answer in rule.answers:
            assert f"../law/{rule.code}.html" in world.pages[answer.path].links
    assert rules["RETIREMENT_NOTICE"].models == ("marts.retirement_outlook",)
    assert rules["PARTY_AGE_START"].relations == ("badge_candidate", "membership_check")
    assert "Biểu 6F" in {a.name for a in rules["EVAL_EXCLUDE"].answers}


def test_a_rule_is_found_by_its_code_and_not_by_a_word_that_looks_like_it() -> None:
    codes = {"PROBATION", "ROTATION", "AGE_LEFT"}
    named = """
        select 'ROTATION' as kind from core.dated_rule as rule
        where rule.rule_code = 'PROBATION' or rule.rule_code || '.' || rule.parameter in ('AGE_LEFT.XA', 'OTHER.XA')
    """
    assert codes_named(named, codes) == {"PROBATION", "AGE_LEFT"}
    assert codes_named("select from marts.x where x.rule_code = 'PROBATION'", codes) == set()


def test_a_column_that_nothing_uses_is_not_read() -> None:
    reading = read_statement(
        "with every as (select * from published.a) "
        "select a.x + b.y as z from every as a inner join published.b as b on a.id = b.id where b.flag",
        {"published.a": ["id", "x", "unused"], "published.b": ["id", "y", "flag", "unused"]},
    )
    assert reading.outputs == {"z": {("published.a", "x"), ("published.b", "y")}}
    assert reading.relations == {"published.a": ["id", "x"], "published.b": ["flag", "id", "y"]}


def test_every_source_says_what_it_delivers_and_nothing_secret(world: World) -> None:
    for source in world.site.sources.values():
        page = world.pages[f"source/{source.code}.html"]
        for record, mapping in source.records.items():
            assert {f"../record/{record}.html#{f}" for f in mapping.columns} <= set(page.links)
    for file in world.folder.rglob("*.*"):
        text = file.read_text(encoding="utf-8")
        for secret in (SECRET, PERSON, PERSONAL_ID, "LIENTHONG_SOURCE_", "postgresql:", str(PROJECT)):
            assert secret not in text, (file.name, secret)


def test_quality_is_shown_in_counts(world: World) -> None:
    assert "<strong>7</strong>" in world.pages["index.html"].text
    assert "68.047 dòng" in world.pages["relation/person.html"].text
    page = world.pages["quality/38.html"]
    assert "2.290" in page.text
    assert "../rules.html#MEM-010" in page.links
    assert "../rules.html#MEM-003" not in page.links
    assert "<svg" in world.pages["quality.html"].text


def test_unconfirmed_rules_are_marked(world: World) -> None:
    for path in ("rules.html", "reference.html", "codes.html"):
        assert "chưa xác nhận" in world.pages[path].text
    dated = next(s for s in world.site.catalogue.seeds if s.name == "dated_rule")
    assert dated.unconfirmed
    assert len(dated.rows) == dated.total


def test_without_a_warehouse_the_site_says_so_and_takes_the_place_of_the_old_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestration.documentation.site.read_lineage", lambda *_: world.site.catalogue.lineage)
    monkeypatch.setattr("orchestration.documentation.site.read_catalogue", lambda *_: world.site.catalogue)
    alone = Settings(home=world.configuration.home, database_url=None, registry=PROJECT / "sources" / "registry")
    folder = world.folder.with_name("again")
    (folder / "assets").mkdir(parents=True)
    (folder / "assets" / "site.css").touch()
    (folder / "old.html").touch()
    site = build_site(alone, folder)
    assert site.figures is None
    assert "lienthong nightly" in str(site.note)
    assert "Chưa có bản phát hành nào" in (folder / "index.html").read_text(encoding="utf-8")
    assert "Chưa có kết quả kiểm tra nào" in (folder / "quality.html").read_text(encoding="utf-8")
    assert not (folder / "old.html").exists()
    assert not (world.configuration.home / "server.json").exists()


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(DocumentationError, match="--out"):
        build_site(Settings(home=tmp_path, database_url=None, registry=tmp_path), tmp_path)
    assert (tmp_path / "letter.txt").read_text() == "mine"


def test_totals_add_up_and_name_the_worst_first() -> None:
    from datetime import date

    def result(source: str, severity: str, checked: int, failed: int) -> Result:
        return Result(source, "member", "MEM-001", severity, checked, failed, failed == 0, date(2026, 11, 22))

    figures = Figures(
        None, (), (result("38", "error", 100, 1), result("38", "warning", 100, 3), result("T1", "error", 10, 2))
    )
    worst, other = figures.totals("source")
    assert (worst.key, worst.errors, worst.warnings) == ("T1", 2, 0)
    assert (other.checked, other.errors, other.warnings, other.not_passed) == (200, 1, 3, 2)
    assert other.share(other.failed) == 2.0
