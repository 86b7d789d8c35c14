"""What happened to organisations, as published, against what truly happened."""

from __future__ import annotations

import polars as pl
import psycopg
import pytest

from tests.integration.questions import accepted

pytestmark = pytest.mark.timeout(1200)
COLUMNS = ["source", "source_key", "side", "event_kind", "happened_on", "counterpart_key"]


def _published(connection: psycopg.Connection) -> pl.DataFrame:
    rows = connection.execute(
        """
        select event.source, event.source_key, event.side, event.event_kind, event.happened_on, other.source_key
        from published.organisation_event as event
        left join published.party_organisation as other on event.counterpart_id = other.organisation_id
        """
    ).fetchall()
    return pl.DataFrame(rows, schema=COLUMNS, orient="row", infer_schema_length=None)


def _true(connection: psycopg.Connection) -> pl.DataFrame:
    """Each beginning, end and reception; a counterpart where the source sends the code that names it."""
    organisations = accepted(connection, "organisation")
    ended, followed = (
        organisations.filter(pl.col("side").is_in(sides)).select(
            *("source", "source_key", "event", "event_kind", "side", "happened_on", "organisation_code", "legacy_code")
        )
        for sides in (["KET_THUC"], ["BAT_DAU", "TIEP_NHAN"])
    )
    code = pl.col("organisation_code")
    named = (pl.col("organisation_code_right") == code) | (pl.col("legacy_code_right") == code).fill_null(False)
    pairs = ended.join(followed, on=["source", "event", "event_kind", "happened_on"]).filter(named)
    of_ended = pairs.select("source", "source_key", counterpart_key="source_key_right")
    of_followed = pairs.select("source", "side_right", "event_kind", "happened_on", "source_key_right", "source_key")
    of_followed = of_followed.rename({"source_key": "counterpart_key", "side_right": "side"}).rename(
        {"source_key_right": "source_key"}
    )
    alone = organisations.join(of_followed.filter(pl.col("side") == "BAT_DAU"), on=["source", "source_key"], how="anti")
    ends = organisations.drop_nulls("valid_to").join(of_ended, on=["source", "source_key"], how="left")
    nobody = pl.lit(None, dtype=pl.String).alias("counterpart_key")
    return pl.concat(
        [
            of_followed.select(COLUMNS),
            alone.select(
                *("source", "source_key"),
                nobody,
                side=pl.lit("BAT_DAU"),
                event_kind=pl.lit("THANH_LAP"),
                happened_on="valid_from",
            ).select(COLUMNS),
            ends.select(
                *("source", "source_key", "counterpart_key"),
                side=pl.lit("KET_THUC"),
                event_kind=pl.coalesce("event_kind", "end_reason"),
                happened_on="valid_to",
            ).select(COLUMNS),
        ]
    )


def test_every_beginning_end_and_reception_is_an_event_with_its_counterparts(
    release_of_truth: psycopg.Connection,
) -> None:
    found, expected = _published(release_of_truth), _true(release_of_truth)
    assert found.sort(COLUMNS).rows() == expected.sort(COLUMNS).rows()
    kinds = {side: set(rows["event_kind"]) for (side,), rows in found.drop_nulls("counterpart_key").group_by("side")}
    followed = {"HOP_NHAT", "CHIA_TACH", "CHUYEN_GIAO", "NANG_CAP", "HA_CAP", "DOI_TEN"}
    assert kinds == {"BAT_DAU": followed, "TIEP_NHAN": {"SAP_NHAP"}, "KET_THUC": followed | {"SAP_NHAP"}}
    assert "GIAI_THE" in set(found["event_kind"])
