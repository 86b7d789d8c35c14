"""What the night without a network is run with: whoever asks for an address or a name elsewhere is found out."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.integration import offline

ASKING = {
    "socket.create_connection(('192.0.2.1', 80), 1)": "192.0.2.1",
    "socket.create_connection(('2001:db8::1', 80), 1)": "2001:db8::1",
    "socket.socket().connect_ex(('192.0.2.2', 80))": "192.0.2.2",
    "socket.create_connection(('telemetry.dagster.io', 443), 1)": "telemetry.dagster.io",
    "socket.socket().connect(('api.segment.io', 443))": "api.segment.io",
    "socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('192.0.2.3', 53))": "192.0.2.3",
    "socket.gethostbyname('example.org')": "example.org",
}
HERE = """
import socket
with socket.create_server(("127.0.0.1", 0)) as server:
    for host in ("127.0.0.1", "localhost"):
        socket.create_connection((host, server.getsockname()[1]), 5).close()
socket.getaddrinfo(None, 80)
"""


@pytest.mark.parametrize("namespace", [True, False])
def test_whoever_asks_elsewhere_is_refused_and_named(
    namespace: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not namespace:
        monkeypatch.setattr(offline, "_namespace", tuple)
    program = HERE
    for asking in ASKING:
        program += f"try:\n    {asking}\n    raise SystemExit(2)\nexcept OSError:\n    pass\n"
    child = f"import subprocess, sys; sys.exit(subprocess.run([sys.executable, '-c', {program!r}]).returncode)"
    done, asked = offline.run_offline([sys.executable, "-c", child], dict(os.environ), tmp_path)
    assert done.returncode == 0, done.stderr
    assert asked == list(ASKING.values())
