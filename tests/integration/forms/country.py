"""Three provinces and the lives of members in them, for tests of forms; figures of a report by row and column."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import psycopg

from orchestration.forms.report import Report
from tests.forms_world import key, put

H1 = "2026-H1"
ROOTS = ("38", "40", "01")


def root(province: str) -> str:
    return f"{province}.000.000.000.000"


def cell_code(province: str, branch: int) -> str:
    return f"{province}.{branch:03}.001.000.001"


def figure(report: Report, code: str, column: str = "1") -> int | None:
    value = report.cells[code, column].value
    return None if value is None else int(value)


def figures(report: Report, *codes: str, column: str = "1") -> list[int | None]:
    return [figure(report, c, column) for c in codes]


@dataclass
class Life:
    """What happened to one member: where they were admitted and when, moves, and how it ended."""

    name: str
    admitted: date
    cell: str
    moves: list[tuple[date, str]] = field(default_factory=list)
    end: tuple[date, str] | None = None
    sex: str = "M"
    born: date | None = date(1980, 1, 1)
    occupation: str | None = "01"
    ethnicity: str = "01"

    def cell_on(self, day: date) -> str | None:
        """Where the member was at the end of a day."""
        if day < self.admitted or (self.end and self.end[0] <= day):
            return None
        return [c for d, c in [(self.admitted, self.cell), *self.moves] if d <= day][-1]


def live(connection: psycopg.Connection, life: Life) -> None:
    """Publish a life as core does: one spell in each province, the last cell of it, and counted movements."""
    person = key(life.name)
    put(
        connection, "person", person_id=person, sex=life.sex, birth_date=life.born, occupation_code=life.occupation,
        admission_date=life.admitted, general_education="3", professional_education="4", political_theory="2",
    )  # fmt: skip
    connection.execute(
        "insert into history.person (person_id, ethnicity_code) values (%s, %s)", [person, life.ethnicity]
    )
    stays = [(life.admitted, life.cell), *life.moves]
    runs: list[tuple[date, str, date | None]] = []
    for n, (day, cell) in enumerate(stays):
        until = stays[n + 1][0] if n + 1 < len(stays) else (life.end[0] if life.end else None)
        if runs and runs[-1][1][:2] == cell[:2]:
            runs[-1] = (runs[-1][0], cell, until)
        else:
            runs.append((day, cell, until))
    for n, (day, cell, until) in enumerate(runs):
        standing = "DA_CHUYEN" if n + 1 < len(runs) else "DA_KET_THUC" if life.end else "DANG_SINH_HOAT"
        put(
            connection, "party_membership", person_id=person, organisation_id=key(cell), organisation_code=cell,
            standing=standing, is_current=standing == "DANG_SINH_HOAT", valid_from=day, valid_to=until,
            admission_date=life.admitted, official_date=life.admitted + timedelta(365), source=cell[:2],
            source_key=f"{life.name}/{n}" if n else life.name,
        )  # fmt: skip
    move(connection, life, "KET_NAP", life.admitted, start=None, end=life.cell)
    for n, (day, cell) in enumerate(life.moves):
        move(connection, life, "CHUYEN_SINH_HOAT", day, start=stays[n][1], end=cell)
    if life.end:
        move(connection, life, life.end[1], life.end[0], start=stays[-1][1], end=None)


def move(
    connection: psycopg.Connection, life: Life, kind: str, day: date, *, start: str | None, end: str | None
) -> None:
    put(
        connection, "membership_movement", person_id=key(life.name), movement_kind=kind, moved_on=day,
        from_organisation_code=start, from_organisation_id=key(start) if start else None,
        to_organisation_code=end, to_organisation_id=key(end) if end else None,
        transfer_type="CHINH_THUC" if kind == "CHUYEN_SINH_HOAT" else None, source_key=life.name,
        source=(start or end or "")[:2],
    )  # fmt: skip


THANH_HOA, NGHE_AN = cell_code("38", 1), cell_code("40", 1)
HAND = [
    Life("stays", date(1999, 2, 3), THANH_HOA, sex="F", ethnicity="06"),
    Life("admitted on the first day", date(2026, 1, 1), THANH_HOA, born=date(2000, 5, 5)),
    Life("admitted on the last day", date(2026, 6, 30), cell_code("38", 2), sex="F", born=date(1995, 5, 5)),
    Life("admitted a day late", date(2026, 7, 1), THANH_HOA),
    Life("died on the first day", date(1970, 5, 19), THANH_HOA, end=(date(2026, 1, 1), "TU_TRAN")),
    Life("died the day before", date(1970, 5, 19), THANH_HOA, end=(date(2025, 12, 31), "TU_TRAN")),
    Life("expelled", date(2001, 5, 19), THANH_HOA, end=(date(2026, 3, 1), "KHAI_TRU")),
    Life("struck off on probation", date(2025, 9, 2), THANH_HOA, end=(date(2026, 4, 1), "XOA_TEN")),
    Life("asked to leave", date(1990, 5, 19), cell_code("38", 2), end=(date(2026, 6, 30), "XIN_RA")),
    Life("came", date(2010, 5, 19), NGHE_AN, moves=[(date(2026, 2, 1), THANH_HOA)], occupation="15"),
    Life("went", date(2010, 5, 19), THANH_HOA, moves=[(date(2026, 2, 2), NGHE_AN)]),
    Life("moved inside", date(2010, 5, 19), THANH_HOA, moves=[(date(2026, 2, 3), cell_code("38", 2))], occupation=None),
    Life("moves next half", date(2010, 5, 19), THANH_HOA, moves=[(date(2026, 8, 1), NGHE_AN)], born=None),
]


def rate(connection: psycopg.Connection, of: str, level: str, kind: str = "DANG_VIEN", **values: Any) -> None:
    """A yearly classification of 2025 that source 38 sends: of a member, or of the party organisation of a code."""
    place = values.pop("place", THANH_HOA if kind == "DANG_VIEN" else of)
    who = {"person_id": key(of)} if kind == "DANG_VIEN" else {}
    known = {"year": 2025, "source": "38", "source_key": f"{of} {level}", "organisation_id": key(place)}
    put(
        connection, "evaluation", evaluation_id=key(f"{of} {level} {sorted(values)}"), subject_kind=kind, level=level,
        **(known | who | values),
    )  # fmt: skip
