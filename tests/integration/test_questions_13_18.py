"""Questions 13 to 18, of cadres, planning and staffing: every figure computed again from the truth, in Polars."""

from __future__ import annotations

from datetime import date

import polars as pl
import psycopg
import pytest

from tests.integration.cadre_terms import STANDARDS_SINCE, chains, groups, terms
from tests.integration.cadre_truth import (
    MINORITY,
    NOT_HELD,
    YEAR,
    below_standard,
    managed,
    minority_told,
    of_cadres,
    offices,
    percent,
    posts,
    retirements,
    rule,
    same,
    total,
)
from tests.integration.questions import AS_OF, accepted, answer, truth

pytestmark = pytest.mark.timeout(900)


def test_13_terms_that_end_and_heads_beyond_two(release_of_truth: psycopg.Connection) -> None:
    """Accepted assignments, walked through person by person; the release has all of them or names what it held."""
    counted = posts(release_of_truth).filter(~pl.col("assignment_kind").is_in([*NOT_HELD, "BIET_PHAI", "KIEM_NHIEM"]))
    alert = pl.col("planned_end_on").dt.offset_by(f"-{rule('APPOINTMENT_TERM', 'ALERT_MONTHS')}mo")
    ordered = counted.with_columns(alert_on=alert).sort("person", "place", "title", "started_on")
    figures: dict[str, list[int]] = {}
    for rows in groups(ordered, "person", "place", "title"):
        for chain in chains(rows):
            for post in (p for p in chain if p["is_current"]):
                head, served, ends = bool(post["is_head"]), terms(chain), post["planned_end_on"]
                found = (
                    ends <= AS_OF,
                    post["alert_on"] <= AS_OF < ends,
                    head and served == rule("CONSECUTIVE_TERMS", "MAX"),
                    head and served > rule("CONSECUTIVE_TERMS", "MAX"),
                )
                before = figures.get(post["source"], [0] * len(found))
                figures[post["source"]] = [n + int(f) for n, f in zip(before, found, strict=True)]
    assert answer(release_of_truth, 13).rows() == sorted((source, *counts) for source, counts in figures.items())
    _, expiring, second, beyond = (sum(column) for column in zip(*figures.values(), strict=True))
    assert min(expiring, second, beyond) > 0


def test_14_planning_coverage_and_profile(release_of_truth: psycopg.Connection) -> None:
    """Positions of accepted posts and plans; sex, age and people of those planned as they truly are."""
    planned = (
        of_cadres(release_of_truth, "planning")
        .filter((pl.col("status") == "VAO") & (pl.col("term").str.slice(5).cast(pl.Int64) >= YEAR))
        .with_columns(place=pl.col("agency_code"), title=pl.col("target_position").str.to_lowercase())
        .join(offices(release_of_truth), on="agency_code")
        .unique(["place", "title", "person"])
    )
    columns = ["place", "title", "agency_level"]
    held_now = managed(release_of_truth).filter(pl.col("place").is_not_null())
    positions = (
        pl.concat([held_now.select(columns), planned.select(columns)])
        .unique()
        .join(planned.group_by("place", "title").len("candidates"), on=["place", "title"], how="left")
        .with_columns(pl.col("candidates").fill_null(0))
    )
    many = pl.len().over("person", "agency_level") > rule("PLANNING_LIMIT", "POSITIONS_PER_PERSON")
    persons = (
        planned.with_columns(many=many)
        .group_by("agency_level", "person")
        .agg(pl.col("many").any())
        .join(truth("person").select("person", "sex", "birth_date", minority=MINORITY), on="person")
    )
    youngest = AS_OF.replace(year=YEAR - rule("LEADER_TARGET", "YOUNG_MAX_YEARS"))
    rows = []
    for level in sorted(positions["agency_level"].unique()):
        here, who = (frame.filter(pl.col("agency_level") == level) for frame in (positions, persons))
        women, young = total(who["sex"] == "F"), total(who["birth_date"] > youngest)
        rows.append(
            {
                "agency_level": level,
                "positions": len(here),
                "positions_below_minimum": total(
                    here["candidates"] < rule("PLANNING_LIMIT", "MIN_PEOPLE_PER_POSITION")
                ),
                "positions_above_maximum": total(here["candidates"] > rule("PLANNING_LIMIT", "PEOPLE_PER_POSITION")),
                "candidates": len(who),
                "overplanned": total(who["many"]),
                "women": women,
                "young": young,
                "minority": minority_told(who, planned, ["agency_level"], [level]),
                "women_percent": percent(women, len(who)),
                "women_target_percent": float(rule("LEADER_TARGET", "WOMEN_PERCENT")),
                "is_below_women_target": percent(women, len(who)) < rule("LEADER_TARGET", "WOMEN_PERCENT"),
                "young_percent": percent(young, len(who)),
                "young_target_percent": float(rule("LEADER_TARGET", "YOUNG_PERCENT")),
                "is_below_young_target": percent(young, len(who)) < rule("LEADER_TARGET", "YOUNG_PERCENT"),
            }
        )
    assert answer(release_of_truth, 14).rows(named=True) == rows
    assert sum(row["positions"] - row["positions_below_minimum"] for row in rows) > 0


def test_15_rotations(release_of_truth: psycopg.Connection) -> None:
    """The post before and the posts after each rotation, found person by person in the accepted assignments."""
    found: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for rows in groups(posts(release_of_truth).sort("person", "started_on"), "person"):
        for post in (r for r in rows if r["assignment_kind"] in ("LUAN_CHUYEN", "DIEU_DONG", "BIET_PHAI")):
            before = [r for r in rows if r["started_on"] < post["started_on"] and r["office"]]
            after = [r for r in rows if post["started_on"] < r["started_on"] <= AS_OF]
            flow, state = "KHONG_RO", "DANG_THUC_HIEN" if post["is_current"] else "DA_KET_THUC"
            if post["is_current"] and post["planned_end_on"] <= AS_OF:
                state = "QUA_HAN"
            if before and post["office"]:
                origin, here = before[-1]["agency_code"], post["agency_code"]
                levels = f"{before[-1]['agency_level']}_{post['agency_level']}"
                flow = levels if origin != here else "CUNG_CO_QUAN"
                if origin != here and any(r["agency_code"] == origin for r in after):
                    state = "DA_TRO_VE"
            days = (min(post["ended_on"] or AS_OF, AS_OF) - post["started_on"]).days
            found.setdefault((post["assignment_kind"], flow), []).append((state, days))
    expected = [
        (
            *key,
            len(rotations),
            *(sum(state == s for state, _ in rotations) for s in ("DANG_THUC_HIEN", "QUA_HAN", "DA_TRO_VE")),
            int(sum(days for _, days in rotations) / len(rotations) * 10 + 0.5) / 10,
        )
        for key, rotations in sorted(found.items())
    ]
    assert answer(release_of_truth, 15).rows() == expected
    assert {flow for _, flow in found} >= {"CUNG_CO_QUAN", "KHONG_RO", "TINH_XA", "XA_TINH"}


def test_16_standards_not_met_by_position(release_of_truth: psycopg.Connection) -> None:
    """What accepted cadres have, as far as their source keeps it, against the seed of standards."""
    columns = {
        "below_degree": below_standard("c_degree", "DEGREE"),
        "below_political_theory": below_standard("c_theory", "LLCT"),
        "below_state_management": below_standard("c_state", "QLNN"),
    }
    expected = (
        managed(release_of_truth)
        .filter(pl.col("started_on") >= STANDARDS_SINCE)
        .with_columns(**columns)
        .filter(pl.any_horizontal(*columns))
        .group_by("position_title")
        .agg(pl.col(*columns).sum().cast(pl.Int64), posts=pl.len().cast(pl.Int64))
    )
    same(answer(release_of_truth, 16), expected)
    assert expected.select(pl.col(*columns).sum()).row(0) > (0, 0, 0)


def test_16_years_without_a_rating_before_an_appointment(release_of_truth: psycopg.Connection) -> None:
    """Accepted appointments, and the accepted yearly ratings of the years before that the cadre served whole."""
    ratings = of_cadres(release_of_truth, "evaluation").filter(
        pl.col("period_type") == "NAM", pl.col("subject_kind") == "CA_NHAN"
    )
    rated = set(ratings.select("person", pl.col("period").cast(pl.Int64)).iter_rows())
    since = dict(ratings.group_by("source").agg(pl.col("period").cast(pl.Int64).min()).iter_rows())
    began = accepted(release_of_truth, "cadre").select("source", cadre_key="source_key", began="started_on")
    appointed = (
        managed(release_of_truth)
        .filter(pl.col("assignment_kind").is_in(["BO_NHIEM", "BO_NHIEM_LAI"]), pl.col("started_on") >= STANDARDS_SINCE)
        .join(began, on=["source", "cadre_key"])
    )
    expected = []
    for post in appointed.rows(named=True):
        last = (post["decision_date"] or post["started_on"]).year
        years = rule("RATING_REQUIRED", post["assignment_kind"])
        asked = [
            year
            for year in range(last - years, last)
            if year >= since.get(post["source"], last) and post["began"] and post["began"] <= date(year, 1, 1)
        ]
        known = [year for year in asked if (post["person"], year) in rated]
        if known != asked:
            expected.append((post["source"], post["source_key"], str(asked), str(known)))
    found = release_of_truth.execute(
        """
        select
            post.source, post.source_key, '[' || finding.required_value || ']',
            '[' || coalesce(finding.actual_value, '') || ']'
        from published.appointment_check as finding
        inner join published.position_assignment as post on finding.assignment_id = post.assignment_id
        where finding.check_code = 'THIEU_XEP_LOAI'
        """
    ).fetchall()
    assert sorted(found) == sorted(expected)
    assert 0 < len(found) < len(appointed)


def test_17_staffing_now_and_when_who_retires_is_not_replaced(release_of_truth: psycopg.Connection) -> None:
    """Accepted decisions and counts (two deliveries are refused); retirements from true births."""
    keys = ["agency_code", "category"]
    assigned = (
        accepted(release_of_truth, "staffing_quota")
        .filter(pl.col("allocation_scope").ne_missing("TONG"))
        .sort("decision_date")
        .group_by(*keys, "year", maintain_order=True)
        .agg(pl.col("assigned", "reserve").last())
    )
    present = (
        accepted(release_of_truth, "headcount")
        .filter(pl.col("counted_on").dt.year() == YEAR)
        .sort("counted_on")
        .group_by(keys, maintain_order=True)
        .agg(pl.col("present", "counted_on").last())
    )
    this_year = assigned.filter(pl.col("year") == YEAR).drop("year")
    base = this_year.join(present, on=keys, how="full", coalesce=True).join(offices(release_of_truth), on="agency_code")
    retiring = base.select(*keys, "counted_on").join(retirements(release_of_truth), on=keys)
    since = pl.col("counted_on").fill_null(date(YEAR - 1, 12, 31))
    difference = pl.col("present") - pl.col("retiring") - pl.col("assigned")
    expected = []
    for year in range(YEAR, YEAR + rule("RETIREMENT_HORIZON", "YEARS") + 1):
        gone = retiring.filter((pl.col("retires_on") > since) & (pl.col("retires_on") < date(year + 1, 1, 1)))
        later = assigned.filter(pl.col("year") == year).select(*keys, given="assigned")
        expected.append(
            base.join(gone.group_by(keys).agg(retiring=pl.len().cast(pl.Int64)), on=keys, how="left")
            .join(later, on=keys, how="left")
            .with_columns(pl.col("retiring").fill_null(0), assigned=pl.coalesce("given", "assigned"))
            .with_columns(difference=difference)
            .group_by("category")
            .agg(
                pl.lit(year, dtype=pl.Int64).alias("forecast_year"),
                # as SQL adds: nothing from nothing
                *(
                    pl.when(pl.col(c).is_not_null().any()).then(pl.col(c).sum()).cast(pl.Int64).alias(c)
                    for c in ("assigned", "reserve", "present", "retiring", "difference")
                ),
                units_over=(pl.col("difference") > 0).sum().cast(pl.Int64),
                units_under=(pl.col("difference") < 0).sum().cast(pl.Int64),
            )
        )
    same(answer(release_of_truth, 17), pl.concat(expected))
    assert total(expected[-1]["retiring"]) > total(expected[0]["retiring"]) > 0


def test_17_what_was_handed_on_of_the_totals(release_of_truth: psycopg.Connection) -> None:
    """Accepted rows of bodies that send their total; where more was handed on is what the generator meant.

    Posts of agencies are counted once: no balance has a total in it.
    """
    quotas, keys = accepted(release_of_truth, "staffing_quota"), ["source", "year", "category"]
    totals = quotas.filter(pl.col("allocation_scope") == "TONG")
    posts_given = quotas.filter(pl.col("allocation_scope").ne_missing("TONG"))
    handed_on = posts_given.group_by(keys).agg(
        children=pl.len().cast(pl.Int64), children_assigned=pl.col("assigned").sum()
    )
    state = (
        pl.when("is_exceeded")
        .then(pl.lit("VUOT"))
        .when(pl.col("assigned") == pl.col("children_assigned"))
        .then(pl.lit("DU"))
        .otherwise(pl.lit("CON"))
    )
    columns = [*keys, "decision_no", "assigned", "children", "children_assigned", "allocation_state"]
    rows = release_of_truth.execute(f"select {', '.join(columns)} from published.staffing_allocation").fetchall()  # type: ignore[call-overload]
    expected = totals.join(handed_on, on=keys).with_columns(allocation_state=state).select(columns)
    same(pl.DataFrame(rows, schema=columns, orient="row", infer_schema_length=None), expected)
    assert set(expected["allocation_state"]) == {"VUOT", "DU", "CON"}
    assigned = release_of_truth.execute("select sum(assigned)::integer from published.staffing_balance").fetchone()
    assert assigned == (total(posts_given["assigned"]),)


def test_18_deputies_against_the_cap(release_of_truth: psycopg.Connection) -> None:
    """Departments of provinces: deputies as agencies report them, else as their accepted posts say.

    Nobody is above the cap in the sample; that side stands in the unit test of deputy_balance.
    """
    titled = (
        posts(release_of_truth)
        .filter(pl.col("is_current") & pl.col("title").str.starts_with("phó ") & ~pl.col("is_head").fill_null(False))
        .group_by("agency_code")
        .agg(titled=pl.col("person").n_unique())
    )
    departments = accepted(release_of_truth, "agency").filter(
        (pl.col("agency_level") == "TINH") & (pl.col("agency_type") == "NHA_NUOC")
    )
    cap = rule("DEPUTY_CAP", "PROVINCE_DEPARTMENT_AVG")
    expected = (
        departments.join(titled, on="agency_code", how="left")
        .group_by(province_code="source")
        .agg(
            # no commune of the sample has offices beside its committee, to which the cap does not apply
            cap_parameter=pl.lit("PROVINCE_DEPARTMENT_AVG"),
            agencies=pl.len().cast(pl.Int64),
            deputies=pl.coalesce("deputy_count", "titled", 0).sum().cast(pl.Int64),
            deputy_cap=(pl.len() * cap).cast(pl.Int64),
        )
        .with_columns(surplus=(pl.col("deputies") - pl.col("deputy_cap")).clip(0))
    )
    same(answer(release_of_truth, 18), expected)
    assert total(expected["deputies"]) > 0
