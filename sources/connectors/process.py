"""Child processes from a fork server of our own, which holds the connectors and nothing heavier.

This module stays light: a child imports it to know what it is.
"""

from __future__ import annotations

import io
import os
from multiprocessing import context, forkserver, popen_forkserver, reduction, spawn, util
from multiprocessing.connection import Connection
from multiprocessing.context import set_spawning_popen
from multiprocessing.process import BaseProcess
from typing import Any


def enter(job: Any, answers: Connection) -> None:
    """Where a child begins."""
    from sources.connectors import child

    child.run(job, answers)


#: Not the shared fork server of `multiprocessing`: others may have filled that with heavy modules.
SERVER = forkserver.ForkServer()
SERVER.set_forkserver_preload(["sources.connectors.child", __name__])


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


class _Popen(popen_forkserver.Popen):
    """Starts a child from our fork server without importing the parent's main module into it."""

    _fds: list[int]

    def _launch(self, process_obj: BaseProcess) -> None:
        preparation = spawn.get_preparation_data(process_obj.name)
        for main in ("init_main_from_name", "init_main_from_path"):
            preparation.pop(main, None)
        buffer = io.BytesIO()
        set_spawning_popen(self)
        try:
            reduction.dump(preparation, buffer)
            reduction.dump(process_obj, buffer)
        finally:
            set_spawning_popen(None)
        self.sentinel, write = SERVER.connect_to_new_process(self._fds)
        # The copy of the write end tells the child when this process is gone.
        self.finalizer = util.Finalize(self, _close, (os.dup(write), self.sentinel))
        with os.fdopen(write, "wb") as pipe:
            pipe.write(buffer.getbuffer())
        self.pid = forkserver.read_signed(self.sentinel)


class Child(context.ForkServerProcess):
    """A child process of our fork server."""

    @staticmethod
    def _Popen(process_obj: BaseProcess) -> _Popen:  # noqa: N802
        return _Popen(process_obj)
