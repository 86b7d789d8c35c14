"""Progress is a bar on a terminal and plain lines anywhere else."""

from __future__ import annotations

import io

import pytest

from orchestration.progress import Silent, progress, shown


def test_plain_lines_name_stages_and_what_went_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    with shown(io.StringIO()):
        progress().stage("Tiếp nhận dữ liệu nguồn", 160)
        progress().step("38 member")
        progress().step("40 cadre: tệp trống", good=False)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split("s  ", 1)[1] for line in lines] == ["Tiếp nhận dữ liệu nguồn (160)", "  ✗ 40 cadre: tệp trống"]
    assert isinstance(progress(), Silent)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar_and_keeps_what_went_wrong() -> None:
    screen = Terminal()
    with shown(screen):
        progress().stage("Khởi động")
        progress().stage("Tiếp nhận", 2)
        progress().step("38 member")
        progress().step("40 cadre: tệp trống", good=False)
    assert "Tiếp nhận" in screen.getvalue()
    assert "40 cadre: tệp trống" in screen.getvalue()
