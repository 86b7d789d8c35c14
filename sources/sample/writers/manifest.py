"""Manifests beside files: number of rows, SHA-256, control totals, sender."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import polars as pl

from sources.sample.writers.shaping import Shaped

TOTALLED = ("present", "assigned")


def write_manifest(path: Path, shaped: Shaped, frame: pl.DataFrame, sender: str, off_by: int = 0) -> None:
    """Write `X.manifest.json` beside the file X that holds `frame`; `off_by` makes its control total wrong."""
    totals = {
        field: int(frame[column].cast(pl.Int64, strict=False).sum()) + off_by
        for column, field in shaped.fields.items()
        if field in TOTALLED
    }
    said = {
        "row_count": len(frame),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "control_totals": totals,
        "source": sender,
    }
    Path(f"{path}.manifest.json").write_text(json.dumps(said, ensure_ascii=False, indent=1), encoding="utf-8")
