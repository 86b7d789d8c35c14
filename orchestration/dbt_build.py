"""`dbt build` in this process, as Dagster keeps it: a materialisation for each model, a check for each test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator
from dagster_dbt.asset_utils import DBT_INDIRECT_SELECTION_ENV, get_updated_cli_invocation_params_for_context
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage

from orchestration.dbt import run_dbt


def build(context: dg.AssetExecutionContext, environment: Mapping[str, str]) -> Iterator[Any]:
    """Build what the run has selected; yields Dagster's results as dbt finishes each node.

    dagster-dbt would start dbt's command line, which imports dbt and parses the project once more. Raises
    DbtError when a node fails, after everything else has been built.
    """
    chosen = get_updated_cli_invocation_params_for_context(context, {}, DagsterDbtTranslator())
    if chosen.indirect_selection:
        environment = {**environment, DBT_INDIRECT_SELECTION_ENV: chosen.indirect_selection}
    messages: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
    with ThreadPoolExecutor(1, "dbt") as pool:
        building = pool.submit(
            run_dbt,
            ["build", "--log-level-file", "debug", "--write-json", *chosen.selection_args],
            environment,
            _into(messages),
        )
        building.add_done_callback(lambda _: messages.put(None))
        while (message := messages.get()) is not None:
            print(message["info"]["msg"], flush=True)  # noqa: T201  into the log of the night
            yield from DbtCoreCliEventMessage(message, {}).to_default_asset_events(
                manifest=chosen.manifest,
                dagster_dbt_translator=chosen.dagster_dbt_translator,
                context=context,
                target_path=Path(environment["DBT_TARGET_PATH"]),
            )
        building.result()


def _into(messages: SimpleQueue[dict[str, Any] | None]) -> Any:
    """A callback of dbt that passes on what a person would be shown."""
    from dbt_common.events.functions import msg_to_dict

    def note(message: Any) -> None:
        if message.info.level != "debug":
            messages.put(msg_to_dict(message))

    return note
