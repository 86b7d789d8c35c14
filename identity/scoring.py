"""Evidence by weight: pairs that no rule joined, scored by the trained model and kept with their comparison vectors."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import psycopg

from identity.deterministic import withdraw_evidence

_ADD = """
with added as (
    insert into identity.evidence (left_id, right_id, method, weight, probability, vector, rule_version)
    select left_id, right_id, method, weight, probability, vector::jsonb, %s from found_score
    on conflict (left_id, right_id, method) where withdrawn_at is null do nothing
    returning left_id, right_id
)
insert into touched_pair select left_id, right_id from added
"""


def refresh_scores(
    connection: psycopg.Connection, settings: Mapping[str, Any], dirty: int, *, everything: bool
) -> tuple[int, int]:
    """Weigh the candidate pairs of `dirty` records again; returns (pairs of evidence added, withdrawn)."""
    connection.execute(
        """
        create temporary table found_score (
            left_id bigint, right_id bigint, weight double precision, probability double precision, vector text,
            method text default 'splink'
        ) on commit drop
        """
    )
    version = "none"
    if dirty:
        version = _score(connection, settings, everything=everything)
    connection.execute("create index on found_score (left_id); analyze found_score")
    withdrawn = withdraw_evidence(connection, ["splink"], "found_score", version, "and found.weight = tonight.weight")
    added = connection.execute(_ADD, [version]).rowcount
    return added, withdrawn


def _score(connection: psycopg.Connection, settings: Mapping[str, Any], *, everything: bool) -> str:
    import pyarrow as pa
    import pyarrow.compute
    import pyarrow.csv

    from identity.model import blocking_rules, person_model, score
    from identity.records import load_compared

    joined = connection.execute("select distinct left_id, right_id from found_evidence").fetchall()
    decided = pa.table(
        {"left": pa.array([p[0] for p in joined], pa.int64()), "right": pa.array([p[1] for p in joined], pa.int64())}
    )
    changed = None
    if not everything:
        changed = [r[0] for r in connection.execute("select record_id from dirty").fetchall()]
    near = None if changed is None else (changed, blocking_rules(settings))
    records = load_compared(connection, settings["most_holders"], near)
    scored = score(records, changed, decided=decided, settings=settings)
    if scored.num_rows:
        weights = pa.compute.round(scored["weight"], 4)  # bits; rounded, so that equal is equal
        scored = scored.set_column(scored.schema.get_field_index("weight"), "weight", weights)
        text = io.BytesIO()
        pyarrow.csv.write_csv(scored, text, pyarrow.csv.WriteOptions(include_header=False))
        statement = "copy found_score (left_id, right_id, weight, probability, vector) from stdin (format csv)"
        with connection.cursor().copy(statement) as copy:
            copy.write(text.getvalue())
    return person_model(settings).version
