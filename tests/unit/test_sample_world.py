"""The sample world: the same every time, consistent in itself, in the shapes of real systems."""

from __future__ import annotations

import hashlib
import sqlite3
from datetime import date
from pathlib import Path

import polars as pl
import pytest
import python_calamine as calamine

from sources.contract import RECORDS, load_contracts
from sources.sample.careers import evaluations
from sources.sample.classifications import ORGANISATION_SENDERS
from sources.sample.clean import senders_about_members, world
from sources.sample.deliveries import with_keys
from sources.sample.styles import registered
from sources.sample.world import build, environment
from sources.sample.writers.delimited import encoded, stored
from sources.text.decoding import decode
from tests.unit.conftest import AS_OF, SCALE, SEED


def said(folder: Path, record: str) -> pl.DataFrame:
    return pl.read_parquet(folder / "truth" / f"said_{record}.parquet")


def truth(folder: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(folder / "truth" / f"{name}.parquet")


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((folder / "sources").rglob("*"))
        if path.is_file() and path.suffix != ".xls"
    }


def test_same_arguments_give_the_same_files(sample_folder: Path, tmp_path: Path) -> None:
    build(SCALE, SEED, AS_OF, tmp_path)
    assert digests(tmp_path) == digests(sample_folder)
    assert said(tmp_path, "member").equals(said(sample_folder, "member"))


def test_another_seed_gives_other_persons(sample_folder: Path, tmp_path: Path) -> None:
    build(0.0002, SEED + 1, AS_OF, tmp_path)
    theirs, ours = truth(tmp_path, "person")["full_name"], truth(sample_folder, "person")["full_name"]
    assert theirs.head(200).to_list() != ours.head(200).to_list()


def test_every_unit_is_there_at_any_scale(sample_folder: Path) -> None:
    organisations = said(sample_folder, "organisation").filter(pl.col("valid_to").is_null())
    top = organisations.filter(pl.col("parent_code").is_null())
    communes = organisations.filter(
        pl.col("organisation_code").str.ends_with(".000.000.000")
        & (pl.col("administrative_unit_code").str.len_chars() == 5)
    )
    assert len(top) == 40
    assert len(communes) == 3321
    assert communes["administrative_unit_code"].n_unique() == 3321


def test_organisations_hang_together(sample_folder: Path) -> None:
    organisations = said(sample_folder, "organisation")
    codes = organisations["organisation_code"]
    assert not organisations.filter(pl.col("valid_to").is_null())["organisation_code"].is_duplicated().any()
    assert codes.str.contains(r"^\d{2}(\.\d{3}){4}$").all()
    parents = organisations["parent_code"].drop_nulls()
    assert parents.is_in(codes.implode()).all()
    types = set(organisations["organisation_type"])
    assert {"H1", "H2", "C1", "C2", "B1", "B2"} <= {t for t in types if len(t) == 2}


def test_whoever_followed_is_found_by_the_code_of_whoever_ended(sample_folder: Path) -> None:
    """All parts of an event on one day; whoever ended is followed under its code or as the old code of another."""
    true = world(SCALE, SEED, AS_OF).records["organisation"]
    keyed = with_keys(true, "organisation", SEED).filter(pl.col("event").is_not_null())
    told = truth(sample_folder, "organisation_event")
    assert told.equals(keyed.select(told.columns))
    ended, followed = keyed.filter(pl.col("side") == "KET_THUC"), keyed.filter(pl.col("side") != "KET_THUC")
    assert ended.filter(pl.col("valid_to") != pl.col("happened_on")).is_empty()
    begun = pl.when(pl.col("side") == "BAT_DAU").then("happened_on").otherwise("valid_from")
    assert followed.filter((pl.col("valid_from") != begun) | (pl.col("happened_on") < pl.col("valid_from"))).is_empty()
    pairs = ended.join(followed, on=["event", "event_kind", "happened_on", "source"])
    assert ended.filter(pl.col("event_kind") != "GIAI_THE").join(pairs, on="source_key", how="anti").is_empty()
    assert len(followed.join(pairs, left_on="source_key", right_on="source_key_right", how="anti")) == 0
    code = pl.col("organisation_code")
    assert pairs.filter((code != code.name.suffix("_right")) & (code != pl.col("legacy_code_right"))).is_empty()
    parts = pairs.group_by("event", "event_kind").agg(
        ended=pl.col("source_key").n_unique(), followed=pl.col("source_key_right").n_unique()
    )
    shapes = {kind: rows.select("ended", "followed").unique().rows() for (kind,), rows in parts.group_by("event_kind")}
    assert shapes.pop("HOP_NHAT") == [(2, 1)]
    assert all(one == 1 and several >= 2 for one, several in shapes.pop("CHIA_TACH"))
    assert set(shapes) == {"SAP_NHAP", "CHUYEN_GIAO", "NANG_CAP", "HA_CAP", "DOI_TEN"}
    assert all(shape == [(1, 1)] for shape in shapes.values())
    assert (ended["happened_on"] == date(2025, 7, 1)).any()
    assert (ended["happened_on"] > date(2026, 7, 26)).any()


def test_members_and_cadres_are_where_they_can_be(sample_folder: Path) -> None:
    cells = said(sample_folder, "organisation")["organisation_code"].str.replace_all(".", "", literal=True)
    members = said(sample_folder, "member")["organisation_code"].str.replace_all(".", "", literal=True)
    assert members.is_in(cells.implode()).all()
    agencies = said(sample_folder, "agency")["agency_code"]
    for record in ("cadre", "position_assignment", "staffing_quota", "headcount"):
        assert said(sample_folder, record)["agency_code"].drop_nulls().is_in(agencies.implode()).all(), record
    cadres = said(sample_folder, "cadre").select("source", cadre_key="source_key")
    for record in ("position_assignment", "planning", "training"):
        assert said(sample_folder, record).join(cadres, on=["source", "cadre_key"], how="anti").is_empty(), record


@pytest.mark.parametrize("record", ["award", "discipline"])
def test_awards_and_discipline_are_of_a_cadre_a_member_or_an_organisation(sample_folder: Path, record: str) -> None:
    rows = said(sample_folder, record)
    keys = ["cadre_key", "member_key", "organisation_code"]
    assert rows.filter(pl.sum_horizontal(pl.col(keys).is_not_null()) != 1).is_empty()
    for kind, key in (("cadre", "cadre_key"), ("member", "member_key")):
        known = said(sample_folder, kind).select("source", pl.col("source_key").alias(key))
        about = rows.filter(pl.col(key).is_not_null())
        assert not about.is_empty()
        assert about.join(known, on=["source", key], how="anti").is_empty(), key
    codes = said(sample_folder, "organisation")["organisation_code"]
    bodies = rows.filter(pl.col("organisation_code").is_not_null())
    assert not bodies.is_empty()
    assert bodies["organisation_code"].is_in(codes.implode()).all()
    of_the_party = rows.filter(pl.col("cadre_key").is_null())
    assert set(of_the_party["source"]) <= set(senders_about_members(record))
    assert of_the_party["source"].n_unique() > 1


def test_reported_members_are_those_in_the_lists(sample_folder: Path) -> None:
    """A + B - C = D for the country: what 40 committees report is what their lists hold, nobody counted twice."""
    standing = said(sample_folder, "organisation").filter(pl.col("valid_to").is_null())
    top = standing.filter(pl.col("parent_code").is_null())
    reported = top["reported_members"].cast(pl.Int64).sum()
    who = truth(sample_folder, "record").filter((pl.col("record") == "member") & (pl.col("record_no") != 3))
    present = said(sample_folder, "member").filter(
        ~pl.col("gone") & pl.col("status").is_in(["DU_BI", "CHINH_THUC", "MIEN_SH", "DINH_CHI_SH", "CHO_CHUYEN"])
    )
    # A reused key stands for two persons, so the count is of records, not of keys.
    twice = truth(sample_folder, "record").filter((pl.col("record") == "member") & (pl.col("record_no") == 3))
    counted = present.join(twice, on=["source", "source_key"], how="anti")
    assert abs(len(counted) - reported) <= 2
    assert len(who) >= reported


def test_headcounts_are_those_of_the_cadre_records(sample_folder: Path) -> None:
    present = said(sample_folder, "headcount")["present"].cast(pl.Int64).sum()
    cadres = said(sample_folder, "cadre").filter(~pl.col("gone"))
    assert 0.85 * len(cadres) < present <= len(cadres)


def test_totals_of_posts_are_handed_on_in_most_places(sample_folder: Path) -> None:
    """What agencies were assigned adds up to no more than the total, but in a few places; who sends none names none."""
    quotas = said(sample_folder, "staffing_quota").with_columns(pl.col("assigned").cast(pl.Int64))
    code = pl.col("allocation_scope").replace({"Tổng số để phân bổ": "TONG", "Đơn vị sử dụng": "DON_VI"})
    quotas = quotas.with_columns(allocation_scope=code)
    senders = {c for c, s in registered().items() if "allocation_scope" in s.records["staffing_quota"].columns}
    assert 25 < len(senders) < 40
    totals = quotas.filter(pl.col("allocation_scope") == "TONG")
    others = quotas.filter(pl.col("allocation_scope").ne_missing("TONG"))
    assert set(totals["source"]) | {"T5"} == set(others.drop_nulls("parent_decision_no")["source"]) | {"T5"} == senders
    keys = ["source", "year", "category"]
    places = totals.join(others.group_by(keys).agg(given=pl.col("assigned").sum()), on=keys)
    named = others.filter(pl.col("source").is_in(list(senders))).join(
        totals.select(*keys, parent_decision_no="decision_no"), on=[*keys, "parent_decision_no"]
    )
    assert len(named) == len(others.filter(pl.col("source").is_in(list(senders))))
    assert len(places) == len(totals)
    over = (places["given"] > places["assigned"]).sum()
    assert 0.01 < over / len(places) < 0.12
    assert (places["given"] == places["assigned"]).any()


def test_some_bodies_classify_their_organisations_and_members(sample_folder: Path) -> None:
    """A third and a fifth of the bodies; who cannot be classified is not, and few groups have too many excellent."""
    kind = pl.col("subject_kind").replace({"Tập thể": "TAP_THE", "Đảng viên": "DANG_VIEN", "Cá nhân": "CA_NHAN"})
    said_of = said(sample_folder, "evaluation").with_columns(kind)
    bodies = said_of.filter((pl.col("subject_kind") == "TAP_THE") & pl.col("agency_code").is_null())
    people = said_of.filter(pl.col("subject_kind") == "DANG_VIEN")
    assert bodies["source"].n_unique() == len(ORGANISATION_SENDERS) == 13
    senders = {c for c, s in registered().items() if "member_key" in s.records["evaluation"].columns}
    assert set(people["source"]) == senders
    assert len(senders) == 8
    for code in ORGANISATION_SENDERS:
        assert "organisation_code" in registered()[code].records["evaluation"].columns
    assert people["member_key"].null_count() == people["cadre_key"].count() == people["agency_code"].count() == 0
    assert set(people["period"]) == {"2024", "2025"}
    assert said_of.filter(pl.col("subject_kind") != "DANG_VIEN")["member_key"].count() == 0
    assert people.select("source", "member_key", "period").is_duplicated().sum() == 0

    standing = world(SCALE, SEED, AS_OF).records["organisation"].filter(pl.col("side").ne_missing("KET_THUC"))
    founded = standing.select("organisation_code", "organisation_type")
    types = bodies.join(founded, on="organisation_code")
    assert len(types) == len(bodies)
    assert set(types["organisation_type"]) <= {"C1", "C2", "B1", "B2"}
    assert {"C1", "B2"} <= set(types["organisation_type"])

    true = world(SCALE, SEED, AS_OF).records
    members = true["member"].filter(pl.col("source").is_in(list(senders)) & (pl.col("record_no") == 1))
    classified = true["evaluation"].filter(pl.col("subject_kind") == "DANG_VIEN")
    for year in (2024, 2025):
        last = pl.lit(date(year, 12, 31))
        rated = members.join(classified.filter(pl.col("period") == str(year)), on=["source", "person"], how="semi")
        others = members.join(rated, on=["source", "person"], how="anti")
        assert rated.filter(pl.col("official_date").is_null() | (pl.col("official_date") > last)).is_empty()
        assert rated.filter(pl.col("exempt_from") <= last).is_empty()
        gone = ["TU_TRAN", "KHAI_TRU", "XOA_TEN", "XIN_RA", "CHO_RA", "CHUYEN_DI_NGOAI", "DINH_CHI_SH", "MIEN_SH"]
        away = pl.col("status").is_in(gone) & (pl.col("status_date") <= last)
        assert rated.filter(away).is_empty()
        assert others.filter(~away & (pl.col("official_date") <= last)).is_empty()

    groups = (
        classified.join(members.select("source", "person", cell="organisation_code"), on=["source", "person"])
        .group_by("period", pl.col("cell").str.slice(0, 10))
        .agg(excellent=(pl.col("level") == "HTXSNV").sum(), good=(pl.col("level") == "HTTNV").sum())
        .with_columns(over=pl.col("excellent") * 5 > pl.col("good"))
    )
    assert groups["excellent"].sum() > 0
    assert 0 < groups["over"].sum() < 0.1 * len(groups)


def test_classifications_leave_the_evaluations_before_them_as_they_were(sample_folder: Path) -> None:
    """The same draws and keys as without them: theirs come behind, in a stream of their own."""
    true = world(SCALE, SEED, AS_OF).records
    alone = evaluations(true["cadre"], true["agency"], SEED, AS_OF)
    assert true["evaluation"].select(alone.columns)[: len(alone)].equals(alone)
    keys = with_keys(true["evaluation"], "evaluation", SEED)[: len(alone)].select("source_key")
    assert keys.equals(with_keys(alone, "evaluation", SEED).select("source_key"))


def test_some_evaluations_are_of_a_term_or_out_of_turn(sample_folder: Path) -> None:
    kind = pl.col("period_type").replace({"Nhiệm kỳ": "NHIEM_KY", "Đột xuất": "DOT_XUAT"})
    occasional = said(sample_folder, "evaluation").filter(kind.is_in(["NHIEM_KY", "DOT_XUAT"]))
    assert occasional.select("source", kind).n_unique() > 40
    of_term = occasional.filter(kind == "NHIEM_KY")
    assert set(of_term["period"]) == {"2020-2025"}
    assert occasional.filter(kind == "DOT_XUAT")["period"].str.to_date("%Y-%m-%d", strict=True).max() < AS_OF


def test_personal_ids_are_fictitious_and_unique(sample_folder: Path) -> None:
    persons = truth(sample_folder, "person")
    ids = persons["personal_id"]
    assert ids.n_unique() == len(ids)
    assert ids.str.contains(r"^099\d{9}$").all()
    parity = ids.str.slice(3, 1).cast(pl.Int64) % 2
    assert (parity.cast(pl.Boolean) == (persons["sex"] == "F")).all()
    assert (ids.str.slice(4, 2).cast(pl.Int64) == persons["birth_date"].dt.year() % 100).all()


def test_names_are_composed_and_have_a_surname_and_a_given_name(sample_folder: Path) -> None:
    names = truth(sample_folder, "person")["full_name"]
    assert names.equals(names.str.normalize("NFC"))
    assert names.str.contains(r"^\S+( \S+){1,5}$").all()
    assert not names.str.contains("[0-9Ðð]").any()
    nguyen = names.str.starts_with("Nguyễn ").mean()
    assert isinstance(nguyen, float)
    assert 0.2 < nguyen < 0.4


def test_sources_write_what_the_registry_declares(sample_folder: Path) -> None:
    known = environment(sample_folder)
    for code, source in registered().items():
        for record, mapping in source.records.items():
            if source.systems[mapping.system].connector != "database":
                continue
            path = known[f"LIENTHONG_SOURCE_{code}_URL"].removeprefix("sqlite:///")
            with sqlite3.connect(path) as connection:
                found = [row[1] for row in connection.execute(f"pragma table_info({mapping.options['table']})")]
            assert set(mapping.columns.values()) <= set(found), (code, record)


@pytest.mark.parametrize("name", ["15/files/dang_vien_01.xlsx", "52/files/dang_vien_01.xls"])
def test_workbooks_look_like_those_of_boards(sample_folder: Path, name: str) -> None:
    book = calamine.load_workbook(sample_folder / "sources" / name)
    hidden = [s.name for s in book.sheets_metadata if s.visible != calamine.SheetVisibleEnum.Visible]
    assert hidden == ["Danh muc"]
    rows = book.get_sheet_by_index(0).to_python()
    texts = [[str(cell) for cell in row if cell != ""] for row in rows]
    assert any("ĐẢNG CỘNG SẢN VIỆT NAM" in row for row in texts)
    assert any(row[:3] in (["1", "2", "3"], ["1.0", "2.0", "3.0"]) for row in texts)
    assert any(row and row[0] == "Tổng cộng" for row in texts)
    assert any("NGƯỜI LẬP BIỂU" in row for row in texts)


@pytest.mark.parametrize("charset", ["tcvn3", "vni", "cp1258"])
def test_legacy_character_sets_come_back(charset: str) -> None:
    text = "Nguyễn Thị Hoà, đảng viên dự bị ở Bắc Kạn, Quảng Ngãi, Kỳ Sơn; ẳng, ẵ, ỡ, ữ, Đặng Thế Mỹ"
    assert decode(encoded(stored(text, charset), charset), charset) == text


def test_letters_that_a_set_lacks_lose_their_marks_only() -> None:
    assert decode(encoded(stored("H'Hen Ayŭn, Nguyễn", "tcvn3"), "tcvn3"), "tcvn3") == "H'Hen Ayun, Nguyễn"


def test_connectors_are_mixed() -> None:
    used = [next(iter(source.systems.values())).connector for source in registered().values()]
    assert {c: used.count(c) for c in set(used)} == {"database": 20, "workbook": 8, "csv": 7, "rest": 5}
    delta = {(code, record) for code, s in registered().items() for record, m in s.records.items() if m.mode == "delta"}
    assert {("92", "member"), ("T1", "member"), ("79", "member")} <= delta


def test_registry_and_contracts_agree() -> None:
    contracts = load_contracts()
    assert len(registered()) == 40
    for code, source in registered().items():
        assert tuple(source.records) == RECORDS, code
        for record, mapping in source.records.items():
            required = {p.name for p in contracts[record].properties if p.required}
            assert required <= set(mapping.columns), (code, record)
            # a total that does not say so would be counted as posts of an agency
            assert "parent_decision_no" not in mapping.columns or "allocation_scope" in mapping.columns, code
            assert len(set(mapping.columns.values())) == len(mapping.columns), (code, record)
            for field, values in mapping.values.items():
                codes = contracts[record].by_name[field].codes
                assert codes, (code, record, field)
                assert set(values.values()) <= {c.value for c in codes}, (code, record, field)
