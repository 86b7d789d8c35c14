"""The troubles of the sample world: how frequent they are is counted in the deliveries against the truth.

That each fault of the catalogue is somewhere at all, and where deliveries are to be refused, is read from the
generator's own list; for a few faults that show in the text itself, list and deliveries are compared.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

import polars as pl
import pytest

from sources.sample.writers.shaping import FORBIDDEN

FAULTS = [f"DQ{n:02d}" for n in range(1, 23)]


@pytest.fixture(scope="module")
def members(sample_folder: Path) -> pl.DataFrame:
    """Member rows as delivered (`said_…` are theirs) beside the person they truly are."""
    return _beside_truth(sample_folder, "member")


def _beside_truth(folder: Path, record: str) -> pl.DataFrame:
    frame = pl.read_parquet(folder / "truth" / f"said_{record}.parquet").filter(~pl.col("gone"))
    who = pl.read_parquet(folder / "truth" / "record.parquet").filter(pl.col("record") == record).drop("record")
    unique = who.unique(["source", "source_key"], keep="none")
    person = (
        pl.read_parquet(folder / "truth" / "person.parquet")
        .drop("source")
        .rename(lambda c: f"true_{c}" if c != "true_person_id" else c)
    )
    return frame.join(unique, on=["source", "source_key"]).join(person, on="true_person_id")


def _share(frame: pl.DataFrame, condition: pl.Expr) -> float:
    return float(frame.select(condition.fill_null(False).mean()).item())


def _usable_id() -> pl.Expr:
    digits = pl.col("personal_id").str.replace_all(r"[^0-9.]", "").str.replace(r"\.0$", "").str.zfill(12)
    return digits.str.contains(r"^099\d{9}$")


def test_personal_ids(members: pl.DataFrame) -> None:
    assert _share(members, ~_usable_id().fill_null(False)) >= 0.08
    digits = pl.col("personal_id").str.replace_all(r"[^0-9.]", "").str.replace(r"\.0$", "").str.zfill(12)
    assert _share(members, _usable_id() & (digits != pl.col("true_personal_id"))) >= 0.01


def test_births(members: pl.DataFrame) -> None:
    text = pl.col("birth_date")
    assert _share(members, text.str.contains(r"^\d{4}$")) >= 0.03
    true = pl.col("true_birth_date")
    forms = [
        true.dt.strftime(f) for f in ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%-d/%-m/%Y", "%Y-%m-%dT00:00:00")
    ]
    right = pl.any_horizontal(text == form for form in forms)
    assert _share(members, ~right & ~text.str.contains(r"^\d{4}$")) >= 0.02


def test_names(members: pl.DataFrame) -> None:
    assert _share(members, pl.col("full_name") != pl.col("true_full_name")) >= 0.165

    def skeleton(name: str) -> str:
        plain = unicodedata.normalize("NFD", name.replace("Ð", "Đ").casefold())
        return "".join(sorted(c for c in plain if c.isalnum()))

    same = members.filter(pl.col("full_name") != pl.col("true_full_name"))
    variants = [skeleton(a) == skeleton(b) for a, b in same.select("full_name", "true_full_name").iter_rows()]
    assert sum(variants) / len(members) >= 0.10
    assert (len(variants) - sum(variants)) / len(members) >= 0.015


def test_namesakes_born_on_the_same_day(sample_folder: Path) -> None:
    person = pl.read_parquet(sample_folder / "truth" / "person.parquet")
    shared = person.group_by("full_name", "birth_date").len().filter(pl.col("len") > 1)["len"].sum()
    assert shared / len(person) >= 0.003


def test_persons_in_several_lists(sample_folder: Path) -> None:
    who = pl.read_parquet(sample_folder / "truth" / "record.parquet")
    member, cadre = who.filter(pl.col("record") == "member"), who.filter(pl.col("record") == "cadre")
    both = cadre.filter(pl.col("true_person_id").is_in(member["true_person_id"].implode()))
    assert len(both) / len(cadre) >= 0.35
    two = member.group_by("true_person_id").agg(pl.col("source").n_unique())
    assert _share(two, pl.col("source") > 1) >= 0.02
    states = pl.read_parquet(sample_folder / "truth" / "said_membership_transfer.parquet")["state"]
    assert {"GIOI_THIEU", "DA_TIEP_NHAN", "QUA_HAN"} <= set(states)


def test_ids_shared_and_keys_reused(sample_folder: Path, members: pl.DataFrame) -> None:
    who = pl.read_parquet(sample_folder / "truth" / "record.parquet").filter(pl.col("record") == "member")
    reused = (
        who.group_by("source", "source_key")
        .agg(pl.col("true_person_id").n_unique())
        .filter(pl.col("true_person_id") > 1)
    )
    assert len(reused) / len(who) >= 0.0002
    given = members.filter(_usable_id()).group_by("personal_id").agg(pl.col("true_person_id").n_unique())
    assert given.filter(pl.col("true_person_id") > 1)["true_person_id"].sum() / len(members) >= 0.0005


def test_former_units(members: pl.DataFrame) -> None:
    assert _share(members, pl.col("hometown_code") != pl.col("true_hometown_code")) >= 0.20


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_of_the_catalogue_is_in_two_sources(sample_folder: Path, fault: str) -> None:
    faults = pl.read_parquet(sample_folder / "truth" / "fault.parquet")
    assert faults.filter(pl.col("fault") == fault)["source"].n_unique() >= 2


@pytest.mark.parametrize(
    ("fault", "field", "sign"),
    [
        ("DQ02", "birth_date", r"^(\d{1,2}/)?\d{4}$"),
        ("DQ04", "full_name", r"Ð|\p{M}"),
        ("DQ05", "personal_id", r"^\d{11}(\.0)?$|^'|\d \d"),
    ],
)
def test_what_the_list_says_stands_in_the_deliveries(sample_folder: Path, fault: str, field: str, sign: str) -> None:
    listed = (
        pl.read_parquet(sample_folder / "truth" / "fault.parquet")
        .filter((pl.col("fault") == fault) & (pl.col("record") == "member") & (pl.col("field") == field))
        .select("source", "source_key")
        .unique()
    )
    delivered = (
        pl.read_parquet(sample_folder / "truth" / "said_member.parquet")
        .unique(["source", "source_key"], keep="none")  # a key of two persons stands in the list once
        .with_columns(shown=pl.col(field).fill_null("").str.contains(sign))
    )
    there = delivered.join(listed, on=["source", "source_key"])
    assert len(there) >= 50
    assert there["shown"].all()
    assert delivered.filter("shown")["source"].n_unique() >= 2


def test_forbidden_items_are_sent_and_known(sample_folder: Path) -> None:
    faults = pl.read_parquet(sample_folder / "truth" / "fault.parquet").filter(pl.col("fault") == "forbidden columns")
    assert faults["source"].n_unique() >= 3
    header = (
        (sample_folder / "sources" / "24" / "files" / "dang_vien.csv").read_bytes().split(b"\r\n", 1)[0].decode("ascii")
    )
    assert {name.split("|")[0] for name in FORBIDDEN["member"]} <= set(header.split(";"))


def test_few_deliveries_are_to_be_refused(sample_folder: Path) -> None:
    faults = pl.read_parquet(sample_folder / "truth" / "fault.parquet").filter(pl.col("fault") == "refused delivery")
    assert set(faults.select("source", "record").iter_rows()) == {("46", "headcount"), ("T3", "staffing_quota")}
