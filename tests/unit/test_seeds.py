"""The reference seeds agree with the law's figures and with one another."""

import csv
import unicodedata
from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"
FILES = sorted(SEEDS.glob("*.csv"))
BEFORE, AFTER = date(2026, 4, 29), date(2026, 4, 30)

# code: xã, phường, đặc khu from 2026-04-30
COMMUNES = {
    "01": (75, 51, 0),
    "04": (53, 3, 0),
    "08": (117, 7, 0),
    "11": (42, 3, 0),
    "12": (36, 2, 0),
    "14": (67, 8, 0),
    "15": (89, 10, 0),
    "19": (77, 15, 0),
    "20": (61, 4, 0),
    "22": (22, 30, 2),
    "24": (66, 33, 0),
    "25": (133, 15, 0),
    "31": (67, 45, 2),
    "33": (93, 11, 0),
    "37": (97, 32, 0),
    "38": (147, 19, 0),
    "40": (119, 11, 0),
    "42": (60, 9, 0),
    "44": (69, 8, 1),
    "46": (19, 21, 0),
    "48": (70, 23, 1),
    "51": (86, 9, 1),
    "52": (110, 25, 0),
    "56": (48, 16, 1),
    "66": (88, 14, 0),
    "68": (103, 20, 1),
    "75": (62, 33, 0),
    "79": (54, 113, 1),
    "80": (82, 14, 0),
    "82": (82, 20, 0),
    "86": (105, 19, 0),
    "91": (85, 14, 3),
    "92": (72, 31, 0),
    "96": (55, 9, 0),
}

MERGED = {
    "08": {"02", "08"},
    "15": {"10", "15"},
    "19": {"06", "19"},
    "24": {"24", "27"},
    "25": {"17", "25", "26"},
    "31": {"30", "31"},
    "33": {"33", "34"},
    "37": {"35", "36", "37"},
    "44": {"44", "45"},
    "48": {"48", "49"},
    "51": {"51", "62"},
    "52": {"52", "64"},
    "56": {"56", "58"},
    "66": {"54", "66"},
    "68": {"60", "67", "68"},
    "75": {"70", "75"},
    "79": {"74", "77", "79"},
    "80": {"72", "80"},
    "82": {"82", "87"},
    "86": {"83", "84", "86"},
    "91": {"89", "91"},
    "92": {"92", "93", "94"},
    "96": {"95", "96"},
}

CHANGED_MEANING = {
    "15": ("Yên Bái", "Lào Cai"),
    "24": ("Bắc Giang", "Bắc Ninh"),
    "44": ("Quảng Bình", "Quảng Trị"),
    "52": ("Bình Định", "Gia Lai"),
    "80": ("Long An", "Tây Ninh"),
    "82": ("Tiền Giang", "Đồng Tháp"),
    "91": ("Kiên Giang", "An Giang"),
}

WARDS_OF_DONG_NAI = {
    "25270": "Lộc Ninh",
    "25357": "Tân Khai",
    "25363": "Đồng Phú",
    "26116": "Tân Phú",
    "26170": "Trị An",
    "26248": "Trảng Bom",
    "26326": "Dầu Giây",
    "26368": "Long Thành",
    "26425": "Xuân Lộc",
    "26485": "Nhơn Trạch",
}

WITHOUT_MAPPING = {"11948", "19742", "20333", "21548", "26732"}

# year: men, women, in months, of those who reach the age in that year (table of NĐ 135/2020)
RETIREMENT = {
    2021: (723, 664),
    2022: (726, 668),
    2023: (729, 672),
    2024: (732, 676),
    2025: (735, 680),
    2026: (738, 684),
    2027: (741, 688),
    2028: (744, 692),
    2029: (744, 696),
    2030: (744, 700),
    2031: (744, 704),
    2032: (744, 708),
    2033: (744, 712),
    2034: (744, 716),
    2035: (744, 720),
    2040: (744, 720),
}

# acts that confirmed rules cite, and the day each is in force from; the Charter stands since the founding
ACTS = {
    "Điều lệ Đảng": date(1930, 2, 3),
    "Điều lệ Đảng (Điều 21)": date(1930, 2, 3),
    "11-HD/BTCTW (Biểu số 6F)": date(2021, 12, 13),
    "12-HD/BTCTW": date(2022, 1, 18),
    "70-QĐ/TW": date(2022, 7, 18),
    "45-CT/TW": date(2025, 4, 14),
    "296-QĐ/TW": date(2025, 5, 30),
    "80/2025/QH15": date(2025, 7, 1),
    "366-QĐ/TW": date(2025, 8, 30),
    "377-QĐ/TW": date(2025, 10, 8),
    "335/2025/NĐ-CP": date(2026, 1, 1),
}

KEYS = {
    "administrative_unit": ("code_set", "code"),
    "code_list": ("list_code", "code"),
    "civil_service_rank": ("rank_code",),
    "identity_prefix": ("prefix",),
    "dated_rule": ("rule_code", "parameter"),
    "retirement_age": ("sex", "born_from"),
    "organisation_type_regime": ("type_code",),
}


def read(name):
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def day(text, default=None):
    return date.fromisoformat(text) if text else default


def valid_on(row, on):
    return day(row["valid_from"]) <= on < day(row["valid_to"], date.max)


@pytest.fixture(scope="module")
def units():
    return read("administrative_unit")


@pytest.fixture(scope="module")
def mapping():
    return read("administrative_unit_mapping")


def current(units, level, on=AFTER, code_set="34"):
    return [u for u in units if u["level"] == level and u["code_set"] == code_set and valid_on(u, on)]


def test_provinces(units):
    assert {u["code"] for u in current(units, "province")} == set(COMMUNES)
    assert len(current(units, "province", date(2025, 6, 30), "63")) == 63
    cities = {
        on: {u["short_name"] for u in current(units, "province", on) if u["unit_type"] == "thanh_pho_tw"}
        for on in (BEFORE, AFTER)
    }
    assert cities[BEFORE] == {
        "Hà Nội",
        "Huế",
        "Hải Phòng",
        "Đà Nẵng",
        "Hồ Chí Minh",
        "Cần Thơ",
    }
    assert cities[AFTER] - cities[BEFORE] == {"Đồng Nai"}


def test_communes_per_province(units):
    counts = Counter((u["parent_code"], u["unit_type"]) for u in current(units, "commune"))
    found = {p: tuple(counts[p, t] for t in ("xa", "phuong", "dac_khu")) for p in COMMUNES}
    assert found == COMMUNES
    assert sum(counts.values()) == 3321


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2025, 7, 1), (2621, 687, 13)),
        (BEFORE, (2621, 687, 13)),
        (AFTER, (2611, 697, 13)),
    ],
)
def test_communes_per_type(units, on, expected):
    counts = Counter(u["unit_type"] for u in current(units, "commune", on))
    assert tuple(counts[t] for t in ("xa", "phuong", "dac_khu")) == expected
    assert set(counts) == {"xa", "phuong", "dac_khu"}


def test_old_communes(units):
    old = current(units, "commune", date(2025, 6, 30), "63")
    assert len(old) == len({u["code"] for u in old}) == 10035
    assert all(u["district_name"] for u in old)
    assert not any(u["district_name"] for u in units if u["code_set"] == "34")


def test_code_sets_meet_on_one_day(units):
    for u in units:
        old = u["code_set"] == "63"
        assert day(u["valid_to"], date.max) <= date(2025, 7, 1) if old else True
        assert old or day(u["valid_from"]) >= date(2025, 7, 1)
    assert not current(units, "commune", date(2025, 7, 1), "63")
    assert not current(units, "commune", date(2025, 6, 30))


def test_ten_communes_become_wards(units):
    opened = {u["code"]: u for u in units if u["valid_from"] == "2026-04-30"}
    closed = {u["code"]: u for u in units if u["valid_to"] == "2026-04-30"}
    assert set(opened) == set(closed) == set(WARDS_OF_DONG_NAI) | {"75"}
    for code, name in WARDS_OF_DONG_NAI.items():
        assert (closed[code]["name"], opened[code]["name"]) == (f"Xã {name}", f"Phường {name}")
        assert opened[code]["parent_code"] == "75"
    assert (closed["75"]["name"], opened["75"]["name"]) == ("Tỉnh Đồng Nai", "Thành phố Đồng Nai")


def test_shape_of_units(units):
    prefix = {
        "tinh": "Tỉnh ",
        "thanh_pho_tw": "Thành phố ",
        "xa": "Xã ",
        "phuong": "Phường ",
        "dac_khu": "Đặc khu ",
        "thi_tran": "Thị trấn ",
    }
    known = {(u["code_set"], u["code"]) for u in units if u["level"] == "province"}
    assert len({u["unit_id"] for u in units}) == len(units)
    for u in units:
        assert u["code"].isdigit()
        assert len(u["code"]) == (2 if u["level"] == "province" else 5)
        assert u["name"].startswith(prefix[u["unit_type"]])
        assert u["name"].endswith(u["short_name"])
        assert u["unit_id"].split(":")[1].split("@")[0] == u["code"]
        if u["level"] == "commune":
            assert (u["code_set"], u["parent_code"]) in known
        else:
            assert not u["parent_code"]


def test_one_spelling_of_tones(units):
    """Tone marks sit on the first vowel of open oa, oe, uy: hòa, thủy, but quý, hoàn."""
    bad = set()
    for u in units:
        for syllable in unicodedata.normalize("NFC", u["name"] + " " + u["district_name"]).split():
            low = syllable.lower()
            if low[-2:-1] == "o" and low[-1] in "àáảãạèéẻẽẹ":
                bad.add(syllable)
            if low[-2:-1] == "u" and low[-1] in "ỳýỷỹỵ" and low[-3:-2] != "q":
                bad.add(syllable)
    assert not bad


def test_codes_that_lists_get_wrong(units):
    now = {u["code"]: u for u in current(units, "commune")}
    assert now["06970"]["name"] == "Xã Ba Chẽ"
    assert "06978" not in now
    assert now["00226"]["name"] == "Phường Văn Miếu - Quốc Tử Giám"
    old = {u["code"]: u for u in current(units, "commune", date(2025, 6, 30), "63")}
    assert old["27691"]["parent_code"] == "80"


def test_seven_codes_changed_their_meaning(units):
    names = defaultdict(dict)
    for on, code_set in ((date(2025, 6, 30), "63"), (date(2025, 7, 1), "34")):
        for u in current(units, "province", on, code_set):
            names[u["code"]][code_set] = u["short_name"]
    changed = {c: (n["63"], n["34"]) for c, n in names.items() if len(n) == 2 and n["63"] != n["34"]}
    assert changed == CHANGED_MEANING


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


def test_mapping_refers_to_units(units, mapping):
    known = {(u["code_set"], u["level"], u["code"]) for u in units}
    parent = {(u["code_set"], u["code"]): u["parent_code"] for u in units if u["parent_code"]}
    province = {m["old_code"]: m["new_code"] for m in mapping if m["level"] == "province"}
    for m in mapping:
        assert (m["old_code_set"], m["level"], m["old_code"]) in known
        assert (m["new_code_set"], m["level"], m["new_code"]) in known
        if m["level"] == "commune":
            assert province[parent["63", m["old_code"]]] == parent["34", m["new_code"]]


def test_mapping_is_complete(units, mapping):
    for level in ("province", "commune"):
        rows = [m for m in mapping if m["level"] == level]
        per_old = defaultdict(list)
        for m in rows:
            per_old[m["old_code"]].append(m)
        assert set(per_old) == {u["code"] for u in units if u["code_set"] == "63" and u["level"] == level}
        for code, found in per_old.items():
            assert [m["is_default"] for m in found].count("true") == 1, code
            assert {m["share"] for m in found} == {"ALL" if len(found) == 1 else "PART"}, code
            assert len({m["new_code"] for m in found}) == len(found), code
        new = {u["code"] for u in units if u["code_set"] == "34" and u["level"] == level}
        assert new - {m["new_code"] for m in rows} == (WITHOUT_MAPPING if level == "commune" else set())


def test_merged_provinces(mapping):
    found = defaultdict(set)
    for m in mapping:
        if m["level"] == "province":
            found[m["new_code"]].add(m["old_code"])
    assert found == {code: MERGED.get(code, {code}) for code in COMMUNES}


def test_namesakes_are_not_mixed_up(mapping):
    """Old wards of one name in two districts each go to their own new unit."""
    default = {m["old_code"]: m["new_code"] for m in mapping if m["is_default"] == "true"}
    pairs = {(m["old_code"], m["new_code"]) for m in mapping}
    for old, own, others in (
        ("27691", "27694", "25459"),  # Phường 4, Tân An
        ("25462", "25459", "27694"),  # Phường 4, Tây Ninh
        ("28252", "28249", "29869"),  # Phường 4, Mỹ Tho
        ("29908", "29905", "29869"),  # Phường 4, Sa Đéc
        ("31246", "31246", "31726"),  # Thạnh Quới, Vĩnh Thạnh
        ("31714", "31726", "31246"),  # Thạnh Quới, Mỹ Xuyên
        ("31379", "31378", "31582"),  # Phú Tân, Hậu Giang
        ("31582", "31582", "31378"),  # Phú Tân, Sóc Trăng
    ):
        assert default[old] == own
        assert (old, others) not in pairs


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


@pytest.mark.parametrize("on", [date(2021, 1, 1), AFTER])
def test_retirement_age_has_no_gap(on):
    for sex in ("M", "F"):
        rows = [r for r in read("retirement_age") if r["sex"] == sex and valid_on(r, on)]
        assert rows[0]["born_from"] == "1900-01-01"
        assert rows[-1]["born_to"] == ""
        for earlier, later in pairwise(rows):
            assert earlier["born_to"] == later["born_from"]
            assert day(earlier["born_from"]) < day(earlier["born_to"])
        ages = [int(r["years"]) * 12 + int(r["months"]) for r in rows]
        assert ages == sorted(set(ages))
    low = [r["born_from"] for r in read("retirement_age") if r["confidence"] == "low"]
    assert low == ["1968-09-01", "1969-05-01"]


def test_no_retirement_age_holds_before_its_decree():
    assert [r for r in read("retirement_age") if valid_on(r, date(2020, 12, 31))] == []


def test_retirement_age_gives_the_table_by_year():
    found = defaultdict(set)
    for r in read("retirement_age"):
        age = int(r["years"]) * 12 + int(r["months"])
        for born in range(1950 * 12, 1985 * 12):
            month = date(born // 12, born % 12 + 1, 1)
            if valid_on(r, AFTER) and day(r["born_from"]) <= month < day(r["born_to"], date.max):
                found[r["sex"], (born + age) // 12].add(age)
    for year, (men, women) in RETIREMENT.items():
        assert found["M", year] == {men}
        assert found["F", year] == {women}


def test_both_days_of_every_border_of_retirement_age_are_in_its_unit_test():
    file = SEEDS.parent / "models" / "unit_tests" / "_cadre.yml"
    (test,) = (
        t
        for t in yaml.safe_load(file.read_text(encoding="utf-8"))["unit_tests"]
        if t["name"] == "each_border_of_retirement_age_turns_between_two_births"
    )
    given = {g["input"]: list(csv.DictReader(g["rows"].splitlines())) for g in test["given"] if g["rows"]}
    seed = read("retirement_age")
    compared = seed[0].keys() - {"legal_basis", "note"}
    assert given["ref('retirement_age')"] == [{k: v for k, v in r.items() if k in compared} for r in seed]
    births = {(p["sex"], day(p["birth_date"])) for p in given["ref('person')"]}
    borders = {(r["sex"], day(r["born_to"])) for r in seed if r["born_to"]}
    assert len(borders) == 21
    assert {(sex, on - timedelta(days=n)) for sex, on in borders for n in (0, 1)} <= births


def test_types_of_organisations_last_as_long_as_their_codes():
    codes = defaultdict(list)
    for r in read("code_list"):
        if r["list_code"] == "PORG_TYPE":
            codes[r["code"]].append((r["valid_from"], r["valid_to"]))
    assert {r["type_code"]: (r["valid_from"], r["valid_to"]) for r in read("organisation_type_regime")} == {
        code: (min(start for start, _ in spans), max(spans)[1]) for code, spans in codes.items()
    }


def test_dated_rules():
    def value(rule, parameter, on):
        return [
            r["value"]
            for r in read("dated_rule")
            if (r["rule_code"], r["parameter"]) == (rule, parameter) and valid_on(r, on)
        ]

    on = date(2026, 11, 1)
    assert value("TRANSFER_LIMIT", "WORKING_DAYS", date(2026, 7, 25)) == ["30"]
    assert value("TRANSFER_LIMIT", "WORKING_DAYS", date(2026, 7, 26)) == ["60"]
    assert value("PROBATION", "MONTHS", on) == ["12"]
    assert value("APPOINTMENT_TERM", "MONTHS", on) == ["60"]
    assert value("CONSECUTIVE_TERMS", "MAX", on) == ["2"]
    assert value("EVAL_CAP", "CAP_BASE", on) == ["GOOD"]
    rows = [r for r in read("dated_rule") if valid_on(r, on)]
    marks = [int(r["value"]) for r in rows if r["rule_code"] == "BADGE_MARK"]
    assert marks == [30, *range(40, 95, 5)]
    rounds = {r["value"] for r in rows if r["rule_code"] == "BADGE_ROUND"}
    assert rounds == {"02-03", "05-19", "09-02", "11-07"}


def test_no_confirmed_rule_is_older_than_its_newest_act():
    early = []
    for r in read("dated_rule"):
        if r["confidence"] == "high":
            acts = r["legal_basis"].split("; ")
            assert set(acts) <= set(ACTS), r
            if day(r["valid_from"]) < max(ACTS[a] for a in acts):
                early.append((r["rule_code"], r["parameter"], r["valid_from"]))
    assert not early


def test_acts_of_which_no_text_was_at_hand_confirm_nothing():
    rows = [r for r in read("dated_rule") if {"20-QĐ/TW", "208-QĐ/TW"} & set(r["legal_basis"].split("; "))]
    assert {r["rule_code"] for r in rows} >= {"ADMISSION_AGE", "READMISSION", "TRANSFER_LIMIT"}
    assert {r["confidence"] for r in rows} == {"med"}


@pytest.mark.parametrize(
    ("on", "basis", "confidence"), [(date(2025, 10, 7), "", "med"), (date(2025, 10, 8), "377-QĐ/TW", "high")]
)
def test_a_rule_cites_an_act_from_its_day_on(on, basis, confidence):
    for rule in (("APPOINTMENT_TERM", "MONTHS"), ("CONSECUTIVE_TERMS", "MAX")):
        (row,) = (r for r in read("dated_rule") if (r["rule_code"], r["parameter"]) == rule and valid_on(r, on))
        assert (row["legal_basis"], row["confidence"]) == (basis, confidence)


def test_versions_of_a_rule_follow_without_a_gap():
    spans = defaultdict(list)
    for r in read("dated_rule"):
        spans[r["rule_code"], r["parameter"]].append((r["valid_from"], r["valid_to"]))
    for key, found in spans.items():
        for (_, end), (start, _) in pairwise(sorted(found)):
            assert end == start, key
        # the month of a congress is that of one term
        assert key[0] == "AGE_LEFT_ON" or max(found)[1] == "", key


def test_every_rule_is_read():
    """By its code and parameter, or by a part of the parameter that the row of a model completes."""
    folders = (
        SEEDS.parent / "models",
        SEEDS.parent / "macros",
        SEEDS.parents[1] / "orchestration" / "forms" / "relations",
    )
    text = "\n".join(p.read_text(encoding="utf-8") for f in folders for p in f.rglob("*.sql"))
    completed = {
        "BADGE_MARK": {""}, "BADGE_ROUND": {""}, "PLANNING_REQUIRED": {""}, "NOT_LOCAL": {""}, "AGE_LEFT_ON": {""},
        "DISCIPLINE_END": {"_MONTHS"}, "DISCIPLINE_BAR": {"_MONTHS"},
        "APPOINTMENT_STANDARD": {"_DEGREE", "_LLCT", "_QLNN"}, "DOSSIER_KINDS": {""},
        "RETIREMENT_EARLY": {""}, "SCIENCE_FIELD": {""}, "EVAL_WEAK": {""},
    }  # fmt: skip
    for r in read("dated_rule"):
        rule, parameter = r["rule_code"], r["parameter"]
        ends = [e for e in completed.get(rule, {parameter}) if parameter.endswith(e)]
        assert f"'{rule}'" in text, r
        assert any(f"{e}'" in text for e in ends), r


def test_the_readme_says_how_many_rules_there_are():
    text = (SEEDS / "README.md").read_text(encoding="utf-8")
    assert f"| `dated_rule`, `retirement_age` | {len(read('dated_rule'))}, {len(read('retirement_age'))} |" in text


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
