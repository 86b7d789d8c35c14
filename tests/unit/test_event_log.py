"""The night's event log writes the files that Dagster's own pages read."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
from dagster._core.instance.ref import InstanceRef

from orchestration.event_log import night_instance


@dg.asset(check_specs=[dg.AssetCheckSpec("whole", asset="record")])
def record():
    yield dg.MaterializeResult(metadata={"rows": 3})
    yield dg.AssetCheckResult(passed=False, check_name="whole", metadata={"broken": 1})


def test_what_a_night_keeps_is_read_by_dagster_itself(tmp_path: Path) -> None:
    with night_instance(tmp_path) as instance:
        night = dg.materialize([record], instance=instance)
        told = [e.event_type_value for e in night.all_events]
    with dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(tmp_path))) as pages:
        kept = pages.all_logs(night.run_id)
        made = pages.get_latest_materialization_event(dg.AssetKey("record"))
        judged = pages.all_logs(night.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    assert [e.dagster_event.event_type_value for e in kept if e.dagster_event][-len(told) :] == told
    assert made is not None
    assert made.asset_materialization is not None
    assert made.asset_materialization.metadata["rows"].value == 3
    assert [e.dagster_event.asset_check_evaluation_data.passed for e in judged if e.dagster_event] == [False]


def test_a_second_night_finds_what_the_first_one_kept(tmp_path: Path) -> None:
    for night in (1, 2):
        with night_instance(tmp_path) as instance:
            dg.materialize([record], instance=instance)
            assert len(instance.fetch_materializations(dg.AssetKey("record"), limit=9).records) == night
