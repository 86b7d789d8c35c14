"""What dbt's manifest says a release consists of."""

from __future__ import annotations

from typing import Any

import pytest

from orchestration.relations import RelationError, ReleasePlan
from orchestration.sql_session import SqlError, check_statement


def _manifest(target: str = "ref('organisation')", **config: Any) -> dict[str, Any]:
    key = {"type": "primary_key", "columns": ["person_id"]}
    foreign = {"type": "foreign_key", "columns": ["organisation_id"], "to": target}
    once = {"type": "custom", "columns": ["name", "validity"], "expression": "exclude using gist (name with =)"}
    other = {"type": "custom", "columns": ["name"], "expression": "unique nulls not distinct (name)"}
    return {
        "nodes": {
            "model.x.person": {
                "resource_type": "model",
                "name": "person",
                "alias": "person",
                "schema": "core",
                "description": "Người",
                "config": {"contract": {"enforced": True}},
                "constraints": [key, foreign, once, other, {"type": "check", "expression": "true"}],
                "columns": {
                    "full_name": {"description": "Họ và tên", "config": {"meta": {"classification": "P2"}}},
                    "ethnicity": {"description": "Dân tộc", "meta": {"classification": "P3"}},
                },
            },
            "model.x.organisation": {
                "resource_type": "model",
                "name": "organisation",
                "alias": "party_organisation",
                "schema": "core",
                "config": {"contract": {"enforced": False}},
                "constraints": [key],
            },
            "snapshot.x.person": {
                "resource_type": "snapshot",
                "name": "history_person",
                "alias": "person",
                "schema": "history",
                "depends_on": {"nodes": ["model.x.person"]},
                "config": {
                    "unique_key": "person_id",
                    "hard_deletes": "invalidate",
                    "dbt_valid_to_current": "'9999-12-31'",
                    **config,
                },
            },
        }
    }


@pytest.mark.parametrize(
    "target", ["ref('organisation')", "ref('x', 'organisation')", '"db"."core"."party_organisation"']
)
def test_plan_of_a_manifest(target: str) -> None:
    plan = ReleasePlan.of(_manifest(target))
    (person,) = plan.relations
    assert (person.name, person.candidate_schema, person.key, person.comment) == (
        "person",
        "core",
        "person_id",
        "Người",
    )
    assert [c for c in ("full_name", "ethnicity", "dbt_scd_id") if person.hidden(c)] == ["ethnicity", "dbt_scd_id"]
    assert [str(c) for c in plan.constraints] == [
        "core.person exclusion (name, validity)",
        "core.person foreign key (organisation_id) -> core.party_organisation",
        "core.person primary key (person_id)",
    ]


@pytest.mark.parametrize(
    "config", [{"hard_deletes": "ignore"}, {"dbt_valid_to_current": None}, {"unique_key": ["person_id", "day"]}]
)
def test_a_snapshot_that_cannot_be_read_at_a_moment(config: dict[str, Any]) -> None:
    with pytest.raises(RelationError, match="Snapshot person"):
        ReleasePlan.of(_manifest(**config))


def test_a_foreign_key_to_nowhere() -> None:
    with pytest.raises(RelationError, match="refers to ref"):
        ReleasePlan.of(_manifest("ref('nobody')"))


@pytest.mark.parametrize(
    "text", ["select 1;", "  -- a\n/* b */ ( Select 1 )", "WITH a AS (SELECT 1) TABLE a", "explain select 1"]
)
def test_statements_that_read(text: str) -> None:
    assert check_statement(text) == text.strip().rstrip(";")


@pytest.mark.parametrize(
    "text", ["", ";", "-- nothing", "drop table x", "set role x", "do $$$$", "copy x to stdout", "selected"]
)
def test_statements_that_do_not(text: str) -> None:
    with pytest.raises(SqlError):
        check_statement(text)
