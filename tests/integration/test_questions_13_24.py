"""Questions 13 to 24 of docs/questions.md: every figure computed again from the truth, in Polars, and found equal.

The release is of a world without faults in its values (see `questions`). A figure is compared with the truth of the
records that the release accepted: what a gate refused or held is left out by its key (`accepted`), never tolerated, and
a field that a source does not send is empty there too. Rules are read from the seed of dated rules; their arithmetic
is written again here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import polars as pl
import psycopg
import pytest

from sources.sample.styles import registered, tagged
from tests.integration.cadre_truth import (
    KEYS,
    MINORITY,
    NOT_HELD,
    YEAR,
    below_standard,
    contradictions,
    filled_percent,
    is_small,
    managed,
    minority_told,
    of_cadres,
    of_subjects,
    offices,
    percent,
    posts,
    provinces_of_agencies,
    provinces_of_organisations,
    retirements,
    rule,
    rules,
    same,
    total,
)
from tests.integration.questions import AS_OF, BOTH_MAPS, accepted, answer, held, truth
from tests.integration.true_party import true_party

pytestmark = pytest.mark.timeout(900)
Row = dict[str, Any]
#: Standards count for acts since then.
STANDARDS_SINCE = date(2018, 1, 1)
#: Forms of discipline that end by themselves and bar from appointments for a time.
MILD = ("KHIEN_TRACH", "CANH_CAO", "CACH_CHUC")
#: Deliveries of the sample world that a gate refuses whole.
REFUSED = [("46", "headcount"), ("T3", "staffing_quota")]


def groups(frame: pl.DataFrame, *keys: str) -> Iterator[list[Row]]:
    """Rows of a frame that is sorted by `keys`, group by group."""
    for _, rows in itertools.groupby(frame.rows(named=True), key=lambda row: [row[k] for k in keys]):
        yield list(rows)


def chains(rows: list[Row]) -> Iterator[list[Row]]:
    """Assignments of one person to one post, cut where the gap between two is longer than the rule allows."""
    chain: list[Row] = []
    until = date.min
    for post in rows:
        ends = min(post["planned_end_on"], post["ended_on"] or date.max)
        if chain and post["started_on"] > until + timedelta(days=rule("CONSECUTIVE_TERMS", "GAP_DAYS")):
            yield chain
            chain, until = [], date.min
        chain.append(post)
        until = max(until, ends)
    yield chain


def terms(chain: list[Row]) -> int:
    """Terms served in a row: appointments that decided, or what fits into the time where some were not reported."""
    deciding = ("BO_NHIEM", "BO_NHIEM_LAI", "BAU", "CHI_DINH")
    decided = {r["started_on"] for r in chain if r["assignment_kind"] in deciding}
    first, last = min(r["started_on"] for r in chain), max(r["planned_end_on"] for r in chain)
    months = (last.year - first.year) * 12 + last.month - first.month - (last.day < first.day)
    return max(len(decided), 1, int(months / rule("APPOINTMENT_TERM", "MONTHS") + 0.5))


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


def test_19_discipline_in_figures_only(release_of_truth: psycopg.Connection) -> None:
    """Decisions by kind of subject; figures below the smallest publishable one are withheld, nobody is named."""
    bar = pl.col("form").replace_strict({form: f"{rule('DISCIPLINE_BAR', f'{form}_MONTHS')}mo" for form in MILD})
    ending = {form: f"{rule('DISCIPLINE_END', f'DANG_{form}_MONTHS')}mo" for form in MILD}
    months = pl.when(pl.col("discipline_kind") == "DANG").then(pl.col("form").replace_strict(ending, default=None))
    ends = pl.coalesce("effective_to", pl.col("effective_from").dt.offset_by(months), date.max)
    decided = pl.col("decision_date")
    decisions = of_subjects(release_of_truth, "discipline").with_columns(
        in_force=(pl.col("effective_from") <= AS_OF) & (ends > AS_OF),
        # the bar is a rule since 2021-07-30
        barred=decided.is_between(date(2021, 7, 30), AS_OF) & (decided.dt.offset_by(bar) > AS_OF),
    )

    def figures(frame: pl.DataFrame) -> tuple[int, int, int]:
        return len(frame), total(frame["in_force"]), frame.filter("barred")["person"].drop_nulls().n_unique()

    expected = []
    of_kinds = decisions.group_by("subject_kind", "discipline_kind", "form")
    for (subject, kind, form), group in sorted(of_kinds, key=lambda pair: pair[0]):
        by_source = [figures(part) for _, part in group.group_by("source")]
        told = [
            None if is_small(count) or sum(is_small(of_source[n]) for of_source in by_source) == 1 else count
            for n, count in enumerate(figures(group))
        ]
        expected.append((subject, kind, form, *told, None in told))
    assert answer(release_of_truth, 19).rows() == expected
    assert {row[0] for row in expected} == {"CA_NHAN", "DANG_VIEN", "TAP_THE"}
    assert {row[6] for row in expected} == {False, True}


def test_ratings_that_a_discipline_of_the_year_speaks_against(release_of_truth: psycopg.Connection) -> None:
    """Accepted ratings of 2025 above the lowest level of whoever a decision of that year disciplined."""
    rated = (
        of_subjects(release_of_truth, "evaluation")
        .filter(pl.col("period") == "2025", pl.col("person").is_not_null(), pl.col("level").is_not_null())
        .sort("decided_on", "source", "source_key", descending=[True, False, False], nulls_last=True)
        .unique(["subject_kind", "person"], keep="first", maintain_order=True)
    )
    decided = pl.coalesce("decision_date", "effective_from").dt.year()
    disciplined = of_subjects(release_of_truth, "discipline").filter(decided == 2025, pl.col("person").is_not_null())
    above = rated.filter(pl.col("level") != "KHTNV").join(disciplined, on="person", how="semi")
    by_source = above.group_by("subject_kind", "source").len().with_columns(small=pl.col("len") < 5)
    country = by_source.group_by("subject_kind").agg(pl.col("len").sum(), one_small=pl.col("small").sum() == 1)
    expected = [(kind, source, None if small else n) for kind, source, n, small in by_source.rows()]
    expected += [(kind, None, None if one_small or n < 5 else n) for kind, n, one_small in country.rows()]
    found = release_of_truth.execute(
        """
        select subject_kind, source, cases from published.evaluation_check
        where check_code = 'KY_LUAT_TRONG_NAM' and period = '2025'
        """
    ).fetchall()
    assert sorted(found, key=str) == sorted(expected, key=str)
    assert found


def test_20_weak_twice_in_a_row(release_of_truth: psycopg.Connection) -> None:
    """Ratings of accepted cadres, from the last period of each backwards."""
    rated = of_cadres(release_of_truth, "evaluation").filter(
        pl.col("level").is_not_null() & pl.col("period_type").is_in(["NAM", "QUY"])
    )
    expected = []
    for rows in groups(rated.sort("person", "period_type", "period"), "person", "period_type"):
        by_period = {row["period"]: row for row in rows}
        last = rows[-1]
        weak: list[str] = []
        period = last["period"]
        while period in by_period and by_period[period]["level"] == "KHTNV":
            weak.append(period)
            period = period_before(period)
        kind = last["period_type"]
        limit = rule("EVAL_CONSEQUENCE", "CONSECUTIVE_KHTNV" if kind == "NAM" else "CONSECUTIVE_KHTNV_QUARTERS")
        if len(weak) >= limit:
            expected.append((last["source"], last["cadre_key"], kind, weak[-1], weak[0], len(weak)))
    keys = {row[0]: row[1] for row in release_of_truth.execute("select cadre_id, source_key from published.cadre")}
    columns = ("source", "cadre_id", "period_type", "first_period", "last_period", "consecutive_weak")
    found = [(row[0], keys[row[1]], *row[2:]) for row in answer(release_of_truth, 20).select(columns).rows()]
    assert sorted(found) == sorted(expected)
    assert found


def period_before(period: str) -> str:
    """The quarter or year before."""
    year, _, quarter = period.partition("-Q")
    if not quarter:
        return str(int(year) - 1)
    return f"{year}-Q{int(quarter) - 1}" if quarter != "1" else f"{int(year) - 1}-Q4"


def test_21_training_done_and_needed(release_of_truth: psycopg.Connection) -> None:
    """Courses of accepted cadres; needed are the persons in posts below the standard of theory or administration."""
    courses = of_cadres(release_of_truth, "training")
    done = pl.col("ended_on").is_not_null() & (pl.col("ended_on") <= AS_OF)
    learning = courses.filter(~done & (pl.col("started_on") <= AS_OF)).select("person", "training_type").unique()
    now = managed(release_of_truth).filter(pl.col("started_on") >= STANDARDS_SINCE)
    needed = pl.concat(
        now.filter(below_standard(column, kind)).select("source", "person", training_type=pl.lit(kind)).unique()
        for kind, column in (("LLCT", "c_theory"), ("QLNN", "c_state"))
    )
    count = pl.len().cast(pl.Int64)
    in_training = needed.join(learning, on=["person", "training_type"])
    expected = (
        courses.group_by("training_type")
        .agg(courses=count, completed=done.sum().cast(pl.Int64), ongoing=(~done).sum().cast(pl.Int64))
        .join(needed.group_by("training_type").agg(needed_persons=count), on="training_type", how="left")
        .join(in_training.group_by("training_type").agg(needed_in_training=count), on="training_type", how="left")
        .with_columns(pl.col("needed_persons", "needed_in_training").fill_null(0))
    )
    same(answer(release_of_truth, 21), expected)
    assert not in_training.is_empty()


def test_22_leaders_by_level(release_of_truth: psycopg.Connection) -> None:
    """Holders of accepted posts at agencies, once a level; sex, age and people as they truly are."""
    birthday_to_come = pl.col("birth_date").dt.strftime("%m%d") > AS_OF.strftime("%m%d")
    persons = truth("person").select(
        "person",
        "sex",
        age=YEAR - pl.col("birth_date").dt.year() - birthday_to_come.cast(pl.Int64),
        minority=MINORITY,
    )
    keys = ["agency_level", "c_level"]
    now = (
        posts(release_of_truth)
        .filter(pl.col("is_current") & ~pl.col("assignment_kind").is_in(NOT_HELD) & pl.col("office").fill_null(False))
        .join(persons, on="person")
    )
    science = [parameter for code, parameter in rules() if code == "SCIENCE_FIELD"]
    expected = []
    for group, rows in now.group_by(keys):
        who = rows.group_by("person").agg(
            pl.col("sex", "age", "minority").first(),
            degree=pl.col("c_degree").is_in(["4", "5", "6", "7"]).any(),
            higher=pl.col("c_degree").is_in(["5", "6", "7"]).any(),
            theory=pl.col("c_theory").is_in(["3", "4"]).any(),
            field=pl.col("c_field").is_not_null().any(),
            science=pl.col("c_field").is_in(science).any(),
        )
        minority = minority_told(who, now, keys, group)
        women, young = total(who["sex"] == "F"), total(who["age"] < rule("LEADER_TARGET", "YOUNG_MAX_YEARS"))
        expected.append(
            (
                *group,
                len(who),
                total(who["age"] <= 40),
                total(who["age"].is_between(41, 50)),
                total(who["age"] > 50),
                women,
                minority,
                total(who["degree"]),
                total(who["higher"]),
                total(who["theory"]),
                percent(women, len(who)),
                float(rule("LEADER_TARGET", "WOMEN_PERCENT")),
                percent(young, len(who)),
                float(rule("LEADER_TARGET", "YOUNG_PERCENT")),
                None if minority is None else percent(minority, len(who)),
                None,  # no text names a number for minorities and the science-trained: no target, nothing below it
                None,
                total(who["field"]),
                percent(total(who["science"]), total(who["field"])) if total(who["field"]) else None,
                None,
                None,
                percent(total(who["higher"]), len(who)),
            )
        )
    last_without_level = [(row[0], row[1] is None, row[1]) for row in expected]
    ordered = [row for _, row in sorted(zip(last_without_level, expected, strict=True), key=lambda pair: str(pair[0]))]
    assert answer(release_of_truth, 22).rows() == ordered
    assert sum(sum(row[3:6]) for row in expected) == sum(row[2] for row in expected) > 0


def test_23_what_is_missing_late_repeated_and_contradictory(release_of_truth: psycopg.Connection) -> None:
    """Refused deliveries by name, held rows by their keys; filled fields and contradictions counted in true rows."""
    status = "select source, record from published.source_status where state <> 'fresh' order by source, record"
    assert release_of_truth.execute(status).fetchall() == REFUSED
    twice = accepted(release_of_truth, "member").filter(pl.col("record_no") == 3)
    repeated = dict(twice.group_by("source").len().rows())
    disputed, filled = contradictions(release_of_truth), filled_percent(release_of_truth)
    # a line of headings among the rows is held too, and is nobody's true row
    rows_held = {source: int(source in tagged("header_as_data")) for source in registered()}
    for record in {r for s in registered().values() for r in s.records}:
        for source, count in held(release_of_truth, record).group_by("source").len().rows():
            rows_held[source] += count if (source, record) not in REFUSED else 0
    expected = [
        (
            source,
            sum(refused == source for refused, _ in REFUSED),
            rows_held[source],
            filled[source],
            disputed.get(source, 0),
            repeated.get(source, 0),
        )
        for source in sorted(registered())
    ]
    assert answer(release_of_truth, 23).rows() == expected
    assert min(sum(row[2] for row in expected), sum(row[4] for row in expected), len(twice)) > 0


@pytest.mark.parametrize("day", [date(2025, 6, 30), date(2025, 12, 31)])
def test_24_members_of_a_past_day_on_both_maps(release_of_truth: psycopg.Connection, day: date) -> None:
    """Where every member of the accepted records truly was on the day, and where that place lies on each map.

    Of a member whom one body has written twice the release counts one record; which one is its choice.
    """
    left_aside = release_of_truth.execute(
        "select source, source_key from published.party_membership where standing = 'TRUNG_KHAI'"
    ).fetchall()
    ended = pl.col("status").is_in(["TU_TRAN", "KHAI_TRU", "XOA_TEN", "XIN_RA", "CHO_RA"])
    members = (
        accepted(release_of_truth, "member")
        .join(pl.DataFrame(left_aside, schema=KEYS, orient="row"), on=list(KEYS), how="anti")
        # the second record is of the body where the member arrived, after the day
        .filter(pl.col("record_no") != 2)
        .filter(pl.coalesce("readmission_date", "admission_date") <= day)
        .filter(~(ended & (pl.col("status_date") <= day)))
    )
    moved_since = (
        accepted(release_of_truth, "membership_transfer")
        .filter((pl.col("state") == "DA_TIEP_NHAN") & (pl.col("transfer_type") != "TAM_THOI"))
        .filter(pl.col("arrived_date") > day)
        .sort("arrived_date")
        .group_by("person", maintain_order=True)
        .agg(pl.col("from_organisation_code").first())
    )
    official = pl.when(pl.col("official_date").is_not_null()).then(pl.col("official_date") <= day)
    placed = (
        members.join(moved_since, on="person", how="left")
        .with_columns(
            organisation_code=pl.coalesce("from_organisation_code", "organisation_code"),
            official=official.otherwise(pl.col("status") != "DU_BI"),
        )
        .join(provinces_of_organisations(), on="organisation_code", how="left")
    )
    expected = pl.concat(
        placed.group_by(map_province_code=column).agg(
            map_code=pl.lit(code),
            members=pl.len().cast(pl.Int64),
            official_members=pl.col("official").sum().cast(pl.Int64),
        )
        for code, column in (("34", "province"), ("63", "former"))
    )
    found = answer(release_of_truth, 24, on_date=day.isoformat())
    same(found.group_by("map_code", "map_province_code").agg(pl.col("members", "official_members").sum()), expected)
    assert found.group_by("map_code").agg(pl.col("members").sum())["members"].n_unique() == 1
    assert set(found["mapping_state"]) == {"QUY_DOI_DUOC", "KHONG_QUY_DOI_DUOC", "TRUNG_UONG"}
    assert found.filter(pl.col("map_province_code").is_not_null())["name"].null_count() == 0


def test_posts_of_agencies_on_both_maps(release_of_truth: psycopg.Connection) -> None:
    """Where every agency truly lies, and its posts there; the two maps have one total."""
    keys = ["agency_code", "category"]
    assigned = (
        accepted(release_of_truth, "staffing_quota")
        .filter(pl.col("allocation_scope").ne_missing("TONG"), pl.col("year") == YEAR)
        .sort("decision_date")
        .group_by(keys, maintain_order=True)
        .agg(pl.col("assigned").last())
    )
    present = (
        accepted(release_of_truth, "headcount")
        .filter(pl.col("counted_on").dt.year() == YEAR)
        .sort("counted_on")
        .group_by(keys, maintain_order=True)
        .agg(pl.col("present").last())
    )
    placed = assigned.join(present, on=keys, how="full", coalesce=True).join(
        provinces_of_agencies(release_of_truth), on="agency_code"
    )
    expected = pl.concat(
        placed.group_by(map_province_code=column).agg(
            pl.lit(code).alias("map_code"), pl.col("assigned", "present").sum().cast(pl.Int64)
        )
        for code, column in (("34", "province"), ("63", "former"))
    )
    found = answer(release_of_truth, BOTH_MAPS, in_year=YEAR)
    known = found.filter(pl.col("mapping_state") != "KHONG_RO")
    same(known.group_by("map_code", "map_province_code").agg(pl.col("assigned", "present").sum()), expected)
    totals = found.group_by("map_code").agg(pl.col("assigned", "present").sum())
    assert totals["assigned"].n_unique() == totals["present"].n_unique() == 1
    assert {"QUY_DOI_DUOC", "KHONG_QUY_DOI_DUOC", "TRUNG_UONG"} <= set(known["mapping_state"])
    assert total(known.filter(pl.col("map_code") == "63")["map_province_code"].is_not_null()) > 34


def test_members_of_the_flow_on_both_maps(release_of_truth: psycopg.Connection) -> None:
    """What the flow adds up to is where every member truly was on the day."""
    day = date(2026, 6, 30)
    placed = (
        true_party(release_of_truth)
        .on(day)
        .join(provinces_of_organisations(), left_on="cell", right_on="organisation_code", how="left")
    )
    expected = placed.group_by("province", "former").agg(members=pl.len().cast(pl.Int64))
    rows = release_of_truth.execute(
        """
        select province_code, former_province_code, sum(members) from published.membership_flow
        where happened_on <= %s group by province_code, former_province_code
        """,
        [day],
    ).fetchall()
    schema = {"province": pl.String, "former": pl.String, "members": pl.Int64}
    same(pl.DataFrame([(p, f, int(n)) for p, f, n in rows], schema=schema, orient="row"), expected)


def test_every_place_stands_once_on_each_map(release_of_truth: psycopg.Connection) -> None:
    """Organisations and agencies as many as are published, and the units of today."""
    rows = release_of_truth.execute(
        """
        select kinds.place_kind, kinds.map_code, count(place.place_map_id), min(kinds.places)
        from (
            select place_kind, map_code, places
            from (values
                ('TO_CHUC_DANG', (select count(*) from published.party_organisation)),
                ('CO_QUAN', (select count(*) from published.agency)),
                ('DON_VI_HANH_CHINH', (select count(*) from published.administrative_unit where code_set = '34'))
            ) as kind (place_kind, places)
            cross join (values ('34'), ('63')) as map (map_code)
        ) as kinds
        left join published.place_on_map as place
            on kinds.place_kind = place.place_kind and kinds.map_code = place.map_code
        group by kinds.place_kind, kinds.map_code
        """
    ).fetchall()
    assert len(rows) == 6
    for kind, map_code, found, places in rows:
        assert found == places > 0, (kind, map_code)
