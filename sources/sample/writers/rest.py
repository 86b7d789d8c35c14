"""What the REST services serve: one file of JSON lines a record, and a description of the services."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl

from sources.sample.writers.shaping import Shaped


def write_rest(folder: Path, shaped: Shaped) -> None:
    """Write one record as JSON lines in the source's own keys, in order of change where it is a delta."""
    frame, options = shaped.frame, shaped.mapping.options
    if shaped.mapping.mode == "delta":
        frame = frame.sort(str(options["cursor"]), maintain_order=True).with_columns(
            pl.col(str(options["deleted"])) == "1"
        )
    for column in frame.columns:
        kind = {"integer": pl.Int64, "numeric": pl.Float64}.get(shaped.type_of(column))
        if kind is not None:
            value = frame[column].cast(kind, strict=False)
            if value.null_count() == frame[column].null_count():
                frame = frame.with_columns(value.alias(column))
    folder.mkdir(parents=True, exist_ok=True)
    frame.write_ndjson(folder / f"{str(options['path']).strip('/')}.ndjson")


def description(shaped: list[Shaped]) -> dict[str, Any]:
    """How the service of one source answers, by path."""
    return {
        str(s.mapping.options["path"]): {
            "items": s.mapping.options["items"],
            "next": s.mapping.options["next"],
            "cursor": s.mapping.options.get("cursor"),
        }
        for s in shaped
    }


def write_description(folder: Path, services: dict[str, Any]) -> None:
    """Write the description of all services."""
    (folder / "services.json").write_text(
        json.dumps(services, ensure_ascii=False, indent=1, sort_keys=True), encoding="utf-8"
    )
