"""Everything Dagster loads: assets, checks, the nightly job and its schedule."""

from __future__ import annotations

import dagster as dg

from orchestration.assets.models import build_model_assets
from orchestration.assets.raw import build_raw_assets
from orchestration.assets.release import build_release_asset
from orchestration.dbt import ensure_manifest
from orchestration.resources import NightResource
from orchestration.settings import TIMEZONE, Settings, settings
from sources.registry import load_sources

CANDIDATE_SCHEMAS = ("core", "marts")


def build_definitions(configuration: Settings) -> dg.Definitions:
    """Definitions of one installation: its registry decides which raw assets there are."""
    models = build_model_assets(ensure_manifest(configuration))
    candidates = [key for asset in models for key in asset.keys if key.path[0] in CANDIDATE_SCHEMAS]
    nightly = dg.define_asset_job("nightly", selection=dg.AssetSelection.all(), description="The whole night")
    return dg.Definitions(
        assets=[build_raw_assets(load_sources(configuration.registry)), *models, build_release_asset(candidates)],
        jobs=[nightly],
        schedules=[
            dg.ScheduleDefinition(
                name="nightly_0100",
                job=nightly,
                cron_schedule="0 1 * * *",
                execution_timezone=str(TIMEZONE),
                default_status=dg.DefaultScheduleStatus.RUNNING,
            )
        ],
        resources={"night": NightResource()},
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Definitions of the installation that the environment names."""
    return build_definitions(settings())
