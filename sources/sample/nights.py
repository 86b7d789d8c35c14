"""Later nights: what the sources deliver some days on, with little changed and most as it was.

Built from what was delivered before (`truth/said_*`), so that keys, texts and troubles stay; reported counts
of organisations follow at the next reporting date, as they do in life.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from sources.sample import truth
from sources.sample.deliveries import MOMENT, SIGNS, Deliveries
from sources.sample.draw import exactly, stream
from sources.sample.styles import STYLES, registered
from sources.sample.systems import Target
from sources.sample.text_variants import written_dates
from sources.sample.world import Progress, expected_rows, write_all

#: Share of the organisations that a new decision changes in each way, of the share of members that change.
DECIDED = 0.05
#: What happens to the members that change.
LOTS = {"corrected": 0.4, "rekeyed": 0.1, "moved": 0.1, "left": 0.2, "closed": 0.1, "admitted": 0.1}


@dataclass(frozen=True)
class Changes:
    """What a later night brings: its day and the number of rows by what happened to them."""

    as_of: str
    rows: dict[str, int]


def advance(
    folder: Path,
    days: int = 1,
    share: float = 0.01,
    seed: int = 1,
    server_url: str | None = None,
    *,
    progress: Progress | None = None,
) -> Changes:
    """Write the deliveries of `days` later into a built world, changing `share` of members and cadres.

    New decisions rename, hand over, raise and lower a few organisations within their records.
    Members are corrected, get another key, move to another body, leave, disappear from the lists or are admitted;
    one key is given to somebody else. Sources that send changes mark them with their moment and send tombstones.
    Truth follows.
    """
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    day = date.fromisoformat(summary["as_of"]) + timedelta(days=days)
    truths = folder / "truth"
    said = {path.stem.removeprefix("said_"): pl.read_parquet(path) for path in sorted(truths.glob("said_*"))}
    who, persons = pl.read_parquet(truths / "record.parquet"), pl.read_parquet(truths / "person.parquet")
    night = Night(said, who, persons, day, stream(seed, f"night of {day}"))
    night.members(share)
    night.cadres(share)
    night.organisations(share)
    written = write_all(
        Deliveries(night.said, night.log, night.who), Target(folder, day, summary["seed"], server_url), progress
    )
    faults = pl.read_parquet(folder / "truth" / "fault.parquet")
    tables = {f"said_{record}": frame for record, frame in night.said.items()}
    every_fault = pl.concat([faults, night.log.frame()]).unique(maintain_order=True)
    events = pl.concat([pl.read_parquet(truths / "organisation_event.parquet"), *night.events], how="diagonal")
    tables |= {"record": night.who, "fault": every_fault, "expected": expected_rows(written)}
    truth.write(truths, tables | {"organisation_event": events})
    summary |= {"as_of": day.isoformat(), "sources": {code: sum(w.rows.values()) for code, w in written.items()}}
    (folder / "summary.json").write_text(json.dumps(summary, ensure_ascii=False, indent=1), encoding="utf-8")
    return Changes(day.isoformat(), night.counted)


class Night:
    """The changes of one night, made step by step on what was said before.

    `said` (one frame a record), `who` and `persons` are as the truth of the sample world keeps them.
    """

    def __init__(
        self,
        said: Mapping[str, pl.DataFrame],
        who: pl.DataFrame,
        persons: pl.DataFrame,
        day: date,
        rng: np.random.Generator,
    ) -> None:
        self.day, self.rng, self.log = day, rng, truth.FaultLog()
        self.said, self.who, self.persons = dict(said), who, persons
        self.moment = datetime.combine(day, time(17, 30)).strftime(MOMENT)
        self.habits = {code: style.dates for code, style in STYLES.items()}
        self.counted: dict[str, int] = {}
        self.events: list[pl.DataFrame] = []
        self.series = 0

    def _written(self, source: pl.Expr, day: pl.Expr) -> pl.Expr:
        return written_dates(day, source.replace_strict(self.habits, return_dtype=pl.String))

    def _marked(self, record: str) -> pl.DataFrame:
        """Rows still held, each with its number and its true person."""
        mine = self.who.filter(pl.col("record") == record).unique(["source", "source_key"], keep="first").drop("record")
        return (
            self.said[record]
            .with_row_index("row")
            .filter(~pl.col("gone"))
            .join(mine, on=["source", "source_key"], maintain_order="left")
        )

    def _touched(self, record: str, rows: pl.Series, **values: pl.Expr | pl.Series) -> None:
        """Put new values into some rows and note the moment where sources keep it."""
        frame = self.said[record].with_row_index("row")
        mask = pl.col("row").is_in(rows.implode())
        if "updated_on" in frame.columns:
            values["updated_on"] = pl.lit(self.moment)
        columns = [pl.when(mask).then(v).otherwise(pl.col(c)).alias(c) for c, v in values.items()]
        self.said[record] = frame.with_columns(columns).drop("row")

    def members(self, share: float) -> None:
        """Change members of every source alike."""
        held = self._marked("member").filter(pl.col("record_no") == 1)
        chosen = held.filter(pl.Series(exactly(self.rng, max(round(share * len(held)), 20), len(held))))
        lot = pl.Series(self.rng.permutation(len(chosen)) / len(chosen))
        low = 0.0
        for name, part in LOTS.items():
            rows = chosen.filter((lot >= low) & (lot < low + part))
            low += part
            self.counted[name] = len(rows)
            getattr(self, f"_{name}")(rows)

    def _corrected(self, rows: pl.DataFrame) -> None:
        """Names and numbers become what they truly are."""
        true = rows.select("row", "true_person_id").join(self.persons, on="true_person_id", maintain_order="left")
        frame = (
            self.said["member"]
            .with_row_index("row")
            .select("row")
            .join(true, on="row", how="left", maintain_order="left")
        )
        self._touched("member", rows["row"], full_name=frame["full_name"], personal_id=frame["personal_id"])

    def _rekeyed(self, rows: pl.DataFrame) -> None:
        """The source gives new keys: the old rows go, the same come again, and what refers to them follows."""
        self._renamed("member", rows, pl.col("source"))

    def merge(self, source: str, into: str) -> None:
        """One body takes over all members and cadres of another, under keys of its own."""
        for record in ("member", "cadre"):
            self._renamed(record, self._marked(record).filter(pl.col("source") == source), pl.lit(into))

    def _renamed(self, record: str, rows: pl.DataFrame, source: pl.Expr) -> None:
        self._touched(record, rows["row"], gone=pl.lit(True))
        renamed = self._with_new_keys(record, rows.with_columns(source=source, updated_on=pl.lit(self.moment)))
        self._added(record, renamed, renamed.select("source", "source_key", "true_person_id"))
        keys = rows.select("source", pl.col("source_key").alias(f"{record}_key"), new_key=renamed["source_key"])
        for name, frame in self.said.items():
            if f"{record}_key" in frame.columns:
                self.said[name] = (
                    frame.join(keys, on=["source", f"{record}_key"], how="left", maintain_order="left")
                    .with_columns(pl.coalesce("new_key", f"{record}_key").alias(f"{record}_key"))
                    .drop("new_key")
                )

    def _left(self, rows: pl.DataFrame) -> None:
        """Death, with the day of it."""
        when = self._written(pl.col("source"), pl.lit(self.day))
        self._touched("member", rows["row"], status=pl.lit("TU_TRAN"), status_date=when)

    def _closed(self, rows: pl.DataFrame) -> None:
        """Rows that are no longer delivered; sources that send changes send a tombstone."""
        self._touched("member", rows["row"], gone=pl.lit(True))

    def _moved(self, rows: pl.DataFrame) -> None:
        """From one body to another: both say so, and both write a transfer."""
        cells = self.said["member"].filter(~pl.col("gone")).select("source", "organisation_code")
        target = cells[self.rng.integers(0, len(cells), len(rows))]
        moving = rows.with_columns(to_source=target["source"], to_cell=target["organisation_code"]).filter(
            pl.col("to_source") != pl.col("source")
        )
        day = pl.lit(self.day - timedelta(days=1))
        self._touched(
            "member", moving["row"], status=pl.lit("CHUYEN_DI_NGOAI"), status_date=self._written(pl.col("source"), day)
        )
        plain = self.said["member"].columns
        arriving = moving.with_columns(source="to_source", organisation_code="to_cell", updated_on=pl.lit(self.moment))
        arriving = self._with_new_keys("member", arriving)
        self._added(
            "member", arriving.select(plain), arriving.select("source", "source_key", "true_person_id"), record_no=2
        )
        shared = moving.select(
            pl.col("personal_id"),
            pl.col("organisation_code").alias("from_organisation_code"),
            pl.col("to_cell").alias("to_organisation_code"),
            pl.lit("CHINH_THUC").alias("transfer_type"),
            pl.lit("DA_TIEP_NHAN").alias("state"),
        )
        for source, keys in ((moving["source"], moving["source_key"]), (arriving["source"], arriving["source_key"])):
            frame = shared.with_columns(source=source, member_key=keys, source_key=pl.lit(None, dtype=pl.String))
            frame = frame.with_columns(
                left_date=self._written(pl.col("source"), pl.lit(self.day - timedelta(days=20))),
                arrived_date=self._written(pl.col("source"), day),
                introduction_no=pl.format("{}/GT-SHĐ", pl.int_range(1, pl.len() + 1)),
            )
            self._added("membership_transfer", self._with_new_keys("membership_transfer", frame), None)

    def _admitted(self, rows: pl.DataFrame) -> None:
        """Cadres who were no members become members on probation in the cells of the chosen rows."""
        cadres = self._marked("cadre").join(
            self.who.filter(pl.col("record") == "member"), on="true_person_id", how="anti", maintain_order="left"
        )
        places = rows.group_by("source", maintain_order=True).agg("organisation_code")
        joined = (
            cadres.join(places, on="source", maintain_order="left")
            .group_by("source", maintain_order=True)
            .head(max(len(rows) // max(len(places), 1), 1))
        )
        known = joined.select("source", "true_person_id", pl.col("organisation_code").list.first()).join(
            self.persons.drop("source"), on="true_person_id", maintain_order="left"
        )
        frame = known.with_columns(
            birth_date=self._written(pl.col("source"), pl.col("birth_date")),
            status=pl.lit("DU_BI"),
            admission_date=self._written(pl.col("source"), pl.lit(self.day)),
            admission_decision_date=self._written(pl.col("source"), pl.lit(self.day - timedelta(days=9))),
            updated_on=pl.lit(self.moment),
            gone=pl.lit(False),
        )
        frame = self._with_new_keys("member", frame)
        frame = self._with_a_reused_key(frame)
        self.counted["admitted"] = len(frame)
        self._added("member", frame, frame.select("source", "source_key", "true_person_id"))

    def _with_a_reused_key(self, frame: pl.DataFrame) -> pl.DataFrame:
        """One source gives the key of somebody who is gone to somebody new."""
        snapshot = [code for code, source in registered().items() if source.records["member"].mode == "snapshot"]
        gone = self.said["member"].filter(pl.col("gone") & pl.col("source").is_in(snapshot))
        for old in gone.filter(pl.col("source").is_in(frame["source"].implode())).head(1).iter_rows(named=True):
            at = frame["source"].index_of(old["source"])
            mask = pl.int_range(len(frame), eager=True) == at
            frame = frame.with_columns(source_key=pl.when(mask).then(pl.lit(old["source_key"])).otherwise("source_key"))
            self.log.of("member").note(frame, mask, "reused key", "source_key")
        return frame

    def _with_new_keys(self, record: str, frame: pl.DataFrame) -> pl.DataFrame:
        """Keys that no source has used."""
        self.series += 1
        start = f"{SIGNS[record]}{self.day:%y%m%d}-{self.series}"
        return frame.with_columns(
            source_key=pl.format(start + "{}", pl.int_range(pl.len()).cast(pl.String).str.zfill(4))
        )

    def _added(self, record: str, frame: pl.DataFrame, who: pl.DataFrame | None, record_no: int = 1) -> None:
        columns = self.said[record].columns
        known = [c for c in columns if c in frame.columns]
        self.said[record] = pl.concat([self.said[record], frame.select(known)], how="diagonal").select(columns)
        if who is not None:
            more = who.with_columns(record=pl.lit(record), record_no=pl.lit(record_no, dtype=pl.Int32))
            self.who = pl.concat([self.who, more.select(self.who.columns)])

    def cadres(self, share: float) -> None:
        """Some are promoted a step, a few leave."""
        held = self._marked("cadre")
        chosen = held.filter(pl.Series(exactly(self.rng, max(round(share * len(held)), 10), len(held))))
        leaving = chosen.filter(pl.int_range(pl.len()) % 10 == 0)
        rising = chosen.filter(pl.int_range(pl.len()) % 10 != 0)
        self.counted |= {"cadre promoted": len(rising), "cadre left": len(leaving)}
        today = self._written(pl.col("source"), pl.lit(self.day))
        self._touched("cadre", rising["row"], rank_from=today, job_title=pl.lit("Chuyên viên chính"))
        self._touched("cadre", leaving["row"], ended_on=today, leave_reason=pl.lit("CHUYEN_DI"))

    def organisations(self, share: float) -> None:
        """New decisions change basic organisations and cells that stand, within their records."""
        code, name, kind = pl.col("organisation_code"), pl.col("name"), pl.col("organisation_type")
        above = code.str.slice(0, 6) + ".000.000.000"
        raised = name.str.replace("bộ phận", "cơ sở", literal=True)
        lowered = name.str.replace("Đảng bộ", "Đảng bộ bộ phận", literal=True)
        is_basic = (kind == "C1") & (code.str.slice(7, 3) != "000")
        in_basic_one = (kind == "B2") & (pl.col("parent_code") == code.str.slice(0, 10) + ".000.000")
        in_basic_one &= pl.col("parent_code") != above
        ways: dict[str, tuple[pl.Expr, dict[str, pl.Expr]]] = {
            "NANG_CAP": (kind == "B1", {"organisation_type": pl.lit("C1"), "name": raised}),
            "HA_CAP": (is_basic, {"organisation_type": pl.lit("B1"), "name": lowered}),
            "CHUYEN_GIAO": (in_basic_one, {"parent_code": above}),
            "DOI_TEN": (kind == "B2", {"name": name + " mới"}),
        }
        left = self.said["organisation"].with_row_index("row").filter(pl.col("valid_to").is_null())
        decided = self.day - timedelta(days=3)
        for number, (way, (fits, values)) in enumerate(ways.items(), start=1):
            able = left.filter(fits)
            chosen = able.filter(pl.Series(exactly(self.rng, max(round(share * DECIDED * len(able)), 5), len(able))))
            left = left.join(chosen, on="row", how="anti", maintain_order="left")
            self.counted[f"organisation {way}"] = len(chosen)
            values["decision_no"] = pl.lit(f"{number}{self.day:%m%d}-QĐ/ĐU")
            values["decision_date"] = self._written(pl.col("source"), pl.lit(decided))
            self._touched("organisation", chosen["row"], **values)
            self.events.append(
                chosen.select(
                    *("source", "source_key"),
                    event_kind=pl.lit(way),
                    side=pl.lit("THAY_DOI"),
                    happened_on=pl.lit(decided),
                )
            )
