"""What Dagster loads: every asset with its neighbours, checks and schedule, held by a snapshot.

A change of a key, group or dependency shows in the difference of `assets.json`; write it again with
`make snapshot`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from orchestration.definitions import build_definitions
from orchestration.settings import PROJECT, settings
from sources.registry import load_sources
from tests.conftest import remember_models

SNAPSHOT = Path(__file__).parent / "assets.json"


@pytest.fixture(scope="module")
def definitions(parsed_models: Path, tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    os.environ["LIENTHONG_HOME"] = str(tmp_path_factory.mktemp("definitions"))
    remember_models(parsed_models, settings().home)
    return build_definitions(settings())


def described(definitions: dg.Definitions) -> dict[str, Any]:
    graph = definitions.resolve_asset_graph()
    return {
        key.to_user_string(): {
            "deps": sorted(parent.to_user_string() for parent in graph.get(key).parent_keys),
            "group": graph.get(key).group_name,
            "kinds": sorted(graph.get(key).kinds),
            "owners": sorted(graph.get(key).owners),
            "checks": sorted(check.name for check in graph.get(key).check_keys),
            "described": bool(graph.get(key).description),
        }
        for key in sorted(graph.get_all_asset_keys())
    }


def test_all_assets_are_as_the_snapshot_has_them(definitions: dg.Definitions) -> None:
    now = described(definitions)
    if os.environ.get("UPDATE_SNAPSHOT"):
        SNAPSHOT.write_text(json.dumps(now, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    assert now == json.loads(SNAPSHOT.read_text(encoding="utf-8"))


def test_every_kind_of_every_source_is_an_asset_with_a_check_and_a_freshness_policy(
    definitions: dg.Definitions,
) -> None:
    specs = {spec.key: spec for spec in definitions.resolve_all_asset_specs()}
    kinds = [(s, kind) for s in load_sources(PROJECT / "sources" / "registry").values() for kind in s.kinds]
    assert len(kinds) >= 160
    for source, kind in kinds:
        spec = specs[dg.AssetKey(["raw", source.code, kind])]
        assert spec.freshness_policy is not None
        assert spec.metadata["dagster/column_schema"].columns


def test_everything_is_described_owned_and_grouped(definitions: dg.Definitions) -> None:
    made = {key.to_user_string() for key in definitions.resolve_asset_graph().executable_asset_keys}
    for key, asset in described(definitions).items():
        if key in made:
            assert asset["described"], key
            assert asset["owners"], key
            assert asset["group"] not in (None, "default"), key


def test_the_night_begins_at_one_in_hanoi(definitions: dg.Definitions) -> None:
    schedule = definitions.resolve_schedule_def("nightly_0100")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 1 * * *", "Asia/Ho_Chi_Minh")


def test_dagster_finds_the_definitions_valid(parsed_models: Path, tmp_path: Path) -> None:
    remember_models(parsed_models, tmp_path / "home")
    dagster = Path(sys.executable).parent / "dagster"
    done = subprocess.run(
        [str(dagster), "definitions", "validate", "-w", str(PROJECT / "workspace.yaml")],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=os.environ | {"LIENTHONG_HOME": str(tmp_path / "home"), "DAGSTER_HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert "Validation successful" in done.stderr + done.stdout
