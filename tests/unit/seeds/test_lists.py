"""Code lists, aliases and ranks; and what holds for every seed."""

from __future__ import annotations

import csv
import unicodedata
from collections import defaultdict
from datetime import date
from itertools import pairwise

import pytest
import yaml

from tests.unit.seeds.rows import FILES, SEEDS, current, day, read

KEYS = {
    "administrative_unit": ("code_set", "code"),
    "code_list": ("list_code", "code"),
    "civil_service_rank": ("rank_code",),
    "identity_prefix": ("prefix",),
    "dated_rule": ("rule_code", "parameter"),
    "retirement_age": ("sex", "born_from"),
    "organisation_type_regime": ("type_code",),
}


@pytest.mark.parametrize("name", KEYS)
def test_validity_never_overlaps(name):
    spans = defaultdict(list)
    for row in read(name):
        start, end = day(row["valid_from"]), day(row["valid_to"], date.max)
        assert start < end, row
        spans[tuple(row[k] for k in KEYS[name])].append((start, end))
    for key, found in spans.items():
        found.sort()
        for (_, end), (start, _) in pairwise(found):
            assert end <= start, key


def test_code_lists():
    rows = read("code_list")
    codes = defaultdict(list)
    for r in rows:
        codes[r["list_code"]].append(r["code"])
    assert codes["ETHNIC"] == [f"{n:02d}" for n in range(1, 57)]
    assert codes["OCCUP"] == [f"{n:02d}" for n in range(1, 16)]
    assert codes["EVAL_LEVEL"] == ["HTXSNV", "HTTNV", "HTNV", "KHTNV"]
    assert codes["SEX"] == ["M", "F"]
    assert len(codes["ASSIGNMENT_KIND"]) == 14
    ethnic = {r["code"]: r["label"] for r in rows if r["list_code"] == "ETHNIC"}
    assert (ethnic["01"], ethnic["11"], ethnic["12"]) == ("Kinh", "Ngái", "Ê-đê")
    assert (ethnic["54"], ethnic["55"], ethnic["56"]) == (
        "Rơ-măm",
        "Người nước ngoài",
        "Không rõ",
    )


def test_aliases_name_one_code():
    meaning = defaultdict(set)
    for r in read("code_list"):
        for text in (r["code"], r["label"], *filter(None, r["aliases"].split("|"))):
            assert text == text.strip()
            meaning[r["list_code"], text.casefold()].add(r["code"])
    assert {k: v for k, v in meaning.items() if len(v) > 1} == {}


def test_identity_prefixes(units):
    rows = read("identity_prefix")
    assert [r["prefix"] for r in rows if r["is_fictitious"] == "true"] == ["099"]
    real = {r["prefix"]: r for r in rows if r["is_fictitious"] == "false"}
    old = {u["code"]: u for u in current(units, "province", date(2025, 6, 30), "63")}
    assert set(real) == {"0" + code for code in old}
    assert all(r["province_name"] == old[r["province_code"]]["name"] for r in real.values())
    assert real["052"]["province_name"] == "Tỉnh Bình Định"


def test_types_of_organisations_last_as_long_as_their_codes():
    codes = defaultdict(list)
    for r in read("code_list"):
        if r["list_code"] == "PORG_TYPE":
            codes[r["code"]].append((r["valid_from"], r["valid_to"]))
    assert {r["type_code"]: (r["valid_from"], r["valid_to"]) for r in read("organisation_type_regime")} == {
        code: (min(start for start, _ in spans), max(spans)[1]) for code, spans in codes.items()
    }


def test_ranks_end_at_the_known_coefficient():
    last = {
        (r["rank_code"], r["salary_group"]): round(
            float(r["coefficient_from"]) + (int(r["steps"]) - 1) * float(r["coefficient_step"]), 2
        )
        for r in read("civil_service_rank")
    }
    for group, top in {"A3.1": 8.00, "A2.1": 6.78, "A1": 4.98, "A0": 4.89, "B": 4.06}.items():
        assert {v for (_, g), v in last.items() if g == group} == {top}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_files_are_clean(path):
    raw = path.read_bytes()
    text = raw.decode("utf-8")
    assert unicodedata.is_normalized("NFC", text)
    assert not raw.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in raw
    assert raw.endswith(b"\n")
    assert not {"\u00d0", "\u00f0", "\u00a0", "\u200b", "\ufffd"} & set(text)
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.reader(handle))
    assert len({len(r) for r in rows}) == 1
    assert all(cell == cell.strip() and "  " not in cell for r in rows for cell in r)
    assert len({tuple(r) for r in rows}) == len(rows)


def test_every_seed_and_column_is_described():
    described = yaml.safe_load((SEEDS / "_seeds.yml").read_text(encoding="utf-8"))["seeds"]
    by_name = {s["name"]: s for s in described}
    for name in KEYS.keys() | {"administrative_unit_mapping"}:
        seed = by_name[name]
        with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
            header = next(csv.reader(handle))
        assert [c["name"] for c in seed["columns"]] == header
        assert list(seed["config"]["column_types"]) == header
        assert seed["description"]
        assert all(c["description"] for c in seed["columns"])
