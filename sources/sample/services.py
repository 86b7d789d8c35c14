"""Services that really listen while the sample world is used: REST and SFTP on the loopback address."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue

from sources.sample.styles import registered
from sources.sample.world import environment

START_SECONDS = 30.0


@contextmanager
def sample_services(folder: Path, server_url: str | None = None) -> Iterator[dict[str, str]]:
    """Serve the built world in `folder` and give the environment that reaches all of its sources.

    `server_url` is where the PostgreSQL server of the sources listens now, if it has moved since the build.
    Passwords, tokens and keys are made afresh at every start and exist only in the returned variables.
    Raises TimeoutError when a service does not come up.
    """
    with _rest(folder) as rest, _sftp(folder) as sftp:
        yield environment(folder, server_url) | rest | sftp


@contextmanager
def _rest(folder: Path) -> Iterator[dict[str, str]]:
    import uvicorn

    from sources.sample.rest_service import Credentials, application

    codes = json.loads((folder / "services.json").read_text(encoding="utf-8"))
    credentials = {code: Credentials() for code in codes}
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    config = uvicorn.Config(application(folder, credentials), log_level="error", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="sample-rest", daemon=True)
    thread.start()
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        if time.monotonic() > deadline or not thread.is_alive():
            raise TimeoutError("the sample REST service did not start")
        time.sleep(0.02)
    try:
        yield {k: v for code, c in credentials.items() for k, v in _rest_variables(code, c, port).items()}
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listening.close()


def _rest_variables(code: str, credentials: object, port: int) -> dict[str, str]:
    from sources.sample.rest_service import Credentials

    assert isinstance(credentials, Credentials)
    base = f"http://127.0.0.1:{port}/{code}"
    every = {
        "URL": base,
        "TOKEN": credentials.token,
        "TOKEN_URL": f"{base}/token",
        "CLIENT_ID": credentials.client_id,
        "CLIENT_SECRET": credentials.client_secret,
    }
    declared = json.dumps([system.options for system in registered()[code].systems.values()])
    prefix = f"LIENTHONG_SOURCE_{code}_"
    return {prefix + name: value for name, value in every.items() if f"{{{prefix}{name}}}" in declared}


@contextmanager
def _sftp(folder: Path) -> Iterator[dict[str, str]]:
    import asyncssh

    from sources.sample.sftp_server import Account, serve

    logging.getLogger("asyncssh").setLevel(logging.ERROR)
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    accounts, variables = [], {}
    for code, source in registered().items():
        options = next((s.options for s in source.systems.values() if "host_key" in s.options), None)
        if options is None:
            continue
        prefix, user = f"LIENTHONG_SOURCE_{code}_", f"nguon{code}"
        files, password, public = folder / "sources" / code / "files", secrets.token_urlsafe(18), None
        if "private_key" in options:
            key = asyncssh.generate_private_key("ssh-ed25519")
            public = key.export_public_key().decode()
            variables[f"{prefix}KEY"] = key.export_private_key().decode()
        else:
            variables[f"{prefix}PASSWORD"] = password
        accounts.append(Account(user, files, password, public))
        variables[f"{prefix}HOST_KEY"] = " ".join(host_key.export_public_key().decode().split()[:2])
    ports: Queue[int | Exception] = Queue()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    def run() -> None:
        try:
            loop.run_until_complete(serve(accounts, host_key, ports.put, stop))
        except (OSError, asyncssh.Error) as error:
            ports.put(error)
        finally:
            loop.close()

    thread = threading.Thread(target=run, name="sample-sftp", daemon=True)
    thread.start()
    port = ports.get(timeout=START_SECONDS)
    if isinstance(port, Exception):
        raise port
    for account in accounts:
        code = account.user.removeprefix("nguon")
        variables[f"LIENTHONG_SOURCE_{code}_FILES"] = f"sftp://{account.user}@127.0.0.1:{port}/"
    try:
        yield variables
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(timeout=10)
