"""What Dagster keeps of a build by dbt: every model and test under its name, and what failed."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster_dbt import dbt_assets

from orchestration.dbt import dbt_environment, run_dbt
from orchestration.dbt_build import build
from orchestration.settings import settings

FILES = {
    "dbt_project.yml": "{name: small, profile: lienthong, models: {+materialized: table}}",
    "models/good.sql": "select 1 as id union all select 1",
    "models/bad.sql": "select 1 / (select 0) as id",
    "models/tests.yml": """
models:
  - name: good
    columns: [{name: id, data_tests: [not_null, {unique: {config: {severity: warn}}}]}]
""",
}


@pytest.fixture
def built(warehouse_url: str, tmp_path: Path) -> dg.ExecuteInProcessResult:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    environment = dbt_environment(settings(), warehouse_url) | {"DBT_PROJECT_DIR": str(tmp_path)}
    run_dbt(["list"], environment)  # leaves the manifest

    @dbt_assets(manifest=Path(environment["DBT_TARGET_PATH"]) / "manifest.json")
    def models(context: dg.AssetExecutionContext) -> Any:
        yield from build(context, environment)

    return dg.materialize([models], raise_on_error=False)


def test_what_was_built_and_tested_is_kept_and_what_failed_is_named(built: dg.ExecuteInProcessResult) -> None:
    assert not built.success
    (model,) = built.asset_materializations_for_node("models")
    assert model.asset_key == dg.AssetKey("good")
    assert model.metadata["unique_id"].value == "model.small.good"
    assert model.metadata["Execution Duration"].value > 0  # type: ignore[operator]
    judged = {c.check_name: (c.passed, c.severity) for c in built.get_asset_check_evaluations()}
    assert judged["unique_good_id"] == (False, dg.AssetCheckSeverity.WARN)
    assert judged["not_null_good_id"][0]
    (failure,) = [e.step_failure_data.error for e in built.all_events if e.is_step_failure]
    assert failure is not None
    cause = failure.cause or failure
    assert "dbt build failed at model.small.bad; see" in cause.message
    log = Path(cause.message.split("; see ")[1].strip())
    assert "division by zero" in log.read_text()
