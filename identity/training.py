"""Training of the linkage model without labels: chance agreement by random pairs, the rest by expectation maximisation.

    python -m identity.training postgresql://… VERSION

reads the linkage records of a warehouse, learns, and writes `model.json` and `name_frequency.csv`. No truth
and no steward's decision is used; what is kept are shares, nothing about a person.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
import pyarrow.csv

from identity.comparisons import COMPARISONS
from identity.features import FREQUENCIES, make_features, name_frequencies
from identity.model import PARAMETERS, LinkageModel, connect, load_settings, person_model
from identity.records import load_compared, refresh_records
from identity.step import clear_work

KEYS = pa.schema([("record_id", pa.int64()), *((name, pa.string()) for name in ("source", "record", "source_key"))])
#: Nothing is taken to be impossible among records of one person: real writing is worse than any sample.
LEAST_M = 5e-4


def train(
    connection: duckdb.DuckDBPyConnection,
    model: LinkageModel,
    blocks: Sequence[Sequence[str]],
    random_pairs: float,
    seed: int,
) -> LinkageModel:
    """Learn the parameters of `model` from table `feature`; the same table and seed give the same parameters.

    `blocks` are sets of columns; pairs that agree on one set are mostly matches, and teach how often
    matches agree on everything else.
    """
    from splink import DuckDBAPI, Linker, block_on

    logging.getLogger("splink").setLevel(logging.ERROR)
    connection.execute("set threads = 1")  # sums of floats in one order: repeatable to the last digit
    connection.execute("create or replace table training as from feature order by unique_id")
    api = DuckDBAPI(connection)
    linker = Linker(api.register("training"), model.settings, log_level=None, validate_settings=False)
    linker.training.estimate_u_using_random_sampling(max_pairs=random_pairs, seed=seed)
    for block in blocks:
        linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(*block), estimate_without_term_frequencies=True
        )
    trained = linker.misc.save_model_to_json()
    return replace(model, comparisons=tuple(_rounded(c) for c in trained["comparisons"]))


def _rounded(comparison: dict[str, Any]) -> dict[str, Any]:
    """Parameters to six significant digits; a level never seen gets a small share, not none."""
    levels = []
    for level in comparison["comparison_levels"]:
        kept = {k: v for k, v in level.items() if v is not None and k not in ("fix_m_probability", "fix_u_probability")}
        if not level.get("is_null_level"):
            kept["m_probability"] = float(f"{max(level.get('m_probability') or 0.0, 1e-5):.6g}")
            kept["u_probability"] = float(f"{max(level.get('u_probability') or 0.0, 1e-8):.6g}")
        levels.append(kept)
    return {"output_column_name": comparison["output_column_name"], "comparison_levels": levels}


def train_persons(records: pa.Table, settings: Mapping[str, Any] | None = None) -> tuple[LinkageModel, pa.Table]:
    """Learn the model of persons and the shares of name parts from linkage records."""
    settings = settings or load_settings()
    frequencies = name_frequencies(records)
    untrained = replace(person_model(settings), comparisons=COMPARISONS)
    lessons = settings["training"]
    with connect() as connection:
        make_features(connection, records, settings["most_holders"])
        model = train(connection, untrained, lessons["blocks"], lessons["random_pairs"], lessons["seed"])
    return model, frequencies


def open_records(connection: psycopg.Connection, settings: Mapping[str, Any]) -> tuple[pa.Table, pa.Table]:
    """All open records, read as a night reads them: keys (KEYS) and LINKAGE_RECORD in one order; nothing is kept.

    `record_id` holds for this call only.
    """
    with connection.transaction(force_rollback=True):
        clear_work(connection)
        refresh_records(connection, settings["most_holders"], date.today(), everything=False)
        records = load_compared(connection, settings["most_holders"]).sort_by("record_id")
        told = connection.execute(
            "select record_id, source, record, source_key from identity.linkage_record where present order by record_id"
        ).fetchall()
    return pa.Table.from_pylist([dict(zip(KEYS.names, row, strict=True)) for row in told], KEYS), records


def save(model: LinkageModel, version: str, path: Path = PARAMETERS) -> None:
    """Keep the parameters where `person_model` reads them."""
    document = {"version": version, "comparisons": model.comparisons}
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def main(url: str, version: str) -> None:
    """Train on the warehouse at `url` and keep the result under `version`."""
    with psycopg.connect(url) as connection:
        _, records = open_records(connection, load_settings())
    model, frequencies = train_persons(records)
    pyarrow.csv.write_csv(frequencies, FREQUENCIES)
    save(model, version)


if __name__ == "__main__":
    main(*sys.argv[1:3])
