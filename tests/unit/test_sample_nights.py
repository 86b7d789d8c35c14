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


def test_new_decisions_change_organisations_within_their_records(
    sample_folder: Path, later: tuple[Path, Changes]
) -> None:
    folder, changes = later
    before, after = (pl.read_parquet(f / "truth" / "said_organisation.parquet") for f in (sample_folder, folder))
    assert before.select("source", "source_key").equals(after.select("source", "source_key"))
    fields = {"NANG_CAP": {"organisation_type", "name"}, "HA_CAP": {"organisation_type", "name"},
              "CHUYEN_GIAO": {"parent_code"}, "DOI_TEN": {"name"}}  # fmt: skip
    events = pl.read_parquet(folder / "truth" / "organisation_event.parquet").filter(pl.col("side") == "THAY_DOI")
    assert {kind: len(rows) for (kind,), rows in events.group_by("event_kind")} == {
        kind: changes.rows[f"organisation {kind}"] for kind in fields
    }
    pairs = before.join(after, on=["source", "source_key"]).join(events, on=["source", "source_key"], how="left")
    for kind, changed in fields.items():
        rows = pairs.filter(pl.col("event_kind") == kind)
        for field in before.columns[2:]:
            same = rows.select(pl.col(field).eq_missing(pl.col(f"{field}_right"))).to_series()
            assert same.any() is not (field in changed | {"decision_no", "decision_date"}), (kind, field)
    untouched = pairs.filter(pl.col("event_kind").is_null())
    assert untouched.select(before.columns).equals(after.join(events, on=["source", "source_key"], how="anti"))
