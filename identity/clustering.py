"""From evidence and decisions to clusters of records, each one person: a pure step, the same for any order of input.

Evidence joins records; guards keep a cluster from holding what one person cannot have; stewards' decisions
stand above both. Where a guard forbids, the weakest evidence gives way: links are taken from strongest to
weakest, and one that would join what must not be joined is broken, with its reason, and goes to review.
One personal id of a cluster stands, one that most of its records carry (`identity.conflicts` says which); every
other must be one slip of it, whichever of those that as many records carry that is.
Only clusters in which a guard has something to say are walked through link by link.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from identity.identifiers import one_digit_apart

DECISIONS = ("same", "different", "cannot tell")
_EDGE = {"left": pl.Int64, "right": pl.Int64, "weight": pl.Float64, "method": pl.String}
_REASON = {**_EDGE, "reason": pl.String}


@dataclass(frozen=True)
class Guards:
    """Weights in bits: `link` joins, from `review` on a steward is asked; the rest are limits of one cluster."""

    link: float
    review: float
    cluster_size: int = 12
    digits_apart: int = 1

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Guards:
        """The guards of settings.yml."""
        return cls(**settings["thresholds"], **settings["guards"])


@dataclass(frozen=True)
class Clustering:
    """`members`: record_id, cluster (its smallest record_id). The others: left, right, weight, method, reason.

    Reasons: “two personal ids”, “two birth dates”, “cluster too large”, “decided different”, “decisions
    contradict”; in `review` also “between the thresholds”. One review item a pair of clusters.
    """

    members: pl.DataFrame
    broken: pl.DataFrame
    review: pl.DataFrame


def births_reconcilable(left: date, right: date) -> bool:
    """Whether one slip (day and month swapped, one digit, the year before or after) explains two whole birth dates."""
    if (left.day, left.month) == (right.day, right.month):
        return abs(left.year - right.year) <= 1 or one_digit_apart(str(left.year), str(right.year))
    if left.year != right.year:
        return False
    swapped = (left.day, left.month) == (right.month, right.day)
    return swapped or one_digit_apart(f"{left:%d%m}", f"{right:%d%m}")


def ids_reconcilable(left: str, right: str, digits_apart: int) -> bool:
    """Whether two valid personal ids may be one number, mistyped once."""
    return left == right or (digits_apart > 0 and one_digit_apart(left, right))


@dataclass
class _Cluster:
    """A cluster in the making: what its records say, and whom it may not meet."""

    records: set[int]
    ids: Counter[str]
    births: set[date]
    apart: set[int] = field(default_factory=set)
    pardoned: set[frozenset[object]] = field(default_factory=set)

    def objection(self, other: _Cluster, guards: Guards) -> str | None:
        """Why the two cannot be one person, None when they can."""
        if self.apart & other.records:
            return "decided different"
        pardoned = self.pardoned | other.pardoned
        carried = self.ids + other.ids
        most = max(carried.values(), default=0)
        for standing in (number for number, records in carried.items() if records == most):
            for number in carried:
                if (
                    not ids_reconcilable(standing, number, guards.digits_apart)
                    and frozenset((standing, number)) not in pardoned
                ):
                    return "two personal ids"
        for c in self.births:
            for d in other.births:
                if not births_reconcilable(c, d) and frozenset((c, d)) not in pardoned:
                    return "two birth dates"
        if len(self.records) + len(other.records) > guards.cluster_size:
            return "cluster too large"
        return None

    def take_in(self, other: _Cluster, *, decided: bool) -> None:
        """Become one with `other`; what a steward joined stays joined, whatever it says."""
        if decided:
            self.pardoned |= {frozenset((a, b)) for a in self.ids for b in other.ids if a != b}
            self.pardoned |= {frozenset((c, d)) for c in self.births for d in other.births if c != d}
        self.records |= other.records
        self.ids += other.ids
        self.births |= other.births
        self.apart |= other.apart
        self.pardoned |= other.pardoned


def cluster(records: pl.DataFrame, evidence: pl.DataFrame, decisions: pl.DataFrame, guards: Guards) -> Clustering:
    """Cluster `records` (record_id, personal_id where valid, birth_date where whole).

    `evidence`: left, right, weight (bits), method; several rows a pair count by the strongest. `decisions`:
    left, right, verdict (DECISIONS), one standing decision a pair. Pairs may stand in either order; records
    that are not in `records` are passed over.
    """
    records = records.select("record_id", "personal_id", "birth_date").sort("record_id")
    ids = records["record_id"]
    decided = _in_order(decisions, ids).unique(["left", "right"], keep="first").sort("left", "right")
    pairs = _strongest(_in_order(evidence, ids)).join(decided, on=["left", "right"], how="left", maintain_order="left")
    same = decided.filter(pl.col("verdict") == "same").select(
        "left", "right", pl.lit(float("inf")).alias("weight"), pl.lit("decision").alias("method")
    )
    open_pairs = pairs.filter(pl.col("verdict").is_null()).drop("verdict")
    links = pl.concat([same, open_pairs.filter(pl.col("weight") >= guards.link)])
    label = components(ids, links)
    apart = decided.filter(pl.col("verdict") == "different")
    guarded = _guarded(records, label, apart, links, guards)
    broken = pl.DataFrame(schema=_REASON)
    if len(guarded):
        label, broken = _walk(records.with_columns(cluster=label), links, apart, guarded, guards)
    members = pl.DataFrame({"record_id": ids, "cluster": label})
    return Clustering(members, broken, _review(members, open_pairs, broken, guards))


def _in_order(pairs: pl.DataFrame, ids: pl.Series) -> pl.DataFrame:
    """Pairs of known records with left < right."""
    known = pl.col("left").is_in(ids.implode()) & pl.col("right").is_in(ids.implode())
    return pairs.with_columns(
        left=pl.min_horizontal("left", "right").cast(pl.Int64), right=pl.max_horizontal("left", "right").cast(pl.Int64)
    ).filter(known & (pl.col("left") != pl.col("right")))


def _strongest(evidence: pl.DataFrame) -> pl.DataFrame:
    """One row a pair, by weight and then method, strongest pairs first."""
    return (
        evidence.select(pl.col(name).cast(kind) for name, kind in _EDGE.items())
        .sort("weight", "left", "right", "method", descending=[True, False, False, False])
        .unique(["left", "right"], keep="first", maintain_order=True)
    )


def components(ids: pl.Series, links: pl.DataFrame) -> pl.Series:
    """The smallest record_id that `links` (left, right) lead to, for each of the sorted `ids`."""
    n = len(ids)
    keys = ids.to_numpy()
    left, right = (np.searchsorted(keys, links[c].to_numpy()) for c in ("left", "right"))
    graph = coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(n, n))
    _, component = connected_components(graph, directed=False)
    first = np.full(component.max(initial=-1) + 1, n, dtype=np.int64)
    np.minimum.at(first, component, np.arange(n))
    return pl.Series("cluster", keys[first[component]] if n else keys, dtype=pl.Int64)


def _guarded(
    records: pl.DataFrame, label: pl.Series, apart: pl.DataFrame, links: pl.DataFrame, guards: Guards
) -> pl.Series:
    """Components in which some guard may object: told apart by counts, so that all others cost nothing."""
    linked = pl.concat([links["left"], links["right"]]).unique()
    several = records.with_columns(cluster=label).filter(pl.col("record_id").is_in(linked.implode()))
    counted = several.group_by("cluster").agg(
        size=pl.len(),
        ids=pl.col("personal_id").drop_nulls().n_unique(),
        births=pl.col("birth_date").drop_nulls().n_unique(),
    )
    suspicious = counted.filter((pl.col("ids") > 1) | (pl.col("births") > 1) | (pl.col("size") > guards.cluster_size))[
        "cluster"
    ]
    of = pl.DataFrame({"left": records["record_id"], "cluster": label})
    inside = apart.join(of, on="left").join(of.rename({"left": "right", "cluster": "other"}), on="right")
    divided = inside.filter(pl.col("cluster") == pl.col("other"))["cluster"]
    return suspicious.append(divided).unique().sort()


def _walk(
    labelled: pl.DataFrame, links: pl.DataFrame, apart: pl.DataFrame, guarded: pl.Series, guards: Guards
) -> tuple[pl.Series, pl.DataFrame]:
    """Join the records of guarded components again, decisions first, then from the strongest link to the weakest."""
    mine = labelled.filter(pl.col("cluster").is_in(guarded.implode()))
    home: dict[int, _Cluster] = {
        record: _Cluster({record}, Counter([number] if number else []), {born} if born else set())
        for record, number, born in mine.select("record_id", "personal_id", "birth_date").iter_rows()
    }
    for left, right in apart.select("left", "right").iter_rows():
        if left in home and right in home:
            home[left].apart.add(right)
            home[right].apart.add(left)
    todo = (
        links.filter(pl.col("left").is_in(mine["record_id"].implode()))
        .sort("weight", "left", "right", descending=[True, False, False])
        .rows()
    )
    broken: list[tuple[object, ...]] = []
    joined = True
    while joined:  # again for links that were broken before a later one made them possible
        joined, broken = False, []
        for left, right, weight, method in todo:
            a, b = home[left], home[right]
            if a is b:
                continue
            decided = method == "decision"
            objection = ("decisions contradict" if a.apart & b.records else None) if decided else a.objection(b, guards)
            if objection:
                broken.append((left, right, weight, method, objection))
                continue
            joined = True
            if len(a.records) < len(b.records):
                a, b = b, a
            a.take_in(b, decided=decided)
            for record in b.records:
                home[record] = a
    renamed = {record: min(found.records) for record, found in home.items()}
    moved = pl.DataFrame(
        {"record_id": list(renamed), "moved": list(renamed.values())}, schema={"record_id": pl.Int64, "moved": pl.Int64}
    )
    told = labelled.join(moved, on="record_id", how="left", maintain_order="left")
    return told.select(pl.coalesce("moved", "cluster").alias("cluster")).to_series(), pl.DataFrame(
        broken, schema=_REASON, orient="row"
    )


def _review(members: pl.DataFrame, open_pairs: pl.DataFrame, broken: pl.DataFrame, guards: Guards) -> pl.DataFrame:
    """What a steward should look at: the strongest open pair between any two clusters."""
    doubtful = open_pairs.filter((pl.col("weight") >= guards.review) & (pl.col("weight") < guards.link)).with_columns(
        reason=pl.lit("between the thresholds")
    )
    items = pl.concat([broken.filter(pl.col("reason") != "decided different"), doubtful.select(list(_REASON))])
    for side in ("left", "right"):
        of = members.rename({"record_id": side, "cluster": f"{side}_cluster"})
        items = items.join(of, on=side, maintain_order="left")
    return (
        items.filter(pl.col("left_cluster") != pl.col("right_cluster"))
        .with_columns(
            near=pl.min_horizontal("left_cluster", "right_cluster"),
            far=pl.max_horizontal("left_cluster", "right_cluster"),
        )
        .sort("weight", "left", "right", descending=[True, False, False])
        .unique(["near", "far"], keep="first", maintain_order=True)
        .select(list(_REASON))
    )
