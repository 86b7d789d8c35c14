"""Later nights of the sample world: little changes, keys stay, changes are marked."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from sources.sample.nights import Changes, advance
from sources.sample.styles import registered


@pytest.fixture(scope="module")
def later(sample_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Changes]:
    folder = tmp_path_factory.mktemp("later")
    shutil.copytree(sample_folder, folder, dirs_exist_ok=True)
    return folder, advance(folder, days=1, share=0.03, seed=5)


def _members(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / "truth" / "said_member.parquet")


def test_the_day_moves_on(later: tuple[Path, Changes]) -> None:
    folder, changes = later
    assert changes.as_of == "2026-11-23"
    assert json.loads((folder / "summary.json").read_text())["as_of"] == "2026-11-23"
    assert set(changes.rows) >= {"corrected", "moved", "left", "closed", "admitted"}
    assert all(count > 0 for count in changes.rows.values())


def test_most_rows_stay_as_they_were(sample_folder: Path, later: tuple[Path, Changes]) -> None:
    before, after = _members(sample_folder), _members(later[0])
    same = before.join(after, on=before.columns, how="semi", nulls_equal=True)
    assert len(same) / len(before) > 0.95
    assert len(after) > len(before)


def test_changed_rows_carry_the_moment(sample_folder: Path, later: tuple[Path, Changes]) -> None:
    before, after = _members(sample_folder), _members(later[0])
    changed = after.join(before, on=before.columns, how="anti", nulls_equal=True)
    assert changed["updated_on"].str.starts_with("2026-11-23T").all()
    earlier = before["updated_on"].max()
    assert isinstance(earlier, str)
    assert earlier < "2026-11-23T"


def test_closed_rows_leave_snapshots_and_become_tombstones_in_deltas(later: tuple[Path, Changes]) -> None:
    folder, _ = later
    expected = pl.read_parquet(folder / "truth" / "expected.parquet").filter(pl.col("record") == "member")
    rows = dict(expected.select("source", "rows").iter_rows())
    members = _members(folder)
    for code, source in registered().items():
        own = members.filter(pl.col("source") == code)
        kept = len(own) if source.records["member"].mode == "delta" else len(own.filter(~pl.col("gone")))
        assert rows[code] - kept in (0, 1), code  # one more where the heading is repeated as a row


def test_truth_follows(later: tuple[Path, Changes]) -> None:
    folder, _ = later
    who = pl.read_parquet(folder / "truth" / "record.parquet").filter(pl.col("record") == "member")
    known = _members(folder).filter(~pl.col("gone")).join(who, on=["source", "source_key"], how="anti")
    assert known.is_empty()
