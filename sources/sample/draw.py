"""Seeded draws over whole columns: every stage has its own stream, so stages do not disturb each other."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def stream(seed: int, stage: str) -> np.random.Generator:
    """The random stream of one stage of one world."""
    return np.random.default_rng([seed, zlib.crc32(stage.encode())])


def pick(rng: np.random.Generator, weights: Mapping[str, float], n: int) -> pl.Series:
    """`n` draws from the keys of `weights` (weights need not sum to one)."""
    share = np.fromiter(weights.values(), dtype=float)
    index = rng.choice(len(share), size=n, p=share / share.sum())
    return pl.Series(list(weights), dtype=pl.String).gather(index)


def choose(rng: np.random.Generator, values: Sequence[str], n: int) -> pl.Series:
    """`n` draws from `values`, all alike."""
    return pl.Series(values, dtype=pl.String).gather(rng.integers(0, len(values), n))


def flags(rng: np.random.Generator, share: float, n: int) -> Flags:
    """`n` booleans of which `share` are true; at least one is true where `share` and `n` are not zero."""
    drawn: Flags = rng.random(n) < share
    if share > 0 and n and not drawn.any():
        drawn[int(rng.integers(0, n))] = True
    return drawn


def exactly(rng: np.random.Generator, count: int, n: int) -> Flags:
    """`n` booleans of which exactly `count` (at most `n`) are true."""
    drawn = np.zeros(n, dtype=bool)
    drawn[rng.permutation(n)[: min(count, n)]] = True
    return drawn


def shared_out(total: int, weights: npt.NDArray[np.float64], least: int = 0) -> Integers:
    """`total` split by `weights` into whole parts of at least `least`, by largest remainder."""
    spare = max(total - least * len(weights), 0)
    exact = spare * weights / weights.sum()
    parts = np.floor(exact).astype(np.int64)
    order = np.argsort(parts - exact, kind="stable")
    parts[order[: spare - int(parts.sum())]] += 1
    return np.asarray(parts + least, dtype=np.int64)


def numbered(group: pl.Series, modulus: int, factor: int, seed: int) -> pl.Series:
    """A number below `modulus`, unique inside each group: an affine walk with a start of the group's own.

    `factor` must be coprime to `modulus`; no group may have more than `modulus` rows.
    """
    frame = pl.DataFrame({"group": group}).with_columns(
        rank=pl.int_range(pl.len(), dtype=pl.Int64).over("group"),
        start=pl.col("group").rank("dense").cast(pl.Int64) * 7919 + seed * 104729,
    )
    return frame.select((pl.col("rank") * factor + pl.col("start")) % modulus).to_series()


def days(rng: np.random.Generator, low: int, high: int, n: int) -> pl.Expr:
    """A duration of at least `low` and less than `high` days for each of `n` rows."""
    return pl.duration(days=pl.lit(pl.Series(rng.integers(low, high, n))))
