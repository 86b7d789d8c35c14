"""The child process of one extraction: its limits, its own connection to the warehouse, its last words.

Everything a connector needs at once is imported here, so that the fork server holds it and a child
starts in milliseconds.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import resource
import signal
import sys
import threading
import time
from multiprocessing import connection as mp_connection
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType

import psycopg

from sources.connectors import columns, database, delimited, http, rest, workbook
from sources.connectors.base import Delivery, Job, Progress, SourceError
from sources.connectors.landing import Landing
from sources.text.decoding import converter

CONNECTORS: dict[str, ModuleType] = {"database": database, "csv": delimited, "rest": rest, "workbook": workbook}
_M_ARENA_MAX = -8
_STATM = Path("/proc/self/statm")


def preload() -> None:
    """Load what the fork server should hold beyond the imports of this module."""
    for encoding in ("tcvn3", "vni"):
        converter(encoding)
    for module in (
        "asyncssh",  # looks for a library with a compiler, at every import
        "fsspec.implementations.local",
        "httpcore",
        "sqlalchemy.dialects.postgresql",
        "sqlalchemy.dialects.sqlite",
        "sqlite3",
        "sshfs",
    ):
        importlib.import_module(module)
    http.trust()


def run(job: Job, answers: Connection) -> None:
    """Entry point: answers with ("rows", n) as they come, then ("done", Delivery) or ("failed", sentence, detail)."""
    # A group of its own, so that whatever a driver starts ends with this process.
    os.setsid()
    _silence()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    started = time.monotonic()
    baseline = _resident()
    try:
        _limit_memory(job.memory_mb)
        delivery = execute(job, lambda n: answers.send(("rows", n)))
        delivery.peak_memory = max(0, _peak() - baseline)
        delivery.seconds = time.monotonic() - started
        answers.send(("done", delivery))
    except SourceError as error:
        answers.send(("failed", error.sentence, error.detail))
    except MemoryError:
        answers.send(("failed", *too_large(job)))
    except Exception as error:  # noqa: BLE001  the parent must hear of every failure in words
        answers.send(("failed", *_unexpected(job, error)))
    finally:
        answers.close()


def execute(job: Job, progress: Progress) -> Delivery:
    """Land the record in one transaction of an own connection to the warehouse."""
    try:
        warehouse = psycopg.connect(job.warehouse_url, connect_timeout=15, options="-c timezone=UTC -c datestyle=ISO")
    except psycopg.Error as error:
        raise SourceError(
            f"{job.where}: không kết nối được kho dữ liệu; báo cán bộ kỹ thuật.", type(error).__name__
        ) from None
    with warehouse:
        landing = Landing(warehouse, job.landing_table, progress, escapes=job.connector == "csv")
        try:
            delivery: Delivery = CONNECTORS[job.connector].read(job, landing)
            delivery.warnings += columns.sentences(job, landing)
        except psycopg.Error as error:
            raise SourceError(
                f"{job.where}: không ghi được vào bảng tạm của kho sau {landing.delivered} dòng; báo cán bộ kỹ thuật.",
                f"landing failed: {type(error).__name__} {error.sqlstate or ''}".strip(),
            ) from None
    return delivery


def too_large(job: Job) -> tuple[str, str]:
    """Sentence and detail for a delivery that does not fit into the memory limit."""
    way = "xóa các ô, cột, dòng trống thừa hoặc chia nhỏ tệp" if job.connector == "workbook" else "chia nhỏ lần gửi"
    return (
        f"{job.where}: dữ liệu vượt giới hạn bộ nhớ {job.memory_mb} MB của một nguồn; {way}, "
        "hoặc nâng giới hạn memory_mb của nguồn.",
        f"memory limit of {job.memory_mb} MB above the import baseline reached",
    )


def _unexpected(job: Job, error: Exception) -> tuple[str, str]:
    """The message of an unforeseen error may quote a row, so only its kind and place are told."""
    place, trace = "", error.__traceback__
    while trace:
        code = trace.tb_frame.f_code
        if "connectors" in code.co_filename or "sources" in code.co_filename:
            place = f"{Path(code.co_filename).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return (
        f"{job.where}: gặp lỗi chưa lường trước khi đọc; lần gửi này chưa nhận, báo cán bộ kỹ thuật.",
        f"{type(error).__name__} at {place or 'unknown place'}",
    )


def _silence() -> None:
    """What drivers print, and what a crash prints, may quote rows: none of it reaches a log."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nothing, stream)
    os.close(nothing)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        mp_connection.wait([parent.sentinel])
        os.killpg(0, signal.SIGKILL)


def _limit_memory(megabytes: int) -> None:
    """Bound the address space above what is there now; systems without /proc have no such bound."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "linux":
        return
    # Each thread would reserve 64 MB of addresses of its own.
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
    now = int(_STATM.read_text("ascii").split()[0]) * resource.getpagesize()
    limit = now + (megabytes << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _resident() -> int:
    if sys.platform != "linux":
        return _peak()
    return int(_STATM.read_text("ascii").split()[1]) * resource.getpagesize()


def _peak() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak << 10


preload()
