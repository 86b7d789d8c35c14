"""From the true world to what each source says: keys, text, habits, troubles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np
import polars as pl

from sources.contract import Contract, load_contracts
from sources.sample import faults_person, faults_record
from sources.sample.bodies import BODIES
from sources.sample.clean import World
from sources.sample.draw import stream
from sources.sample.styles import STYLES, registered
from sources.sample.text_variants import written_dates
from sources.sample.truth import FaultLog, RecordLog

PEOPLE = ("member", "cadre")
OF_CADRE = ("position_assignment", "evaluation", "planning", "training", "award", "discipline")
#: Of cadres, and of members and organisations too.
OF_SUBJECT = ("evaluation", "award", "discipline")
#: Letters that sources put before the numbers of their records.
SIGNS = {
    "organisation": "TC", "agency": "DV", "member": "HS", "membership_transfer": "GT", "cadre": "CB",
    "position_assignment": "QT", "evaluation": "DG", "planning": "QH", "training": "DT", "award": "KT",
    "discipline": "KL", "staffing_quota": "CT", "headcount": "BC",
}  # fmt: skip


#: How sources write the moment of a change.
MOMENT = "%Y-%m-%dT%H:%M:%S"
TOMBSTONES = 3


@dataclass(frozen=True)
class Deliveries:
    """What all sources will say: one frame of text a record, with `source` and every contract field.

    Member and cadre frames keep `person`; `faults` and `who` are truth.
    """

    records: dict[str, pl.DataFrame]
    faults: FaultLog
    who: pl.DataFrame


def with_keys(frame: pl.DataFrame, record: str, seed: int) -> pl.DataFrame:
    """Give every row the key that its source's system would have given it."""
    rng = stream(seed, f"keys of {record}")
    style = frame["source"].replace_strict({code: s.keys for code, s in STYLES.items()}, return_dtype=pl.String)
    m1 = frame["source"].replace({b.code: b.m1 for b in BODIES})
    digits = rng.bytes(8 * len(frame)).hex()
    hexed = pl.Series([digits[i : i + 16] for i in range(0, len(digits), 16)], dtype=pl.String)
    number = pl.int_range(1, pl.len() + 1).over("source")
    sign = SIGNS[record]
    return frame.with_columns(
        source_key=pl.when(style == "number")
        .then((100_000 + number * 3).cast(pl.String))
        .when(style == "sign")
        .then(pl.lit(sign) + number.cast(pl.String).str.zfill(7))
        .when(style == "dotted")
        .then(pl.concat_str(m1, pl.lit(f".{sign}."), number.cast(pl.String).str.zfill(6)))
        .otherwise(hexed.str.slice(0, 8) + "-" + hexed.str.slice(8))
    )


def _linked(records: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Put the keys of cadres, members and agencies into the records that refer to them."""
    cadre = records["cadre"].select("source", "person", cadre_key="source_key")
    member = records["member"].select("source", "person", "record_no", "personal_id", member_key="source_key")
    for record in OF_CADRE:
        records[record] = records[record].join(cadre, on=["source", "person"], how="left", maintain_order="left")
    of_member = member.select("source", "person", "record_no", "member_key").with_columns(
        pl.col("record_no").cast(pl.Int32)
    )
    for record in OF_SUBJECT:
        records[record] = (
            records[record]
            .join(of_member, on=["source", "person", "record_no"], how="left", maintain_order="left")
            .with_columns(cadre_key=pl.when(pl.col("subject_kind") == "CA_NHAN").then("cadre_key"))
        )
    records["membership_transfer"] = records["membership_transfer"].join(
        member, on=["source", "person", "record_no"], how="left", maintain_order="left"
    )
    host = (
        records["agency"]
        .filter(pl.col("agency_level") == "XA")
        .group_by("administrative_unit_code")
        .agg(pl.col("source_key").first().alias("host_agency_key"))
    )
    records["organisation"] = (
        records["organisation"]
        .join(host, on="administrative_unit_code", how="left", maintain_order="left")
        .with_columns(host_agency_key=pl.when(pl.col("organisation_type").is_in(["C1", "C2"])).then("host_agency_key"))
    )
    return records


def _as_text(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """All contract fields as text in each source's habit; fields that the world does not know are empty."""
    habit = pl.col("habit")
    yes = frame["source"].replace_strict({c: s.booleans[0] for c, s in STYLES.items()}, return_dtype=pl.String)
    no = frame["source"].replace_strict({c: s.booleans[1] for c, s in STYLES.items()}, return_dtype=pl.String)
    columns = []
    for p in contract.properties:
        if p.name not in frame.columns:
            columns.append(pl.lit(None, dtype=pl.String).alias(p.name))
        elif p.physical_type == "date":
            columns.append(written_dates(pl.col(p.name), habit).alias(p.name))
        elif p.physical_type == "boolean":
            columns.append(pl.when(pl.col(p.name)).then(yes).when(~pl.col(p.name)).then(no).alias(p.name))
        else:
            columns.append(pl.col(p.name).cast(pl.String).alias(p.name))
    return frame.with_columns(columns)


def _labelled(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """Write labels instead of codes where the source does so."""
    for p in contract.properties:
        sources = [code for code, style in STYLES.items() if p.name in style.labels]
        if p.codes and sources:
            labels = {code.value: code.label for code in reversed(p.codes)}
            mine = frame["source"].is_in(sources)
            frame = frame.with_columns(
                pl.when(mine).then(pl.col(p.name).replace(labels)).otherwise(p.name).alias(p.name)
            )
    return frame


def _with_marks(rng: np.random.Generator, frame: pl.DataFrame, record: str, as_of: date) -> pl.DataFrame:
    """Moment of the last change and flag of deletion, which sources that send changes keep (`updated_on`, `gone`).

    A few rows of theirs were deleted before anybody asked.
    """
    start = datetime.combine(as_of, time(16, 0)) - timedelta(days=400)
    moment = pl.lit(start) + pl.duration(seconds=pl.lit(pl.Series(rng.integers(0, 400 * 86_400, len(frame)))))
    frame = frame.with_columns(updated_on=moment.dt.strftime(MOMENT), gone=pl.lit(False))
    delta = [code for code, source in registered().items() if source.records[record].mode == "delta"]
    ghosts = frame.filter(pl.col("source").is_in(delta)).group_by("source", maintain_order=True).head(TOMBSTONES)
    ghosts = ghosts.with_columns(source_key=pl.lit("0") + pl.col("source_key"), gone=pl.lit(True))
    return pl.concat([frame, ghosts.select(frame.columns)])


_KEPT = {
    "member": {"birth_date": "birth_on", "admission_date": "admission_on", "official_date": "official_on"},
    "cadre": {"birth_date": "birth_on"},
    "training": {"started_on": "started_day", "ended_on": "ended_day"},
}
_Step = Callable[[np.random.Generator, pl.DataFrame, RecordLog], pl.DataFrame]
_STEPS: dict[str, tuple[_Step, ...]] = {
    "member": (*faults_person.STEPS, faults_record.member),
    "cadre": (*faults_person.STEPS, faults_record.cadre),
    "organisation": (faults_record.organisation,),
    "evaluation": (faults_record.evaluation,),
    "position_assignment": (faults_record.position_assignment,),
    "training": (faults_record.training,),
}


def with_all_keys(world: World, seed: int) -> dict[str, pl.DataFrame]:
    """The true records with the keys under which sources hold them, and the keys by which they refer to each other."""
    return _linked({record: with_keys(frame, record, seed) for record, frame in world.records.items()})


def deliveries(world: World, seed: int, as_of: date, *, faults: bool = True) -> Deliveries:
    """What each source says about the world in its own habits, with the troubles of real ones unless `faults` is off.

    Without faults every value is the true one: for tests of figures, which then must equal the truth.
    """
    contracts, log = load_contracts(), FaultLog()
    keyed = with_all_keys(world, seed)
    habit = {code: style.dates for code, style in STYLES.items()}
    charset = {code: style.charset for code, style in STYLES.items()}
    said, who = {}, []
    for record, contract in contracts.items():
        frame = keyed[record].with_columns(
            *[pl.col(field).alias(kept) for field, kept in _KEPT.get(record, {}).items()],
            habit=pl.col("source").replace_strict(habit, return_dtype=pl.String),
            charset=pl.col("source").replace_strict(charset, return_dtype=pl.String),
        )
        frame = _as_text(frame, contract)
        rng = stream(seed, f"faults of {record}")
        for step in _STEPS.get(record, ()) if faults else ():
            frame = step(rng, frame, log.of(record))
        if record in PEOPLE:
            who.append(frame.select("source", pl.lit(record).alias("record"), "source_key", "person", "record_no"))
        frame = _labelled(frame, contract).select("source", *[p.name for p in contract.properties])
        said[record] = (
            _with_marks(stream(seed, f"marks of {record}"), frame, record, as_of) if record in PEOPLE else frame
        )
    return Deliveries(said, log, pl.concat(who))
