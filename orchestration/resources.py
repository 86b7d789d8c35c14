"""What every asset of a night shares: the warehouse, the business date, the sources and their secrets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import dagster as dg

from orchestration.progress import Progress
from orchestration.settings import PROJECT, Settings, settings, today
from orchestration.warehouse import warehouse_url
from sources.errors import ExplainedError

SAMPLE_SCALE = 0.01
SAMPLE_SEED = 1


class NightResource(dg.ConfigurableResource):
    """One night: its business date (today in Hà Nội when empty) and where everything is."""

    business_date: str = ""

    @property
    def date(self) -> date:
        """The date from which ages, terms and horizons are computed."""
        return date.fromisoformat(self.business_date) if self.business_date else today()

    @property
    def settings(self) -> Settings:
        """Settings of this installation."""
        return settings()

    @property
    def url(self) -> str:
        """Address of the warehouse; starts the embedded server when it is used and not running."""
        return warehouse_url(self.settings)


def uses_sample_sources(configuration: Settings) -> bool:
    """Whether the sources are those of the repository and nobody has given them real addresses."""
    given = any(name.startswith("LIENTHONG_SOURCE_") for name in os.environ)
    return configuration.registry == PROJECT / "sources" / "registry" and not given


def ensure_sample(configuration: Settings, as_of: date, progress: Progress) -> bool:
    """Build the sample sources once; True when they were built now."""
    if not uses_sample_sources(configuration) or (configuration.sample / "env").exists():
        return False
    from orchestration.server import ensure_server
    from sources.sample.world import build

    progress.stage("Dựng nguồn dữ liệu mẫu")
    build(
        scale=SAMPLE_SCALE,
        seed=SAMPLE_SEED,
        as_of=as_of,
        out=configuration.sample,
        server_url=ensure_server(configuration.home),
    )
    return True


def source_variables(configuration: Settings) -> dict[str, str]:
    """Addresses and secrets of the sources as far as they are known while no sample service listens.

    Raises ExplainedError when the sample sources are to be used and are not built.
    """
    if not uses_sample_sources(configuration):
        return dict(os.environ)
    from orchestration.server import ensure_server
    from sources.sample.world import environment

    if not (configuration.sample / "env").exists():
        raise ExplainedError("The sample sources are not built: run `lienthong nightly` or `lienthong sample build`.")
    # Some sample sources are databases on the embedded server, which listens on another port at every start.
    return dict(os.environ) | environment(configuration.sample, ensure_server(configuration.home))


@contextmanager
def source_environment(configuration: Settings) -> Iterator[dict[str, str]]:
    """Addresses and secrets of the sources; the sample's services listen while the block runs."""
    variables = source_variables(configuration)
    if not uses_sample_sources(configuration):
        yield variables
        return
    from sources.sample.services import sample_services

    with sample_services(configuration.sample) as addresses:
        yield addresses | variables
