"""The SFTP server of the sample world: one user a source, shut into its folder, reading only."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh

_WRITING = asyncssh.FXF_WRITE | asyncssh.FXF_APPEND | asyncssh.FXF_CREAT | asyncssh.FXF_TRUNC


@dataclass(frozen=True)
class Account:
    """A user of the server: by password, or by key where `public_key` is set."""

    user: str
    folder: Path
    password: str
    public_key: str | None = None


class _ReadOnly(asyncssh.SFTPServer):
    """Files of one account's folder, without writing."""

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Any:
        if pflags & _WRITING:
            raise asyncssh.SFTPPermissionDenied("read only")
        return super().open(path, pflags, attrs)

    def remove(self, _path: bytes) -> None:
        raise asyncssh.SFTPPermissionDenied("read only")

    def rename(self, _old: bytes, _new: bytes) -> None:
        raise asyncssh.SFTPPermissionDenied("read only")


def _server(accounts: dict[str, Account]) -> type[asyncssh.SSHServer]:
    class Server(asyncssh.SSHServer):
        """Authenticates the accounts."""

        def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
            self._connection = conn

        def begin_auth(self, username: str) -> bool:
            account = accounts.get(username)
            if account and account.public_key:
                self._connection.set_authorized_keys(asyncssh.import_authorized_keys(account.public_key))
            return True

        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            account = accounts.get(username)
            return (
                account is not None
                and account.public_key is None
                and secrets.compare_digest(account.password, password)
            )

    return Server


async def listen(accounts: list[Account], host_key: asyncssh.SSHKey) -> asyncssh.SSHAcceptor:
    """Listen on a free port of the loopback address."""
    by_user = {account.user: account for account in accounts}

    def files(channel: asyncssh.SSHServerChannel[bytes]) -> asyncssh.SFTPServer:
        user = channel.get_extra_info("username")
        return _ReadOnly(channel, chroot=str(by_user[user].folder).encode())

    return await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=_server(by_user),
        server_host_keys=[host_key],
        sftp_factory=files,
        allow_scp=False,
    )


async def serve(accounts: list[Account], host_key: asyncssh.SSHKey, ready: Any, stop: asyncio.Event) -> None:
    """Serve until `stop`; `ready` is called with the port."""
    acceptor = await listen(accounts, host_key)
    ready(acceptor.get_port())
    await stop.wait()
    acceptor.close()
    await acceptor.wait_closed()
    # Connections that clients left open.
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
