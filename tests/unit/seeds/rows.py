"""The reference seeds as rows, and which of them are valid on a day."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

SEEDS = Path(__file__).parents[3] / "dbt_project" / "seeds"
FILES = sorted(SEEDS.glob("*.csv"))
BEFORE, AFTER = date(2026, 4, 29), date(2026, 4, 30)


def read(name):
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def day(text, default=None):
    return date.fromisoformat(text) if text else default


def valid_on(row, on):
    return day(row["valid_from"]) <= on < day(row["valid_to"], date.max)


def current(units, level, on=AFTER, code_set="34"):
    return [u for u in units if u["level"] == level and u["code_set"] == code_set and valid_on(u, on)]
