"""Servers on localhost that stand for systems of sources; a missing one is named, or with SERVICES=required refused."""

from __future__ import annotations

import os
import socket
from urllib.parse import urlsplit

import pytest

MARIADB = os.environ.get("TEST_MARIADB_URL", "mysql://root@127.0.0.1:3306/test")
POSTGRES = os.environ.get("TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/test")


def _listening(name: str, url: str) -> str:
    address = urlsplit(url)
    try:
        socket.create_connection((address.hostname or "", address.port or 0), timeout=3).close()
    except OSError:
        said = f"{name} was not found on {address.hostname}:{address.port}"
        if os.environ.get("SERVICES") == "required":
            pytest.fail(said)
        pytest.skip(said)
    return url


@pytest.fixture(scope="session")
def mariadb() -> str:
    """Address of MariaDB."""
    return _listening("MariaDB", MARIADB)


@pytest.fixture(scope="session")
def postgres() -> str:
    """Address of a PostgreSQL that is not ours."""
    return _listening("PostgreSQL", POSTGRES)
