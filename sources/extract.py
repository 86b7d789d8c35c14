"""Extraction of one record of one source, in a child process that can crash only itself.

`extract` asks a fork server, which holds the connectors and nothing heavier, for a child; the child
reads the source and COPYs into the landing table over its own connection. Time and memory are
bounded by the limits of the source; whatever happens, the answer is a `Delivery` or a `SourceError`.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import re
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any
from urllib.parse import unquote, urlsplit

from sources.connectors.base import DeliveredFile, Delivery, Job, Manifest, Progress, SourceError, redact
from sources.connectors.process import SERVER, Child, enter
from sources.contract import load_contracts
from sources.registry import RegistryError, Source, resolve

__all__ = ["DeliveredFile", "Delivery", "ExtractRequest", "Manifest", "SourceError", "extract", "sample", "warm_up"]

#: A source that asks for less than this could not even start its drivers.
_LEAST_MEMORY_MB = 64
_GRACE_SECONDS = 5.0


@dataclass(frozen=True)
class ExtractRequest:
    """What to extract and where to land it.

    `landing_table` is SQL as it stands in a statement (`landing."member_12"`); the caller has created
    it. `since` is the watermark of the last accepted delta, `limit` stops after so many rows.
    """

    source: Source
    record: str
    warehouse_url: str = field(repr=False)
    landing_table: str
    since: str | None = None
    limit: int | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)


def extract(request: ExtractRequest, on_progress: Progress | None = None) -> Delivery:
    """Land one record of one source.

    `on_progress` is called with the rows so far. Raises SourceError with a Vietnamese sentence and an
    English detail, free of secrets and of personal data; then nothing has been landed.
    """
    job = _job(request)
    secrets = _secrets(request, job)
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = Child(target=enter, args=(job, sender), daemon=True, name=f"{job.source}/{job.record}")
    try:
        process.start()
        sender.close()
        return _await(job, process, receiver, on_progress)
    except SourceError as error:
        raise SourceError(redact(error.sentence, secrets), redact(error.detail, secrets)) from None
    finally:
        receiver.close()
        _end(process)


def sample(request: ExtractRequest, rows: int = 100) -> Delivery:
    """The first `rows` rows only, for `sources check`: same landing, same errors, no delta."""
    return extract(replace(request, limit=rows, since=None))


def warm_up() -> None:
    """Start the fork server before the first extraction needs it."""
    SERVER.ensure_running()


def _job(request: ExtractRequest) -> Job:
    source, record = request.source, request.record
    if record not in source.records:
        raise SourceError(
            f"Nguồn {source.code} không khai báo bảng ghi {record}; sửa tệp {source.code}.yml.",
            f"records.{record} is not declared",
        )
    mapping = source.records[record]
    try:
        system = resolve(source, mapping.system, request.environment)
    except RegistryError as error:
        raise SourceError(
            f"Nguồn {source.code}, bảng ghi {record}: khai báo nguồn thiếu biến môi trường; bổ sung rồi chạy lại.",
            str(error),
        ) from None
    properties = load_contracts()[record].by_name
    return Job(
        source=source.code,
        record=record,
        connector=system.connector,
        system=system.name,
        options=system.options,
        columns=mapping.columns,
        record_options=mapping.options,
        synonyms={f: (properties[f].business_name, *properties[f].synonyms) for f in mapping.columns},
        mode=mapping.mode,
        manifest=system.manifest,
        seconds=source.limits.seconds,
        memory_mb=max(_LEAST_MEMORY_MB, source.limits.memory_mb),
        file_mb=source.limits.file_mb,
        warehouse_url=request.warehouse_url,
        landing_table=request.landing_table,
        since=request.since,
        limit=request.limit,
    )


_SECRET_NAME = re.compile(r"TOKEN|KEY|SECRET|PASSWORD", re.IGNORECASE)


def _secrets(request: ExtractRequest, job: Job) -> tuple[str, ...]:
    prefix = f"LIENTHONG_SOURCE_{job.source}_"
    found = {v for k, v in request.environment.items() if k.startswith(prefix) and _SECRET_NAME.search(k)}
    found |= {str(v) for k, v in job.options.items() if _SECRET_NAME.search(k) and isinstance(v, str)}
    for address in (request.warehouse_url, job.options.get("url"), job.options.get("location")):
        with contextlib.suppress(ValueError):
            if password := urlsplit(str(address or "")).password:
                found |= {password, unquote(password)}
    return tuple(sorted(found))


def _await(job: Job, process: BaseProcess, receiver: Connection, on_progress: Progress | None) -> Delivery:
    deadline = time.monotonic() + job.seconds
    while True:
        try:
            if not receiver.poll(max(0.0, deadline - time.monotonic())):
                raise SourceError(
                    f"{job.where}: đọc quá {job.seconds:g} giây nên đã dừng; chạy lại sau, "
                    "hoặc nâng giới hạn seconds của nguồn.",
                    f"time limit of {job.seconds:g} s reached",
                )
            answer: tuple[Any, ...] = receiver.recv()
        except (EOFError, ConnectionResetError):
            raise _died(job, process) from None
        if answer[0] == "rows":
            if on_progress:
                on_progress(answer[1])
        elif answer[0] == "done":
            delivery: Delivery = answer[1]
            return delivery
        else:
            raise SourceError(answer[1], answer[2])


def _died(job: Job, process: BaseProcess) -> SourceError:
    process.join(_GRACE_SECONDS)
    code = process.exitcode
    signals = {s.value: s.name for s in signal.Signals}
    how = f"signal {signals.get(-code, -code)}" if code is not None and code < 0 else f"exit code {code}"
    if code is not None and -code in (signal.SIGABRT, signal.SIGKILL, signal.SIGSEGV, signal.SIGBUS):
        way = (
            "tệp có thể có ô lạc ở cuối trang tính hoặc bị hỏng; mở tệp, xóa cột, dòng trống thừa, lưu lại rồi gửi lại"
            if job.connector == "workbook"
            else "dữ liệu có thể quá lớn hoặc hỏng; chia nhỏ lần gửi hoặc báo cán bộ kỹ thuật"
        )
    else:
        way = "chạy lại; nếu còn lỗi, báo cán bộ kỹ thuật"
    return SourceError(
        f"{job.where}: tiến trình đọc dừng đột ngột, chưa nhận dòng nào; {way}.",
        f"connector process ended with {how} (memory limit {job.memory_mb} MB)",
    )


def _end(process: BaseProcess) -> None:
    """End the child with everything it started."""
    if process.pid is None:
        return
    process.join(0.2 if process.exitcode is None else 0)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.is_alive():
        process.kill()
    process.join(_GRACE_SECONDS)
