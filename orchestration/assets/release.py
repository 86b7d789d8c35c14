"""The release: the one asset that staff see, made only behind the gate."""

from collections.abc import Iterator, Sequence
from functools import partial

import dagster as dg

from orchestration.dbt import dbt_environment, run_dbt
from orchestration.intake_pool import apart
from orchestration.progress import progress
from orchestration.publish import publish
from orchestration.release_gate import judge_candidate
from orchestration.resources import NightResource

RELEASE = dg.AssetKey(["published", "release"])
CHECK = "release_gate"


def build_release_asset(candidates: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    """The release of everything in core and marts."""

    @dg.asset(
        key=RELEASE,
        deps=candidates,
        group_name="published",
        kinds={"postgres", "greatexpectations"},
        owners=["team:warehouse"],
        description="The release that staff read: history of one moment behind one pointer",
        check_specs=[dg.AssetCheckSpec(CHECK, asset=RELEASE, description="Great Expectations on the candidate")],
        output_required=False,
    )
    def release(
        context: dg.AssetExecutionContext, night: NightResource
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        environment = dbt_environment(night.settings, night.url, night.date)
        outcome = publish(
            night.url,
            run_id=context.run_id,
            business_date=night.date,
            snapshot=lambda: run_dbt(["snapshot"], environment),
            progress=progress(),
            judge=partial(apart, judge_candidate),
        )
        if outcome.published:
            rows = {relation: dg.MetadataValue.json(counts) for relation, counts in outcome.counts.items()}
            yield dg.MaterializeResult(metadata={"release_no": outcome.release_no, **rows})
        yield dg.AssetCheckResult(
            passed=outcome.published,
            check_name=CHECK,
            asset_key=RELEASE,
            description=outcome.reason or None,
            metadata={
                "checks": len(outcome.checks),
                "not passed": [f"{c.check_id} {c.subject}: {c.observed}" for c in outcome.checks if not c.passed],
            },
        )

    return release
