"""Members and posts of a past day on both maps of Vietnam, every figure computed again from the truth."""

from __future__ import annotations

from datetime import date

import polars as pl
import psycopg
import pytest

from tests.integration.cadre_truth import (
    KEYS,
    YEAR,
    provinces_of_agencies,
    provinces_of_organisations,
    same,
    seed,
    total,
)
from tests.integration.questions import BOTH_MAPS, accepted, answer
from tests.integration.true_party import true_party

pytestmark = pytest.mark.timeout(900)


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


def test_what_ended_lay_in_the_unit_of_its_last_day(release_of_truth: psycopg.Connection) -> None:
    """The unit that bore the code on the last day, and both maps where that was one of before 2025-07-01."""
    last_day = pl.col("valid_to") - pl.duration(days=1)
    ended = accepted(release_of_truth, "organisation").drop_nulls("valid_to")
    units = (
        ended.select(*KEYS, last_day.alias("last_day"), code="administrative_unit_code")
        .join(seed("administrative_unit"), on="code")
        .with_columns(pl.col("valid_from", "valid_to").str.to_date())
        .filter(pl.col("valid_from") <= pl.col("last_day"))
        .filter(pl.col("valid_to").is_null() | (pl.col("last_day") < pl.col("valid_to")))
    )
    in_a_province = pl.col("source").str.contains(r"^\d+$")
    before = units.filter(pl.col("code_set") == "63").select(
        *KEYS,
        today=pl.when(in_a_province).then("source"),
        former=pl.when(in_a_province).then(pl.coalesce("parent_code", "code")),
    )
    rows = release_of_truth.execute(
        """
        select organisation.source, organisation.source_key, organisation.administrative_unit_id,
            today.map_province_code, former.map_province_code
        from published.party_organisation as organisation
        inner join published.place_on_map as today
            on organisation.organisation_id = today.organisation_id and today.map_code = '34'
        inner join published.place_on_map as former
            on organisation.organisation_id = former.organisation_id and former.map_code = '63'
        where organisation.valid_to is not null and organisation.administrative_unit_code is not null
        """
    ).fetchall()
    found = pl.DataFrame(rows, schema=[*KEYS, "unit_id", "today", "former"], orient="row", infer_schema_length=None)
    same(found.select(*KEYS, "unit_id"), units.select(*KEYS, "unit_id"))
    same(found.join(before, on=list(KEYS), how="semi").drop("unit_id"), before)
    # provinces that are no more, and codes that mean another province today
    assert {"10", "89"} <= set(before["former"]) - set(before["today"])
    assert {("15", "15"), ("91", "91")} <= set(before.select("today", "former").rows())
