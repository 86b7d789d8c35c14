"""Intake of many sources at once: a few worker processes, each taking one kind of one source at a time.

Great Expectations must not run twice in one process, and a worker that dies must not take the night
with it: hence processes, and a pool that is opened again when one of them is lost. They come from a fork
server, so that Great Expectations, which takes seconds to import, is imported once.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import date
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from typing import Any, TypeVar

from orchestration.intake import OUR_FAULT, BatchOutcome, take_in
from sources.registry import Source

Result = TypeVar("Result")
WORKERS = max(2, os.cpu_count() or 2)
logger = logging.getLogger(__name__)
LOST_WORKER = "Tiến trình tiếp nhận dừng đột ngột; chạy lại riêng nguồn này và xem nhật ký máy chủ."


@dataclass(frozen=True)
class Delivery:
    """One kind of one source, to be taken in or taken in."""

    source: Source
    kind: str
    outcomes: tuple[BatchOutcome, ...] = ()
    lost: str | None = None

    @property
    def good(self) -> bool:
        """Whether every record of the kind was accepted, or identical to what is known."""
        return self.lost is None and all(o.status in ("accepted", "identical") for o in self.outcomes)

    @property
    def may_succeed_later(self) -> bool:
        """Whether asking the source once more makes sense: it failed, it was not refused."""
        return self.lost is not None or any(o.status == "failed" for o in self.outcomes)

    @property
    def reason(self) -> str:
        """Why it is not good, one sentence a record."""
        said = [f"{o.record}: {o.reason}" for o in self.outcomes if o.status in ("refused", "failed")]
        return " ".join([*said, *([self.lost] if self.lost else [])])


@dataclass(frozen=True)
class Night:
    """What every worker has to know."""

    warehouse_url: str
    run_id: str
    business_date: date
    environment: Mapping[str, str]


def workers_context() -> ForkServerContext:
    """Where workers come from: processes that hold what intake needs, and nothing of this one."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["orchestration.intake_worker"])
    return context


def warm_up() -> None:
    """Begin the imports of the workers, beside whatever this process does meanwhile."""
    workers_context()
    forkserver.ensure_running()


def apart(work: Callable[..., Result], *arguments: Any) -> Result:
    """What `work` returns, done by a worker: this process need not hold what the workers hold."""
    with ProcessPoolExecutor(1, mp_context=workers_context()) as pool:
        return pool.submit(work, *arguments).result()


def _work(delivery: Delivery, night: Night) -> Delivery:
    outcomes = take_in(
        delivery.source,
        delivery.kind,
        warehouse_url=night.warehouse_url,
        run_id=night.run_id,
        business_date=night.business_date,
        environment=night.environment,
    )
    return Delivery(delivery.source, delivery.kind, tuple(outcomes))


def _lost(delivery: Delivery, sentence: str) -> Delivery:
    logger.error("source %s, %s: intake was lost", delivery.source.code, delivery.kind, exc_info=True)
    return Delivery(delivery.source, delivery.kind, lost=sentence)


def _once(wanted: Sequence[Delivery], night: Night, workers: int) -> Iterator[Delivery]:
    context = workers_context()
    unfinished: list[Delivery] = []
    with ProcessPoolExecutor(min(workers, len(wanted)), mp_context=context) as pool:
        futures = {pool.submit(_work, delivery, night): delivery for delivery in wanted}
        for future in as_completed(futures):
            try:
                yield future.result()
            except BrokenProcessPool:
                unfinished.append(futures[future])
            except Exception:  # noqa: BLE001  an error of ours with one source must not stop the other thirty-nine
                yield _lost(futures[future], OUR_FAULT)
    # One of those that were running killed its worker: try each alone, so that only that one is lost.
    for delivery in unfinished:
        with ProcessPoolExecutor(1, mp_context=context) as alone:
            try:
                yield alone.submit(_work, delivery, night).result()
            except BrokenProcessPool:
                yield _lost(delivery, LOST_WORKER)
            except Exception:  # noqa: BLE001  as above
                yield _lost(delivery, OUR_FAULT)


def take_in_all(wanted: Sequence[Delivery], night: Night, workers: int = WORKERS) -> Iterator[Delivery]:
    """Take in all wanted kinds, as they finish; one that failed is asked again at the end, as often as its source says.

    Every wanted kind comes out once, whatever becomes of it.
    """
    asked, again = 0, list(wanted)
    while again:
        this_time, again = again, []
        for delivery in _once(this_time, night, workers):
            if delivery.may_succeed_later and asked < delivery.source.retries:
                again.append(Delivery(delivery.source, delivery.kind))
            else:
                yield delivery
        asked += 1
