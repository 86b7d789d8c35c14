"""Administrative units and their mapping agree with the law's figures and with one another."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from datetime import date

import pytest

from tests.unit.seeds.rows import AFTER, BEFORE, current, day

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
