"""The truth about the world: who is who, what is wrong where. Only tests read it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

FAULT_COLUMNS = {
    "source": pl.String,
    "record": pl.String,
    "source_key": pl.String,
    "fault": pl.String,
    "field": pl.String,
}


class FaultLog:
    """Collects what is put wrong on purpose, one row per record (or per delivery, then without a key)."""

    def __init__(self) -> None:
        self._parts: list[pl.DataFrame] = []

    def of(self, record: str) -> RecordLog:
        """The log seen from one record."""
        return RecordLog(record, self)

    def add(self, part: pl.DataFrame) -> None:
        """Append rows with `FAULT_COLUMNS`."""
        self._parts.append(part)

    def delivery(self, source: str, record: str, fault: str) -> None:
        """Note a trouble of a whole delivery."""
        row = {"source": source, "record": record, "source_key": None, "fault": fault, "field": None}
        self.add(pl.DataFrame([row], schema=FAULT_COLUMNS))

    def frame(self) -> pl.DataFrame:
        """All faults so far."""
        return pl.concat([pl.DataFrame(schema=FAULT_COLUMNS), *self._parts])


@dataclass(frozen=True)
class RecordLog:
    """Puts things wrong in one record, and notes what it did."""

    record: str
    log: FaultLog

    def note(self, frame: pl.DataFrame, mask: pl.Series, fault: str, field: str | None) -> None:
        """Note the rows of `frame` where `mask` is true."""
        self.log.add(
            frame.filter(mask).select(
                "source",
                pl.lit(self.record).alias("record"),
                "source_key",
                pl.lit(fault).alias("fault"),
                pl.lit(field, dtype=pl.String).alias("field"),
            )
        )

    def put(
        self, frame: pl.DataFrame, mask: pl.Series, field: str, value: pl.Expr | pl.Series, fault: str
    ) -> pl.DataFrame:
        """Put `value` into `field` where `mask` is true, and note it."""
        mask = mask.fill_null(False)
        self.note(frame, mask, fault, field)
        return frame.with_columns(pl.when(mask).then(value).otherwise(pl.col(field)).alias(field))


def write(folder: Path, tables: dict[str, pl.DataFrame]) -> None:
    """Write truth tables as parquet."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in tables.items():
        frame.write_parquet(folder / f"{name}.parquet")
