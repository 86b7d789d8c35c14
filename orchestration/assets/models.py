"""Reference data, persons and dbt's models as assets."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets

from orchestration.assets.raw import record_key
from orchestration.candidate import record_candidate
from orchestration.dbt import dbt_environment
from orchestration.dbt_build import build
from orchestration.progress import progress
from orchestration.reference import load_reference
from orchestration.resources import NightResource, ensure_sample
from orchestration.rule_table import register_rules
from orchestration.views import ensure_operational_views
from orchestration.warehouse import connect, prepare

PERSON_LINK = dg.AssetKey(["identity", "person_link"])


class Translator(DagsterDbtTranslator):
    """Names dbt's nodes as the warehouse does: schema, then relation."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Schema and relation, for models, seeds and source tables alike."""
        return dg.AssetKey(
            [dbt_resource_props["schema"], dbt_resource_props.get("alias") or dbt_resource_props["name"]]
        )

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The layer."""
        return str(dbt_resource_props["schema"])

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        """The owner a model names, else the warehouse team."""
        return [dbt_resource_props.get("meta", {}).get("owner", "team:warehouse")]


def build_model_assets(manifest: Path) -> list[dg.AssetsDefinition]:
    """Seeds, the person step and models; snapshots are the release's."""

    # The tests of seeds run with the models: loading a file tests nothing.
    loading = Translator(DagsterDbtTranslatorSettings(enable_asset_checks=False))

    @dbt_assets(name="reference", manifest=manifest, select="resource_type:seed", dagster_dbt_translator=loading)
    def reference(context: dg.AssetExecutionContext, night: NightResource) -> Iterator[dg.MaterializeResult]:
        if ensure_sample(night.settings, night.date, progress()):
            context.log.info("sample sources built in %s", night.settings.sample)
        with connect(night.url, autocommit=True) as connection:
            prepare(connection)
            register_rules(connection)
            ensure_operational_views(connection)
            progress().stage("Danh mục dùng chung")
            for seed in load_reference(connection):
                key = dg.AssetKey(["reference", seed.name])
                if key in context.selected_asset_keys:
                    yield dg.MaterializeResult(key, metadata={"dagster/row_count": seed.rows, "loaded": seed.loaded})

    @dg.asset(
        key=PERSON_LINK,
        deps=[record_key("member"), record_key("cadre")],
        group_name="identity",
        kinds={"postgres"},
        owners=["team:warehouse"],
        description="Which person each record of a member or cadre belongs to",
    )
    def person_link(night: NightResource) -> dg.MaterializeResult:
        from identity.step import link_persons

        progress().stage("Liên kết nhân thân")
        with connect(night.url) as connection:
            summary = link_persons(connection, night.date)
        return dg.MaterializeResult(metadata=dict(vars(summary)))

    @dbt_assets(
        name="models",
        manifest=manifest,
        exclude="resource_type:seed resource_type:snapshot resource_type:unit_test",
        dagster_dbt_translator=Translator(),
    )
    def models(context: dg.AssetExecutionContext, night: NightResource) -> Iterator[Any]:
        progress().stage("Dựng mô hình dữ liệu")
        environment = dbt_environment(night.settings, night.url, night.date)
        with record_candidate(night.url, context.run_id, night.date, whole=not context.is_subset):
            yield from build(context, environment)

    return [reference, person_link, models]
