"""Files of a source, wherever fsspec reaches: a private copy is taken and hashed before anything is read."""

from __future__ import annotations

import fnmatch
import hashlib
import json
import posixpath
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from sources.connectors.base import DeliveredFile, Job, Manifest, SourceError, quoted

MANIFEST = ".manifest.json"
#: Names under which senders keep a file that is still being uploaded.
PARTIAL = (".part", ".partial", ".filepart", ".tmp", ".crdownload", ".uploading")
_CHUNK = 1 << 20
_MANIFEST_BYTES = 1 << 20


@dataclass(frozen=True)
class LocalFile:
    """A private copy of one delivered file; `name` is its name at the source."""

    name: str
    path: Path
    sha256: str
    size: int
    manifest: Manifest | None


@contextmanager
def collect(job: Job) -> Iterator[list[LocalFile]]:
    """Private copies of the files of a record, sorted by name, gone when the block ends.

    Raises SourceError when there is none, one is unfinished, changes while it is read, or is larger than
    the limit, when the location cannot be reached, or when a declared manifest is missing or unreadable.
    """
    fs, folder = _filesystem(job)
    pattern = str(job.option("file") or "*")
    with tempfile.TemporaryDirectory(prefix="lienthong-") as private:
        with _reaching(job):
            names = _names(job, fs, folder, pattern)
            files = [_copy(job, fs, name, Path(private) / str(i)) for i, name in enumerate(names)]
        yield files


@contextmanager
def _reaching(job: Job) -> Iterator[None]:
    """Whatever a file system raises, in words."""
    try:
        yield
    except SourceError:
        raise
    except Exception as error:  # noqa: BLE001  each back end of fsspec raises errors of its own
        raise _unreachable(job, error) from None


def _filesystem(job: Job) -> tuple[Any, str]:
    location = str(job.option("location") or "")
    if not location:
        raise SourceError(
            f"{job.where}: chưa khai báo nơi để tệp (location); sửa tệp nguồn.", "no location is declared"
        )
    scheme = location.split("://", 1)[0] if "://" in location else "file"
    with _reaching(job):
        if scheme in ("sftp", "ssh"):
            return _sftp(job, location)
        if scheme == "s3":
            return _s3(job, location)
        import fsspec

        fs, folder = fsspec.core.url_to_fs(location)
    return fs, folder


def _sftp(job: Job, location: str) -> tuple[Any, str]:
    import asyncssh
    from sshfs import SSHFileSystem

    parts = urlsplit(location)
    arguments: dict[str, Any] = {"port": parts.port or 22, "login_timeout": 15, "connect_timeout": 15}
    if user := parts.username or job.option("username"):
        arguments["username"] = unquote(str(user))
    if password := parts.password or job.option("password"):
        arguments["password"] = unquote(str(password))
    if key := job.option("private_key"):
        text = str(key)
        arguments["client_keys"] = [asyncssh.import_private_key(text) if "PRIVATE KEY" in text else text]
    else:
        arguments |= {"client_keys": None, "agent_path": None} if password else {}
    if host_key := job.option("host_key"):
        hosts = f"{parts.hostname} {host_key}\n[{parts.hostname}]:{parts.port or 22} {host_key}\n"
        arguments["known_hosts"] = asyncssh.import_known_hosts(hosts)
    fs = SSHFileSystem(parts.hostname, config=None, skip_instance_cache=True, **arguments)
    return fs, unquote(parts.path) or "."


def _s3(job: Job, location: str) -> tuple[Any, str]:
    from s3fs import S3FileSystem

    client: dict[str, Any] = {}
    if endpoint := job.option("endpoint_url"):
        client["endpoint_url"] = endpoint
    if region := job.option("region"):
        client["region_name"] = region
    fs = S3FileSystem(
        key=job.option("key"), secret=job.option("secret"), client_kwargs=client,
        config_kwargs={"connect_timeout": 15, "read_timeout": 60, "retries": {"max_attempts": 3}},
        skip_instance_cache=True, use_listings_cache=False,
    )  # fmt: skip
    return fs, location.removeprefix("s3://")


def _names(job: Job, fs: Any, folder: str, pattern: str) -> list[str]:
    if "/" in pattern:
        inner, pattern = posixpath.split(pattern)
        folder = posixpath.join(folder, inner)
    if fs.isfile(folder):
        listed, pattern = [folder], "*"
    else:
        if not fs.isdir(folder):
            raise SourceError(
                f"{job.where}: không thấy thư mục nhận tệp; kiểm tra nơi để tệp đã khai báo và quyền đọc.",
                "the folder does not exist or cannot be read",
            )
        listed = [entry["name"] for entry in fs.ls(folder, detail=True) if entry["type"] == "file"]
    base = {posixpath.basename(name): name for name in listed}
    partial = sorted(n for n in base if n.lower().endswith(PARTIAL) and _matches(_whole(n), pattern))
    if partial:
        raise SourceError(
            f"{job.where}: tệp {quoted(partial)} đang gửi dở; đợi nguồn gửi xong rồi chạy lại.",
            "a partial upload is present",
        )
    skipped = (MANIFEST, *PARTIAL)
    names = sorted(
        n for n in base if _matches(n, pattern) and not n.lower().endswith(skipped) and not n.startswith(("~$", "."))
    )
    if not names:
        there = f"; thư mục đang có {quoted(sorted(base))}" if base else "; thư mục trống"
        raise SourceError(
            f"{job.where}: không thấy tệp nào tên dạng “{pattern}”{there}. Đề nghị nguồn gửi tệp hoặc sửa khai báo.",
            f"no file matches {pattern!r}",
        )
    return [base[n] for n in names]


def _whole(name: str) -> str:
    return next(name[: -len(end)] for end in PARTIAL if name.lower().endswith(end))


def _matches(name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatch(name.lower(), pattern.lower())


def _copy(job: Job, fs: Any, remote: str, path: Path) -> LocalFile:
    name = posixpath.basename(remote)
    size, most, digest = 0, job.file_mb << 20, hashlib.sha256()
    before = fs.info(remote)
    # CSV is streamed, so only what a workbook holds in memory needs the limit.
    if job.connector == "workbook" and (before.get("size") or 0) > most:
        raise SourceError(
            f"{job.where}: tệp {name} lớn hơn {job.file_mb} MB; chia nhỏ tệp hoặc nâng giới hạn file_mb của nguồn.",
            f"{before.get('size')} bytes, limit {most}",
        )
    with fs.open(remote, "rb") as source, path.open("xb") as target:
        path.chmod(0o600)
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            digest.update(chunk)
            target.write(chunk)
    fs.invalidate_cache()
    after = fs.info(remote)
    if not size == before.get("size") == after.get("size") or before.get("mtime") != after.get("mtime"):
        raise SourceError(
            f"{job.where}: tệp {name} thay đổi trong lúc đọc, có thể đang gửi dở; đợi nguồn gửi xong rồi chạy lại.",
            f"size {before.get('size')}, read {size}, then {after.get('size')}",
        )
    manifest = _manifest(job, fs, remote, name) if job.manifest else None
    return LocalFile(name, path, digest.hexdigest(), size, manifest)


def _manifest(job: Job, fs: Any, remote: str, name: str) -> Manifest:
    beside = remote + MANIFEST
    if not fs.exists(beside):
        raise SourceError(
            f"{job.where}: tệp {name} thiếu bản kê {name}{MANIFEST}; đề nghị nguồn gửi kèm bản kê.",
            "the manifest is missing",
        )
    try:
        with fs.open(beside, "rb") as file:
            said = json.loads(file.read(_MANIFEST_BYTES).decode("utf-8-sig"))
        totals = {str(k): float(v) for k, v in (said.get("control_totals") or {}).items()}
        count, sha256, source = said.get("row_count"), said.get("sha256"), said.get("source")
        return Manifest(
            None if count is None else int(count),
            None if sha256 is None else str(sha256).lower(),
            totals,
            None if source is None else str(source),
        )
    except (ValueError, AttributeError, TypeError):
        raise SourceError(
            f"{job.where}: bản kê {name}{MANIFEST} không đọc được; phải là JSON có row_count, "
            "sha256, control_totals, source.",
            "the manifest is not the JSON it should be",
        ) from None


def manifests(files: list[DeliveredFile]) -> Manifest | None:
    """The manifests of all files as one: counts and totals added, the hash only when there is one file."""
    said = [f.manifest for f in files if f.manifest]
    if not said:
        return None
    counts = [m.row_count for m in said]
    totals: dict[str, float] = {}
    for manifest in said:
        for name, value in manifest.control_totals.items():
            totals[name] = totals.get(name, 0) + value
    codes = sorted({m.source for m in said if m.source})
    return Manifest(
        None if None in counts else sum(c or 0 for c in counts),
        said[0].sha256 if len(said) == 1 else None,
        totals,
        codes[0] if len(codes) == 1 else ", ".join(codes) or None,
    )


def _unreachable(job: Job, error: Exception) -> SourceError:
    name = type(error).__name__
    if name in ("HostKeyNotVerifiable", "KeyExchangeFailed"):
        sentence = "khóa máy chủ SFTP không khớp khóa đã khai báo; xác minh với đơn vị quản lý máy chủ trước khi nhận"
    elif name in ("PermissionDenied", "PermissionError", "NoCredentialsError") or "403" in str(error):
        sentence = "nơi để tệp từ chối truy cập; kiểm tra tài khoản, khóa và quyền đọc"
    elif isinstance(error, FileNotFoundError):
        sentence = "không thấy nơi để tệp; kiểm tra địa chỉ đã khai báo"
    else:
        sentence = "không tới được nơi để tệp; kiểm tra máy chủ, đường truyền rồi chạy lại"
    return SourceError(f"{job.where}: {sentence}.", name)
