"""Runs a command without any network but loopback, and says by which means.

Where namespaces are allowed the kernel cuts the network off; elsewhere a guard in every Python process
refuses addresses that are not loopback.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

GUARD = """\
import ipaddress, os, socket
_connect = socket.socket.connect
def connect(self, address):
    if self.family != socket.AF_UNIX and not ipaddress.ip_address(address[0]).is_loopback:
        with open(os.environ["OFFLINE_LOG"], "a") as log:
            log.write(f"{address[0]}\\n")
        raise OSError("no network in this test")
    return _connect(self, address)
socket.socket.connect = connect
"""

BRING_UP_LOOPBACK = """\
import fcntl, os, socket, struct, sys
with socket.socket() as s:
    flags = struct.unpack("16sh", fcntl.ioctl(s, 0x8913, struct.pack("16sh14x", b"lo", 0))[:18])[1]
    fcntl.ioctl(s, 0x8914, struct.pack("16sh14x", b"lo", flags | 1))
os.execvp(sys.argv[1], sys.argv[1:])
"""


def means() -> str:
    """`namespace` where this process may make one, else `guard`."""
    assert struct.calcsize("16sh14x") == 32
    if os.geteuid() == 0 and shutil.which("unshare"):
        allowed = subprocess.run(["unshare", "-n", "true"], check=False, capture_output=True)
        if allowed.returncode == 0:
            return "namespace"
    return "guard"


def run_offline(
    command: Sequence[str], environment: dict[str, str], folder: Path
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """The finished command and the addresses it asked for in vain (known to the guard only)."""
    log = folder / "asked.txt"
    log.touch()
    if means() == "namespace":
        command = ["unshare", "-n", sys.executable, "-c", BRING_UP_LOOPBACK, *command]
    else:
        (folder / "guard").mkdir(exist_ok=True)
        (folder / "guard" / "sitecustomize.py").write_text(GUARD)
        environment = environment | {"PYTHONPATH": str(folder / "guard"), "OFFLINE_LOG": str(log)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    return done, log.read_text().splitlines()
