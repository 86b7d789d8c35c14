"""Questions 19 to 23: every figure computed again from the truth, in Polars."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import psycopg
import pytest

from sources.sample.styles import registered, tagged
from tests.integration.cadre_terms import STANDARDS_SINCE, groups
from tests.integration.cadre_truth import (
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
    percent,
    posts,
    rule,
    rules,
    same,
    total,
)
from tests.integration.questions import AS_OF, accepted, answer, held, truth
from tests.integration.true_party import Party

pytestmark = pytest.mark.timeout(900)
#: Forms of discipline that end by themselves and bar from appointments for a time.
MILD = ("KHIEN_TRACH", "CANH_CAO", "CACH_CHUC")
#: Deliveries of the sample world that a gate refuses whole.
REFUSED = [("46", "headcount"), ("T3", "staffing_quota")]


def period_before(period: str) -> str:
    """The quarter or year before."""
    year, _, quarter = period.partition("-Q")
    if not quarter:
        return str(int(year) - 1)
    return f"{year}-Q{int(quarter) - 1}" if quarter != "1" else f"{int(year) - 1}-Q4"


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


def rating_checks(connection: psycopg.Connection, check: str) -> list[tuple[Any, ...]]:
    """Kind of subject, source and figure of a check of the yearly ratings of 2025."""
    return connection.execute(
        "select subject_kind, source, cases from published.evaluation_check where check_code = %s and period = '2025'",
        [check],
    ).fetchall()


def told_by_source(ratings: pl.DataFrame) -> list[tuple[Any, ...]]:
    """The same of ratings: small figures withheld, and the country's where it would tell a single source's."""
    by_source = ratings.group_by("subject_kind", "source").len().with_columns(small=pl.col("len") < 5)
    country = by_source.group_by("subject_kind").agg(pl.col("len").sum(), one_small=pl.col("small").sum() == 1)
    told = [(kind, source, None if small else n) for kind, source, n, small in by_source.rows()]
    return told + [(kind, None, None if one_small or n < 5 else n) for kind, n, one_small in country.rows()]


def disciplined_in_2025(connection: psycopg.Connection) -> pl.DataFrame:
    """Persons whom an accepted decision of 2025 disciplined, and on which `day`."""
    day = pl.coalesce("decision_date", "effective_from")
    decisions = of_subjects(connection, "discipline").filter(day.dt.year() == 2025, pl.col("person").is_not_null())
    return decisions.select("person", day=day).unique()


def test_ratings_that_a_discipline_of_the_year_speaks_against(release_of_truth: psycopg.Connection) -> None:
    """Accepted ratings of 2025 above the lowest level of whoever a decision of that year disciplined."""
    rated = (
        of_subjects(release_of_truth, "evaluation")
        .filter(pl.col("period") == "2025", pl.col("person").is_not_null(), pl.col("level").is_not_null())
        .sort("decided_on", "source", "source_key", descending=[True, False, False], nulls_last=True)
        .unique(["subject_kind", "person"], keep="first", maintain_order=True)
    )
    above = rated.filter(pl.col("level") != "KHTNV").join(
        disciplined_in_2025(release_of_truth), on="person", how="semi"
    )
    found = rating_checks(release_of_truth, "KY_LUAT_TRONG_NAM")
    assert sorted(found, key=str) == sorted(told_by_source(above), key=str)
    assert found


def test_excellent_collectives_with_a_disciplined_member(release_of_truth: psycopg.Connection, party: Party) -> None:
    """Agencies and organisations rated excellent for 2025 where a disciplined person truly was on the day.

    A member counts in the cell and in every organisation above it.
    """
    in_agencies = accepted(release_of_truth, "cadre").select(
        "person", collective="agency_code", from_day="started_on", to_day="ended_on"
    )
    in_the_party = (
        party.stays.join(party.organisations.select("cell", "above"), on="cell")
        .explode("above")
        .select("person", "from_day", "to_day", collective="above")
    )
    of_collectives = (
        pl.concat([in_agencies, in_the_party], how="diagonal")
        .join(disciplined_in_2025(release_of_truth), on="person")
        .filter(pl.col("from_day") <= pl.col("day"), pl.col("to_day").is_null() | (pl.col("to_day") > pl.col("day")))
    )
    concerned = (
        accepted(release_of_truth, "evaluation")
        .filter(pl.col("subject_kind") == "TAP_THE", pl.col("period") == "2025")
        .with_columns(collective=pl.coalesce("agency_code", "organisation_code"))
        .join(of_collectives, on="collective", how="semi")
    )
    excellent = concerned.filter(pl.col("level") == "HTXSNV")
    found = rating_checks(release_of_truth, "TAP_THE_CO_KY_LUAT")
    assert sorted(found, key=str) == sorted(told_by_source(excellent), key=str)
    assert 0 < excellent["source"].n_unique() < concerned["source"].n_unique()


def test_nobody_is_rated_whom_the_rule_excludes(release_of_truth: psycopg.Connection) -> None:
    """In the true world no exempt, suspended or new member is rated; the unit test of the mart has those who are."""
    assert rating_checks(release_of_truth, "KHONG_THUOC_DIEN_XEP_LOAI") == []
    excluded = accepted(release_of_truth, "member").filter(pl.col("status").is_in(["MIEN_SH", "DINH_CHI_SH"]))
    assert excluded["status"].n_unique() == 2


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
