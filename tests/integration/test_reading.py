"""The functions that read the texts of sources, with the faults that sources are known for."""

from __future__ import annotations

import psycopg
import pytest

Cases = dict[str | None, str | None]

READERS: dict[str, Cases] = {
    "clean_text": {
        None: "",
        "": "",
        "  ": "",
        "-": "",
        "nt": "",
        "như trên": "",
        "KHÔNG": "",
        "không": "",
        "Chi bộ  thôn\u00a0Đông ": "Chi bộ thôn Đông",
        "\u200bChi bộ\ufeff": "Chi bộ",
        "Ðảng bộ": "Đảng bộ",
        "Đa\u0309ng": "Đảng",
        "Hoà\tBình\n": "Hoà Bình",
        "120": "120",
        "Chi bộ Không Lộ": "Chi bộ Không Lộ",
        "\\x00": "\\x00",
        'Chi bộ "Sông Đà"': 'Chi bộ "Sông Đà"',
        'Chi "A"\tB\x0b1': 'Chi "A" B 1',
        "DV\t01": "DV 01",
        "DV\r\n01\f": "DV 01",
        "=1+1": "=1+1",
    },
    "partial_date_text": {
        None: "",
        "": "",
        "1985-06-05": "1985-06-05",
        "05/06/1985": "1985-06-05",
        "5/6/85": "1985-06-05",
        "5/6/07": "2007-06-05",
        "05-06-1985": "1985-06-05",
        "05.06.1985": "1985-06-05",
        "06/1985": "1985-06",
        "5/1956": "1956-05",
        "1956": "1956",
        "31203": "1985-06-05",
        "31203.0": "1985-06-05",
        "00/00/1950": "",
        "01-01-1970": "",
        "1970-01-01": "1970-01-01",
        "30/02/1980": None,
        "1985-13-01": None,
        "13/13/1985": None,
        "2020-01-02 00:00:00": "2020-01-02",
        "2020-01-02T08:30:00+07:00": "2020-01-02",
        "'05/06/1985": "1985-06-05",
        "5.6.1985": "1985-06-05",
        "5/06/1985": "1985-06-05",
        "05-6-1985": "1985-06-05",
        "05.06/1985": "1985-06-05",
        " 05-06-1985 ": "1985-06-05",
        "31-04-1985": None,
        "0x/06/1985": None,
        "+5/06/1985": None,
        "00-00-1985": "",
        "01-01-1970 ": "",
        "1970-01-01T00:00:00": "",
        "0001-01-01T00:00:00": "",
        "1970-01-02T00:00:00": "1970-01-02",
        "2023-02-29T00:00:00": None,
        "2020.01.02 08:30": None,
        "nt": "",
        "abc": None,
        "99999": None,
        "0": None,
        "29/02/2024": "2024-02-29",
        "29/02/2023": None,
    },
    "date_text": {
        "1985-06-05": "1985-06-05",
        "05/06/1985": "1985-06-05",
        "5-6-1985": "1985-06-05",
        "2020-01-02 00:00:00": "2020-01-02",
        "06/1985": None,
        "1956": None,
        "1956-06": None,
        "31203": "1985-06-05",
    },
    "integer_text": {
        None: "",
        "12": "12",
        "1.234": "1234",
        "1,234": "1234",
        "12.0": "12",
        "'7": "7",
        "-5": "-5",
        "1,5": None,
        "abc": None,
        "-": "",
        "0x1F": None,
        "1_0": None,
        "99999999999": None,
        " 12 ": "12",
    },
    "number_text": {
        None: "",
        "2.34": "2.34",
        "2,34": "2.34",
        "1.234.567": "1234567",
        "1.234,5": "1234.5",
        "1,234.5": "1234.5",
        "-2,5": "-2.5",
        "NaN": None,
        "1e5": None,
        "x": "",
        "abc": None,
        "3/9": None,
    },
    "step_text": {"3/9": "3", " 3 / 12 ": "3", "3": "3", "x": "", "ba": None},
    "boolean_text": {
        None: "",
        "Có": "true",
        "CO": "true",
        "x": "true",
        "X": "true",
        "1": "true",
        "✓": "true",
        "Không": "false",
        "khong": "false",
        "0": "false",
        "false": "false",
        "": "",
        "-": "",
        "có lẽ": None,
    },
    "identifier12_text": {
        None: "",
        "038085000123": "038085000123",
        "38085000123": "038085000123",
        "38085000123.0": "038085000123",
        "'038085000123": "038085000123",
        "O38O85OOO123": "038085000123",
        "038 085 000 123": "038085000123",
        "KHÔNG": "",
        "123456789": "123456789",
        "12345": "12345",
        "không rõ số": "không rõ số",
    },
    "identifier9_text": {"12345678": "012345678", "123456789": "123456789", "038085000123": "038085000123"},
    "identifier8_text": {"38 123456": "38123456", "1234567": "01234567", "38123456": "38123456"},
    "unit_code_text": {"1": "01", "38": "38", "138": "138", "0138": "00138", "38.0": "38", "Hà Nội": "Hà Nội"},
    "organisation_code_text": {
        "38.001.002.003.004": "38.001.002.003.004",
        "38001002003004": "38.001.002.003.004",
        "1001002003004": "01.001.002.003.004",
        "38-001-002-003-004": "38.001.002.003.004",
        "abc": "abc",
        "-": "",
    },
    "person_name_text": {
        None: "",
        "NGUYỄN VĂN A": "Nguyễn Văn A",
        "nguyễn văn a": "Nguyễn Văn A",
        "nguyễn  văn a": "Nguyễn Văn A",
        "KHÔNG CÓ": "",
        "BÀ TRẦN THỊ B": "Trần Thị B",
        "TS LÊ VĂN C": "Lê Văn C",
        "Đ/c Nguyễn Văn A": "Nguyễn Văn A",
        "Ông Nguyễn Văn A": "Nguyễn Văn A",
        "Bà Trần Thị B": "Trần Thị B",
        "TS. Lê Văn C": "Lê Văn C",
        "PGS. TS. Lê Văn C": "Lê Văn C",
        "ThS. Hà Thị D": "Hà Thị D",
        "Bà TS. Lê Văn C": "Lê Văn C",
        "Ông PGS.TS Lê Văn C": "Lê Văn C",
        "Đ/c: Bà PGS. TS. Lê Thị Hà": "Lê Thị Hà",
        "Ông (Tư) Nguyễn Văn An": "Nguyễn Văn An",
        "(Tư) Ông Nguyễn Văn An": "Nguyễn Văn An",
        "Ông Thị Lan": "Ông Thị Lan",
        "Đồng chí Lê Thị B": "Lê Thị B",
        "ĐỒNG CHÍ BẰNG": "Đồng Chí Bằng",
        "Đồng Chính Nghĩa": "Đồng Chính Nghĩa",
        "Nguyễn Văn A (Tư)": "Nguyễn Văn A",
        "H'Bia Niê": "H'Bia Niê",
        "H'BIA NIÊ": "H'Bia Niê",
        "Ðỗ Văn Ð": "Đỗ Văn Đ",
        "Nguyê\u0303n Văn A": "Nguyễn Văn A",
        "Ông Văn Tâm": "Ông Văn Tâm",
        "x": "",
        "Nguyễn\u00a0Văn A": "Nguyễn Văn A",
    },
    "code_key": {"TRUNG CẤP": "trung cap", "Đại học – cao đẳng": "dai hoc cao dang", "12/12": "12/12"},
}

REPAIRS: dict[str, dict[tuple[str, str | None], str | None]] = {
    "clean_text": {
        ("a  b", "a b"): "spaces",
        ("-", ""): "placeholder",
        ("Ð", "Đ"): "eth",
        ("a", "a"): None,
        (" ", ""): None,
    },
    "date_text": {
        ("31203", "1985-06-05"): "excel_serial",
        ("5/6/85", "1985-06-05"): "two_digit_year",
        ("nt", ""): "placeholder",
        ("05/06/1985", "1985-06-05"): None,
        ("5-6-1985", "1985-06-05"): None,
        ("1985-06-05T00:00:00", "1985-06-05"): None,
        (" 05-06-1985", "1985-06-05"): None,
        ("20/12/20", "2020-12-20"): "two_digit_year",
        ("'05/06/1985", "1985-06-05"): "apostrophe",
        ("99999", None): None,
    },
    "number_text": {
        ("2,34", "2.34"): "decimal_comma",
        ("1.234", "1234"): "thousands",
        ("12.0", "12"): "decimal_suffix",
        ("mười hai", None): None,
    },
    "step_text": {("3/9", "3"): "step"},
    "identifier": {
        ("38085000123", "038085000123"): "leading_zero",
        ("O38085000123", "038085000123"): "letter_o",
        ("'038085000123", "038085000123"): "apostrophe",
        ("038085000123.0", "038085000123"): "decimal_suffix",
        ("038 085 000 123", "038085000123"): "spaces",
        ("CV", "01.003"): "name",
    },
    "person_name_text": {
        ("NGUYỄN VĂN A", "Nguyễn Văn A"): "case",
        ("Đ/c Lê B", "Lê B"): "title",
        ("ThS. Lê B", "Lê B"): "title",
        ("Lê B (Tư)", "Lê B"): "alias",
    },
}


@pytest.mark.parametrize("reader", READERS)
def test_reader(warehouse: psycopg.Connection, reader: str) -> None:
    given = list(READERS[reader])
    found = warehouse.execute(
        f"select landing.{reader}(t) from unnest(%s::text []) with ordinality as u (t, i) order by i", [given]
    ).fetchall()
    assert dict(zip(given, (value for (value,) in found), strict=True)) == READERS[reader]


@pytest.mark.parametrize("reader", REPAIRS)
def test_repair_is_named(warehouse: psycopg.Connection, reader: str) -> None:
    for (text, canonical), code in REPAIRS[reader].items():
        found = warehouse.execute(f"select landing.{reader}_repair(%s, %s)", [text, canonical]).fetchone()
        assert found == (code,), (reader, text)


def test_ranks_are_read_by_code_name_and_initials(warehouse: psycopg.Connection) -> None:
    known = '{"CV": "01.003", "Chuyên viên": "01.003"}'
    loose = '{"chuyen vien": "01.003"}'
    cases = {
        "01.003": "01.003",
        "01003": "01.003",
        "1.003": "01.003",
        "01003.0": "01.003",
        "CV": "01.003",
        "chuyên viên": "01.003",
        "V070103": "V.07.01.03",
        "V.07.01.03": "V.07.01.03",
        "thợ": "thợ",
    }
    for text, code in cases.items():
        found = warehouse.execute("select landing.rank_code_text(%s, %s, %s)", [text, known, loose]).fetchone()
        assert found == (code,), text


def test_digits_are_told_from_everything_else(warehouse: psycopg.Connection) -> None:
    for text in ("0", "038085000123", "12345678901234567"):
        assert warehouse.execute("select landing.is_digits(%s)", [text]).fetchone() == (True,)
    for text in (" 1", "1 ", "+1", "-1", "1_0", "0x1", "1.0", "１", "a", "1e5"):
        assert warehouse.execute("select landing.is_digits(%s)", [text]).fetchone() == (False,), text


def test_readers_are_written_into_the_statement(warehouse: psycopg.Connection) -> None:
    """A reader that is called for each value costs ten times as much."""
    for reader in [*READERS, "clean_text"]:
        if reader == "code_key":
            continue
        plan = warehouse.execute(f"explain (verbose) select landing.{reader}(sheet) from quarantine.row").fetchall()
        assert not any(f"landing.{reader}(" in line for (line,) in plan), reader
