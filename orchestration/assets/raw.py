"""One asset for each kind of each source, and one for each record that they add up to.

All are made by one subsettable multi-asset, so that sources are taken in side by side. A source that
fails gets its red check and no materialisation, and the others go on. The assets of the records stand
at the end of the same step: Dagster would skip whatever depended on a source that yielded nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import dagster as dg
import psycopg

from orchestration.candidate import has_changed
from orchestration.intake import BatchOutcome
from orchestration.intake_pool import Delivery, Night, take_in_all
from orchestration.progress import progress
from orchestration.resources import NightResource, source_environment
from orchestration.source_table import register_sources
from orchestration.warehouse import connect
from sources import partitions
from sources.contract import KINDS, RECORDS, load_contracts
from sources.registry import Source

CHECK = "intake"
#: Ids are judged against the prefixes of this seed, so it is loaded before anything is taken in.
IDENTITY_PREFIX = dg.AssetKey(["reference", "identity_prefix"])


def source_key(source: Source, kind: str) -> dg.AssetKey:
    """Key of the asset of one kind of one source."""
    return dg.AssetKey(["raw", source.code, kind])


def record_key(record: str) -> dg.AssetKey:
    """Key of the asset of one record of all sources; dbt names its source table the same."""
    return dg.AssetKey(["raw", record])


def source_spec(source: Source, kind: str) -> dg.AssetSpec:
    """What Dagster shows of one kind of one source."""
    contracts = load_contracts()
    records = source.records_of(kind)
    systems = {source.systems[source.records[r].system].connector for r in records}
    columns = [
        dg.TableColumn(f"{record}.{p.name}", p.physical_type, p.business_name)
        for record in records
        for p in contracts[record].properties
        if p.name in source.records[record].columns
    ]
    return dg.AssetSpec(
        source_key(source, kind),
        description=f"{source.name}: {', '.join(contracts[r].business_name for r in records)}",
        group_name=f"source_{source.code.lower()}",
        kinds={"postgres", *systems},
        owners=[f"team:source_{source.code.lower()}"],
        tags={"lienthong/source": source.code, "lienthong/kind": kind},
        metadata={"dagster/column_schema": dg.TableSchema(columns=columns), "records": list(records)},
        freshness_policy=dg.FreshnessPolicy.time_window(timedelta(hours=source.freshness_hours)),
        code_version="+".join(contracts[r].version for r in records),
        deps=[IDENTITY_PREFIX],
        skippable=True,
    )


def record_spec(record: str, sources: Mapping[str, Source]) -> dg.AssetSpec:
    """What Dagster shows of one record of all sources together."""
    contract = load_contracts()[record]
    columns = [
        dg.TableColumn(p.name, p.physical_type, p.business_name, tags={"classification": p.classification})
        for p in contract.properties
    ]
    return dg.AssetSpec(
        record_key(record),
        description=contract.purpose,
        group_name="raw",
        kinds={"postgres"},
        owners=["team:warehouse"],
        metadata={"dagster/column_schema": dg.TableSchema(columns=columns)},
        code_version=contract.version,
        deps=[source_key(s, contract.kind) for s in sources.values() if record in s.records],
        skippable=True,
    )


def _counts(outcomes: Sequence[BatchOutcome]) -> dict[str, Any]:
    shown = ("status", "delivered", "accepted", "unchanged", "quarantined")
    return {o.record: dg.MetadataValue.json({name: getattr(o, name) for name in shown}) for o in outcomes}


def _verdicts(outcomes: Sequence[BatchOutcome]) -> dict[str, Any]:
    """How many rules judged each record, and those that rows broke; sentences may name columns and stay out."""
    shown = ("rule_id", "severity", "checked", "failed", "tolerance", "passed", "alarm")
    return {
        f"{o.record} rules": dg.MetadataValue.json(
            {
                "judged": len(o.results),
                "broken": [{name: getattr(r, name) for name in shown} for r in o.results if r.failed],
            }
        )
        for o in outcomes
        if o.results
    }


def results(delivery: Delivery) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """What Dagster is told of one delivery: its check always, the asset only when all of it is good."""
    key = source_key(delivery.source, delivery.kind)
    if delivery.good:
        rows = sum(o.delivered - o.quarantined for o in delivery.outcomes)
        yield dg.MaterializeResult(key, metadata={"dagster/row_count": rows, **_counts(delivery.outcomes)})
    yield dg.AssetCheckResult(
        passed=delivery.good,
        asset_key=key,
        check_name=CHECK,
        severity=dg.AssetCheckSeverity.ERROR,
        description=delivery.reason or None,
        metadata={
            **_counts(delivery.outcomes),
            **_verdicts(delivery.outcomes),
            "alarms": sum(r.failed for o in delivery.outcomes for r in o.results if r.alarm),
        },
    )


def _record_result(connection: psycopg.Connection, record: str) -> dg.MaterializeResult:
    partitions.analyze(connection, record)
    counted = connection.execute(f"select count(*) from raw.{record} where last_batch is null").fetchone()
    return dg.MaterializeResult(record_key(record), metadata={"dagster/row_count": counted[0] if counted else 0})


def build_raw_assets(sources: Mapping[str, Source]) -> dg.AssetsDefinition:
    """The multi-asset of all sources in the registry."""
    deliveries = {source_key(s, kind): Delivery(s, kind) for s in sources.values() for kind in s.kinds}
    source_specs = [source_spec(d.source, d.kind) for d in deliveries.values()]

    @dg.multi_asset(
        name="intake",
        specs=[*source_specs, *(record_spec(record, sources) for record in RECORDS)],
        check_specs=[
            dg.AssetCheckSpec(CHECK, asset=s.key, description="Great Expectations' verdict on the delivered batches")
            for s in source_specs
        ],
        can_subset=True,
    )
    def intake(
        context: dg.AssetExecutionContext, night: NightResource
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        selected = context.selected_asset_keys
        order = list(KINDS)
        wanted = sorted(
            (d for key, d in deliveries.items() if key in selected), key=lambda d: (order.index(d.kind), d.source.code)
        )
        with connect(night.url) as connection:
            register_sources(connection, sources.values())
        if wanted:
            progress().stage("Tiếp nhận dữ liệu nguồn", len(wanted))
            with source_environment(night.settings) as environment:
                for delivery in take_in_all(wanted, Night(night.url, context.run_id, night.date, environment)):
                    said = f"{delivery.source.code} {delivery.kind}"
                    progress().step(f"{said}: {delivery.reason}" if delivery.reason else said, good=delivery.good)
                    yield from results(delivery)
        with connect(night.url) as connection:
            if has_changed(connection, night.date):
                yield from (_record_result(connection, record) for record in RECORDS if record_key(record) in selected)

    return intake
