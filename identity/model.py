"""Scoring of record pairs with Splink: which pairs to look at, and how much each one weighs.

The engine (`LinkageModel`) knows nothing of persons: it takes a table of features with `unique_id`,
blocking rules, comparisons and trained parameters. `person_model` and `score` put it to work on linkage
records (`identity.features`). Scoring is a pure function of the two records and the model: a weight does
not change because other records came or went, so only pairs of changed records need scoring again.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import yaml

from identity.comparisons import COMPARISONS, Comparison

HERE = Path(__file__).parent
SETTINGS = HERE / "settings.yml"
PARAMETERS = HERE / "model.json"

#: One row a scored pair, `left` < `right`; `levels` and `weights` go with the names of the comparisons.
SCORED_PAIR = pa.schema(
    [
        ("left", pa.int64()),
        ("right", pa.int64()),
        ("weight", pa.float64()),
        ("probability", pa.float64()),
        ("vector", pa.string()),
    ]
)


@dataclass(frozen=True)
class BlockingRule:
    """A pair is a candidate when `left` keys of one record equal `right` keys of the other, none null.

    Without `settled`, one of the two must be open (`is_open`).
    """

    left: tuple[str, ...]
    right: tuple[str, ...]
    settled: bool = False


@dataclass(frozen=True)
class LinkageModel:
    """Comparisons with their trained parameters, and the rules that pick the pairs worth comparing.

    `hopeless` is SQL over l and r: candidates for which it is true are never scored. `doubtful` is SQL over the levels
    (gamma_<comparison>): such pairs weigh at most `doubtful_weight`, whatever their bits add up to.
    """

    comparisons: tuple[Comparison, ...]
    blocking: tuple[BlockingRule, ...]
    prior: float
    version: str = "untrained"
    hopeless: str = "false"
    doubtful: str = "false"
    doubtful_weight: float = 0.0
    largest_block: int = 3000

    @cached_property
    def settings(self) -> dict[str, Any]:
        """The model as Splink reads it."""
        return {
            "link_type": "dedupe_only",
            "unique_id_column_name": "unique_id",
            "probability_two_random_records_match": self.prior,
            "comparisons": [dict(c) for c in self.comparisons],
            "blocking_rules_to_generate_predictions": [],
            "retain_matching_columns": True,  # without it the levels themselves are not returned
            "retain_intermediate_calculation_columns": True,
            "max_iterations": 50,
        }

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the comparisons in order."""
        return tuple(c["output_column_name"] for c in self.comparisons)

    def candidates(self, connection: duckdb.DuckDBPyConnection) -> int:
        """Fill table `candidate (join_key_l, join_key_r, match_key)` from table `feature`; return how many.

        With a table `changed (unique_id)` present only pairs that touch it are candidates.
        """
        sides = [("feature", "feature")]
        if _has_table(connection, "changed"):
            connection.execute(
                "create or replace table changed_feature as from feature semi join changed using (unique_id)"
            )
            sides = [("changed_feature", "feature"), ("feature", "changed_feature")]
        parts = [
            self._rule_sql(number, rule, *tables)
            for number, rule in enumerate(self.blocking)
            for tables in (sides if rule.left != rule.right else sides[:1])
        ]
        connection.execute(
            f"""
            create or replace table candidate as
            select least(a, b) as join_key_l, greatest(a, b) as join_key_r, min(rule)::varchar as match_key
            from ({" union all ".join(parts)}) group by all
            """
        )
        row = connection.execute("select count(*) from candidate").fetchone()
        return int(row[0]) if row else 0

    def _rule_sql(self, number: int, rule: BlockingRule, left: str, right: str) -> str:
        on = " and ".join(f"l.{a} = r.{b}" for a, b in zip(rule.left, rule.right, strict=True))
        keys = ", ".join(rule.right)
        known = " and ".join(f"{key} is not null" for key in rule.right)
        if rule.left != rule.right or left != right:
            sides = "l.unique_id <> r.unique_id" + ("" if rule.settled else " and (l.is_open or r.is_open)")
        elif rule.settled:
            sides = "l.unique_id < r.unique_id"
        else:  # only open records on the left: a tenth of the work
            sides = "l.is_open and l.unique_id <> r.unique_id and (not r.is_open or l.unique_id < r.unique_id)"
        return f"""
            select l.unique_id as a, r.unique_id as b, {number} as rule
            from {left} as l
            inner join (
                from {right} anti join (
                    select {keys} from {right} where {known} group by {keys} having count(*) > {self.largest_block}
                ) as crowded using ({keys})
            ) as r on {on}
            where {sides} and not coalesce({self.hopeless}, false)
            """

    def score(self, connection: duckdb.DuckDBPyConnection, least_weight: float) -> pa.Table:
        """Score the pairs of table `candidate` over table `feature`; those of at least `least_weight`, best first."""
        if not self.candidates_exist(connection):
            return SCORED_PAIR.empty_table()
        from splink import DuckDBAPI, Linker

        logging.getLogger("splink").setLevel(logging.WARNING)
        connection.execute(
            """
            create or replace table compared as
            select * from feature where unique_id in (
                select join_key_l from candidate union select join_key_r from candidate
            )
            """
        )
        api = DuckDBAPI(connection)
        linker = Linker(api.register("compared"), self.settings, log_level=None, validate_settings=False)
        linker.table_management.register_blocked_pairs_for_predict(api.register("candidate"))
        found = linker.inference.predict(threshold_match_weight=least_weight, warning_mode="never")
        terms = {c["output_column_name"] for c in self.comparisons if "tf_adjustment_column" in str(c)}
        vector = ", ".join(
            f"'{n}', [gamma_{n}, round(mw_{n}{f' + mw_tf_adj_{n}' if n in terms else ''}, 2)]" for n in self.names
        )
        table: pa.Table = connection.sql(
            f"""
            select unique_id_l as "left", unique_id_r as "right",
                case when {self.doubtful} then least(match_weight, {self.doubtful_weight}) else match_weight end
                as weight,
                match_probability as probability, json_object({vector})::varchar as vector
            from {found.physical_name} order by weight desc, "left", "right"
            """
        ).to_arrow_table()
        return table

    @staticmethod
    def candidates_exist(connection: duckdb.DuckDBPyConnection) -> bool:
        """Whether table `candidate` has a row."""
        return connection.execute("select 1 from candidate limit 1").fetchone() is not None


def _has_table(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    found = connection.execute("select 1 from duckdb_tables() where table_name = $1", [name]).fetchone()
    return found is not None


def connect() -> duckdb.DuckDBPyConnection:
    """A DuckDB of its own, in memory."""
    connection = duckdb.connect()
    connection.execute("set preserve_insertion_order = false; set enable_progress_bar = false")
    return connection


def load_settings(path: Path = SETTINGS) -> dict[str, Any]:
    """The linkage settings (see the comments in settings.yml)."""
    settings: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return settings


def blocking_rules(settings: Mapping[str, Any]) -> tuple[BlockingRule, ...]:
    """The blocking rules of the settings."""
    return tuple(
        BlockingRule(
            left=tuple(rule.get("left", rule.get("keys"))),
            right=tuple(rule.get("right", rule.get("keys"))),
            settled=rule.get("settled", False),
        )
        for rule in settings["blocking"]
    )


#: Two usable ids more than one digit apart are two people; nothing else needs to be compared.
_TWO_PEOPLE = "not l.is_open and not r.is_open and damerau_levenshtein(l.personal_id, r.personal_id) > 1"


#: A name, a year of birth and a day of admission are for people to decide: nothing that identifies agrees.
_FOR_PEOPLE = (
    "gamma_birth < 4 and gamma_hometown < 3 and greatest(gamma_personal_id, gamma_old_identity_no, "
    "gamma_old_party_card_no) <= 0"
)


def person_model(settings: Mapping[str, Any] | None = None, parameters: Path = PARAMETERS) -> LinkageModel:
    """The model of persons with the parameters kept in the repository (untrained when there are none)."""
    settings = settings or load_settings()
    trained = json.loads(parameters.read_text(encoding="utf-8")) if parameters.exists() else {}
    return LinkageModel(
        comparisons=tuple(trained.get("comparisons", COMPARISONS)),
        blocking=blocking_rules(settings),
        prior=settings["prior"]["partners_per_record"] / settings["prior"]["records"],
        version=trained.get("version", "untrained"),
        hopeless=_TWO_PEOPLE,
        doubtful=_FOR_PEOPLE,
        doubtful_weight=settings["thresholds"]["link"] - 0.01,
        largest_block=settings["largest_block"],
    )


def score(
    records: pa.Table,
    changed: Iterable[int] | None = None,
    *,
    decided: pa.Table | None = None,
    settings: Mapping[str, Any] | None = None,
) -> pa.Table:
    """Weigh the pairs of linkage records that deterministic rules left open (SCORED_PAIR, at least the review weight).

    `decided` (left, right) are the pairs that rules joined: they are not weighed.

    `records` are open linkage records (LINKAGE_RECORD); with `changed` only pairs that touch those `record_id`
    are weighed, each as it would be among all. Then the changed records and those that share a blocking key
    with one of them are records enough.
    """
    from identity.features import make_features

    settings = settings or load_settings()
    model = person_model(settings)
    with connect() as connection:
        make_features(connection, records, settings["most_holders"])
        if decided is not None:
            connection.register("decided_pair", decided)
        if changed is not None:
            ids = pa.table({"unique_id": pa.array(sorted(set(changed)), pa.int64())})
            connection.register("changed_ids", ids)
            connection.execute("create or replace table changed as select unique_id from changed_ids")
        model.candidates(connection)
        if decided is not None:
            connection.execute(
                "create or replace table candidate as from candidate as c anti join decided_pair as d"
                " on c.join_key_l = least(d.left, d.right) and c.join_key_r = greatest(d.left, d.right)"
            )
        return model.score(connection, settings["thresholds"]["review"])
