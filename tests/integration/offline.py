"""Runs a command without any network but loopback, and says by which means.

A guard in every Python process refuses names and addresses that are not this machine's, and keeps them.
Where namespaces are allowed the kernel cuts the network off as well, for whatever is not Python.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

GUARD = """\
import ipaddress, os, socket

def is_here(host):
    if host in (None, "", b"", "localhost", b"localhost", socket.gethostname()):
        return True
    try:
        address = ipaddress.ip_address(host.decode() if isinstance(host, bytes) else host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified

def refuse(host, error):
    log = os.open(os.environ["OFFLINE_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(log, f"{host}\\n".encode())
    os.close(log)
    raise error

def guarded(name):
    original = getattr(socket.socket, name)
    def asking(self, *arguments):
        address = arguments[-1]
        if self.family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple) and not is_here(address[0]):
            refuse(address[0], OSError("no network in this test"))
        return original(self, *arguments)
    setattr(socket.socket, name, asking)

def resolving(name):
    original = getattr(socket, name)
    def asking(host, *arguments, **named):
        if not is_here(host):
            refuse(host, socket.gaierror("no names in this test"))
        return original(host, *arguments, **named)
    setattr(socket, name, asking)

for method in ("connect", "connect_ex", "sendto"):
    guarded(method)
for function in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
    resolving(function)
"""

BRING_UP_LOOPBACK = """\
import fcntl, os, socket, struct, sys
with socket.socket() as s:
    flags = struct.unpack("16sh", fcntl.ioctl(s, 0x8913, struct.pack("16sh14x", b"lo", 0))[:18])[1]
    fcntl.ioctl(s, 0x8914, struct.pack("16sh14x", b"lo", flags | 1))
os.execvp(sys.argv[1], sys.argv[1:])
"""
#: As root, or as anybody: there the user stays who he is, because PostgreSQL does not run as root.
NAMESPACES = (("unshare", "--net"), ("unshare", "--user", "--map-current-user", "--keep-caps", "--net"))


@cache
def _namespace() -> tuple[str, ...]:
    """What to put before a command to cut it off; nothing where this process may not."""
    assert struct.calcsize("16sh14x") == 32
    if shutil.which("unshare"):
        for prefix in NAMESPACES:
            cut = (*prefix, sys.executable, "-c", BRING_UP_LOOPBACK)
            if subprocess.run([*cut, "true"], check=False, capture_output=True).returncode == 0:
                return cut
    return ()


def means() -> str:
    """`namespace and guard` where this process may make a namespace, else `guard`."""
    return "namespace and guard" if _namespace() else "guard"


def run_offline(
    command: Sequence[str], environment: dict[str, str], folder: Path
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """The finished command, and the names and addresses that its Python processes asked for in vain."""
    log, guard = folder / "asked.txt", folder / "guard"
    log.touch()
    guard.mkdir(exist_ok=True)
    (guard / "sitecustomize.py").write_text(GUARD)
    path = os.pathsep.join(p for p in (str(guard), environment.get("PYTHONPATH")) if p)
    environment = environment | {"PYTHONPATH": path, "OFFLINE_LOG": str(log)}
    done = subprocess.run([*_namespace(), *command], capture_output=True, text=True, check=False, env=environment)
    return done, log.read_text().splitlines()
