"""`lienthong form` as a clerk types it: exit codes, what goes to which stream, one sentence for each refusal."""

from __future__ import annotations

import csv
import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psycopg
import pytest
from python_calamine import CalamineWorkbook

from orchestration.cli import main
from orchestration.warehouse import connect
from tests.forms_world import key, make_relations, put, put_organisation

ROOT, CELL = "38.000.000.000.000", "38.001.001.000.001"


@dataclass(frozen=True)
class Done:
    """What a command left."""

    returncode: object
    stdout: str
    stderr: str


def form(url: str, *arguments: str) -> Done:
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setenv("LIENTHONG_DATABASE_URL", url)
        patch.setattr(sys, "argv", ["lienthong", "form", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    return Done(ended.value.code or 0, out.getvalue(), err.getvalue())


def refusal(done: Done) -> str:
    """The one sentence of a refused call."""
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.endswith(".")
    return line


@pytest.fixture
def url(warehouse_url: str) -> str:
    """A province with a cell; a member since 2010 and one admitted in March 2026."""
    make_relations(warehouse_url)
    with connect(warehouse_url, autocommit=True) as connection:
        put_organisation(connection, ROOT, f"/{ROOT}/", organisation_type="T1")
        put_organisation(connection, CELL, f"/{ROOT}/{CELL}/", organisation_type="C2", sector="5")
        for name, admitted in (("stays", date(2010, 5, 19)), ("new", date(2026, 3, 1))):
            put(connection, "person", person_id=key(name), full_name=name, birth_date=date(1990, 1, 1))
            put(
                connection, "party_membership", person_id=key(name), organisation_id=key(CELL), organisation_code=CELL,
                valid_from=admitted, admission_date=admitted, source_key=name,
            )  # fmt: skip
            put(
                connection, "membership_movement", person_id=key(name), movement_kind="KET_NAP", moved_on=admitted,
                to_organisation_id=key(CELL), to_organisation_code=CELL, source_key=name,
            )  # fmt: skip
    return warehouse_url


def test_figures_are_csv_json_or_a_sheet(url: str, tmp_path: Path) -> None:
    asked = ("1", "--organisation", "38", "--period", "2026-H1")
    table = {r["code"]: r["1"] for r in csv.DictReader(io.StringIO(form(url, *asked).stdout))}
    assert {code: table[code] for code in "ABCD"} == {"A": "1", "B": "1", "C": "0", "D": "2"}
    shown = json.loads(form(url, *asked, "--json", "--release", "1").stdout)
    figures = {row["code"]: row["cells"]["1"]["value"] for row in shown["rows"]}
    assert (shown["release"], figures["A"], figures["D"]) == (1, 1, 2)
    file = tmp_path / "1.xlsx"
    printed = form(url, *asked, "--out", str(file))
    assert (printed.returncode, printed.stdout) == (0, "")
    assert str(file) in printed.stderr
    sheet = CalamineWorkbook.from_path(str(file)).get_sheet_by_index(0).to_python()
    assert [row[2] for row in sheet if row[0] == "D"] == [2.0]


def test_records_behind_a_cell(url: str) -> None:
    asked = ("1", "--organisation", CELL, "--period", "2026", "--cell")
    (record,) = csv.DictReader(io.StringIO(form(url, *asked, "B1.1").stdout))
    assert (record["full_name"], record["organisation_code"], record["happened_on"]) == ("new", CELL, "2026-03-01")
    assert [r["full_name"] for r in json.loads(form(url, *asked, "A.1", "--json").stdout)] == ["stays"]
    assert form(url, *asked, "C1.1").stdout == ""
    assert "không có dòng 'Z'" in refusal(form(url, *asked, "Z.1"))
    assert "dòng rồi cột" in refusal(form(url, *asked, "A"))
    assert "không bao giờ liệt kê" in refusal(
        form(url, "3", "--organisation", "38", "--period", "2026", "--cell", "I.3.1")
    )


def test_strict_fails_on_an_identity_that_does_not_hold(url: str) -> None:
    asked = ("1", "--organisation", "38", "--period", "2026-H1")
    assert form(url, *asked, "--strict").returncode == 0
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("delete from published.membership_movement where moved_on = '2026-03-01'")
    lenient, strict = form(url, *asked), form(url, *asked, "--strict")
    assert (lenient.returncode, strict.returncode) == (0, 1)
    assert lenient.stdout == strict.stdout != ""
    assert strict.stderr == "A + B - C = D không khớp ở cột 1: 1 ≠ 2\n"


def test_a_form_without_a_figure_says_what_is_lacking_on_its_face(url: str, tmp_path: Path) -> None:
    lacking = {
        "6A": "kết quả xếp loại năm của tổ chức cơ sở đảng chưa được nguồn của đơn vị này gửi",
        "6B": "kết quả xếp loại năm của chi bộ, đảng bộ trực thuộc cơ sở chưa được nguồn của đơn vị này gửi",
        "6C": "kết quả xếp loại năm của đảng viên chưa được nguồn của đơn vị này gửi",
        "9B": "không còn cấp huyện",
        "12B": "không còn cấp huyện",
    }
    for number, said in lacking.items():
        file = tmp_path / f"{number}.xlsx"
        done = form(url, number, "--organisation", "38", "--period", "2025", "--out", str(file))
        assert done.returncode == 0
        assert said in done.stderr
        sheet = CalamineWorkbook.from_path(str(file)).get_sheet_by_index(0).to_python()
        numbers = next(n for n, row in enumerate(sheet) if row[:2] == ["A", "B"])
        face = "\n".join(str(c) for row in sheet[:numbers] for c in row)
        assert "Biểu chưa có số liệu" in face
        assert said in face


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("1", "--organisation", "77", "--period", "2026"), "Không có tổ chức đảng '77'"),
        (("1", "--organisation", "38.999.000.000.000", "--period", "2026"), "Không có tổ chức đảng"),
        (("1", "--organisation", "38", "--period", "2026-H3"), "Không có kỳ báo cáo '2026-H3'"),
        (("1", "--organisation", "38", "--period", "06/2026"), "Không có kỳ báo cáo"),
        (("1", "--organisation", "38", "--period", "2027"), "chưa bắt đầu"),
        (("4", "--organisation", "38", "--period", "2026"), "Không có biểu '4'"),
        (("1", "--organisation", "38", "--period", "2026", "--release", "9"), "Không có bản phát hành số 9"),
        (("1", "--organisation", "38", "--period", "2026", "--out", "nowhere/1.xlsx"), "Không có thư mục nowhere"),
    ],
)
def test_refused_input_is_one_sentence(url: str, arguments: tuple[str, ...], said: str) -> None:
    assert said in refusal(form(url, *arguments))


def test_wrong_usage_is_exit_code_2() -> None:
    for arguments in (
        ("1", "--period", "2026"),
        ("1", "--organisation", "38"),
        ("1", "--organisation", "38", "--period", "2026", "--release", "0"),
        ("1", "--organisation", "38", "--period", "2026", "--cell", "A.1", "--out", "1.xlsx"),
    ):
        done = form("postgresql://nobody@127.0.0.1:1/none", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
