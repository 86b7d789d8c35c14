"""Questions 7 to 12: each answer is held against the truth, counted in Polars."""

from __future__ import annotations

from datetime import date

import polars as pl
import psycopg
import pytest
from polars.testing import assert_frame_equal

from tests.integration.answers import TAKES_PART, same, with_total
from tests.integration.questions import AS_OF, accepted, answer, truth
from tests.integration.true_party import Party, coverage

pytestmark = pytest.mark.timeout(1200)


def test_8_small_large_and_missing_organisations(release_of_truth: psycopg.Connection, party: Party) -> None:
    """Sizes of cells and committees, communes without a cell, and the commune committees of four levels."""
    kind, members = pl.col("kind"), pl.col("members")
    units = coverage(party).group_by("province").agg(
        cells=(kind == "CHI_BO").sum(),
        cells_too_small=((kind == "CHI_BO") & (pl.col("official") < 3)).sum(),
        cells_too_large=((kind == "CHI_BO") & (members > 30)).sum(),
        committees_too_small=((kind == "DANG_BO_CO_SO") & (members < 30)).sum(),
        communes=(kind == "XA").sum(),
        communes_without_cell=((kind == "XA") & (pl.col("cells") == 0)).sum(),
    )  # fmt: skip
    old = (
        party.organisations.filter(pl.col("organisation_type") == "H1")
        .group_by("province")
        .agg(communes_not_converted=pl.len())
    )
    expected = units.join(old, on="province", how="left").rename({"province": "province_code"})
    same(answer(release_of_truth, 8), expected, ["province_code"])
    assert expected["cells_too_small"].sum() > 0
    assert 0 < expected["communes_not_converted"].null_count() < 34


def test_7_exempt_and_inactive(release_of_truth: psycopg.Connection, party: Party) -> None:
    """Members exempt from activity, and those who take part but were last seen more than three months ago."""
    takes_part = pl.col("status").is_in(TAKES_PART)
    inactive = takes_part & (pl.col("last_activity_date") < date(2026, 8, 22)).fill_null(False)
    expected = with_total(
        party.present(),
        "source",
        pl.len().alias("members"),
        (pl.col("status") == "MIEN_SH").sum().alias("exempt"),
        inactive.sum().alias("inactive"),
        (takes_part & pl.col("last_activity_date").is_null()).sum().alias("activity_unknown"),
        pl.col("cell").filter(inactive).n_unique().alias("cells_with_inactive"),
    )
    same(answer(release_of_truth, 7), expected, ["source"])
    assert min(expected.filter(pl.col("source").is_null()).drop("source").row(0)) > 0


def test_9_cards_and_identity_numbers(release_of_truth: psycopg.Connection, party: Party) -> None:
    """Official members with a card of twelve digits, and members whose number says their true sex and year of birth.

    In this world every number agrees; a unit test of the model has those that do not.
    """
    people = truth("person").select("person", "personal_id", "sex", "birth_date")
    members = party.present().drop("personal_id", "sex", "birth_date", strict=False).join(people, on="person")
    official, year = pl.col("status") != "DU_BI", pl.col("birth_date").dt.year()
    digits = pl.concat_str(
        pl.lit("099"),
        ((year // 100 - 19) * 2 + (pl.col("sex") == "F").cast(pl.Int32)).cast(pl.String),
        (year % 100).cast(pl.String).str.zfill(2),
    )
    agrees = pl.col("personal_id").str.starts_with(digits)
    new_cards = (official & pl.col("party_card_no").is_not_null()).sum()
    expected = with_total(
        members,
        "source",
        official.sum().alias("official_members"),
        new_cards.alias("new_cards"),
        pl.len().alias("members"),
        pl.col("personal_id").count().alias("ids_given"),
        agrees.sum().alias("ids_agreeing"),
        (100 * new_cards / official.sum()).round(1).alias("new_card_percent"),
        (100 * agrees.sum() / pl.len()).round(1).alias("id_agreeing_percent"),
    )
    same(answer(release_of_truth, 9), expected, ["source"])


def test_10_dossiers(release_of_truth: psycopg.Connection, party: Party) -> None:
    """Kinds of documents digitised by priority, of the members of bodies that report them."""
    parts = [
        with_total(
            party.present(),
            "source",
            pl.len().alias("members"),
            pl.col(f"dossier_documents_{priority}").count().alias("dossier_members"),
            pl.col(f"dossier_documents_{priority}").sum().alias("documents"),
            (pl.col(f"dossier_documents_{priority}").count() * kinds).alias("documents_needed"),
            (pl.col(f"dossier_documents_{priority}") == kinds).sum().alias("dossiers_whole"),
        ).with_columns(priority=pl.lit(priority))
        for priority, kinds in ((1, 36), (2, 49), (3, 19))
    ]
    expected = pl.concat(parts)
    found = answer(release_of_truth, 10)
    same(found, expected, ["source", "priority"])
    assert found.filter(pl.col("dossier_members") == 0)["documents_percent"].null_count() > 0
    shares = found.drop_nulls("documents_percent")
    assert_frame_equal(
        shares.select("documents_percent"),
        shares.select((100 * pl.col("documents") / pl.col("documents_needed")).round(1).alias("documents_percent")),
        abs_tol=0.1001,  # a half is rounded up in SQL and to even here
    )


def test_11_how_evaluations_are_spread(release_of_truth: psycopg.Connection) -> None:
    """Verdicts by agency and period: more than 20 % of the good excellent, nobody weak, all alike, changes of level."""
    verdicts = (
        accepted(release_of_truth, "evaluation")
        .filter((pl.col("subject_kind") == "CA_NHAN") & pl.col("period_type").is_in(["NAM", "QUY"]))
        .with_columns(
            rank=pl.col("level").replace_strict(
                {"KHTNV": 0, "HTNV": 1, "HTTNV": 2, "HTXSNV": 3}, return_dtype=pl.Int64
            ),
            quarter=pl.col("period").str.extract(r"-Q(\d)").cast(pl.Int64),
        )
    )
    before = verdicts.drop_nulls("quarter").select(
        "person", "agency_code", quarter=pl.col("quarter") + 1, rank_before="rank"
    )
    step = pl.col("rank") - pl.col("rank_before")
    units = (
        verdicts.join(before, on=["person", "agency_code", "quarter"], how="left")
        .group_by("period", "source", "agency_code")
        .agg(
            rated=pl.len(),
            excellent=(pl.col("level") == "HTXSNV").sum(),
            good=(pl.col("level") == "HTTNV").sum(),
            fair=(pl.col("level") == "HTNV").sum(),
            weak=(pl.col("level") == "KHTNV").sum(),
            compared=step.count(),
            raised=(step > 0).sum(),
            lowered=(step < 0).sum(),
            jumped=(step.abs() > 1).sum(),
        )
        .with_columns(over=(pl.col("excellent").cast(pl.Int64) - pl.col("good") // 5).clip(0))
    )
    most = pl.max_horizontal("excellent", "good", "fair", "weak")
    several = pl.col("rated") >= 5
    figures = [
        pl.len().alias("units"),
        pl.col("rated", "excellent", "good", "fair", "weak", "compared", "raised", "lowered", "jumped").sum(),
        (pl.col("over") > 0).sum().alias("units_over_cap"),
        pl.col("over").sum().alias("excellent_over_cap"),
        (several & (pl.col("weak") == 0)).sum().alias("units_without_weak"),
        (several & ((100 * most / pl.col("rated")).round(1) >= 90)).sum().alias("units_flat"),
    ]
    expected = pl.concat(
        [units.group_by("period").agg(*figures), units.group_by("period", "source").agg(*figures)], how="diagonal"
    )
    same(answer(release_of_truth, 11), expected, ["period", "source"])
    assert (
        min(expected.filter(pl.col("source").is_null()).select(pl.col("units_flat", "units_over_cap").sum()).row(0)) > 0
    )


def test_12_retirement_by_post(release_of_truth: psycopg.Connection) -> None:
    """Serving cadres by the post they hold: retirements to come, posts nobody follows in, ages for whole terms.

    Who is planned for a term that is over, or retires no later, follows nobody. Not counted are the armed forces, who
    retire by laws of their own.
    """
    posts = (
        accepted(release_of_truth, "position_assignment")
        .filter(pl.col("started_on") <= AS_OF, pl.col("ended_on").is_null() | (pl.col("ended_on") > AS_OF))
        .sort("is_primary", "is_head", "started_on", descending=True, nulls_last=True)
        .unique("person", keep="first", maintain_order=True)
        .select("person", "position_title", "organisation_code", post_agency="agency_code")
    )
    planned = (
        accepted(release_of_truth, "planning")
        .filter(pl.col("status") == "VAO", pl.col("term").str.slice(5).cast(pl.Int64) >= AS_OF.year)
        .select(
            pl.col("agency_code").alias("post_agency"),
            pl.col("target_position").str.to_lowercase().alias("title"),
            pl.col("person").alias("planned"),
        )
    )
    leaving = accepted(release_of_truth, "cadre").filter(pl.col("category") != "LLVT").group_by("person").agg(
        leaves_on=pl.col("retires_on").max()
    )  # fmt: skip
    cadres = (
        accepted(release_of_truth, "cadre")
        .filter(pl.col("category") != "LLVT", pl.col("ended_on").is_null() | (pl.col("ended_on") > AS_OF))
        .join(posts, on="person", how="left")
        .with_columns(title=pl.col("position_title").str.to_lowercase())
    )
    retires = pl.col("retires_on")
    succeeded = (
        cadres.filter(pl.col("organisation_code").is_null())
        .join(planned, on=["post_agency", "title"])
        .join(leaving.rename({"person": "planned"}), on="planned", how="left")
        .filter(pl.col("planned") != pl.col("person"), pl.col("leaves_on").is_null() | (pl.col("leaves_on") > retires))
        .get_column("person")
        .unique()
    )
    soon = retires <= date(2031, 11, 22)
    has_none = pl.col("position_title").is_not_null() & ~pl.col("person").is_in(succeeded.implode())
    expected = (
        cadres.with_columns(pl.col("position_title").fill_null("Không giữ chức vụ"))
        .with_columns(without=soon & has_none & (pl.col("position_title") != "Không giữ chức vụ"))
        .group_by("position_title")
        .agg(
            holders=pl.len(),
            retiring_12_months=(retires <= date(2027, 11, 22)).sum(),
            retiring_24_months=(retires <= date(2028, 11, 22)).sum(),
            retiring_60_months=soon.sum(),
            without_successor=pl.col("without").sum(),
            full_term=(retires >= date(2030, 6, 30)).sum(),
            full_next_term=(retires >= date(2035, 6, 30)).sum(),
            full_next_term_percent=(100 * (retires >= date(2035, 6, 30)).sum() / pl.len()).round(1),
        )
    )
    same(answer(release_of_truth, 12), expected, ["position_title"])
    assert (
        0
        < expected["without_successor"].sum()
        < expected.filter(pl.col("position_title") != "Không giữ chức vụ")["retiring_60_months"].sum()
    )
