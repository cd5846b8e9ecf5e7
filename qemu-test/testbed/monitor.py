# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""QEMU's control protocol, without asyncio: a thread runs the loop of the library qemu.qmp."""

import asyncio
import contextlib
import threading

from qemu.qmp import QMPClient


class Monitor:
    """A connection to a running QEMU. Every command is waited for, with a limit."""

    def __init__(self, sock, limit=30):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="qmp", daemon=True)
        self._thread.start()
        self._client = QMPClient("testbed")
        self._call(self._client.connect(sock), limit)

    def _call(self, coroutine, limit):
        return asyncio.run_coroutine_threadsafe(asyncio.wait_for(coroutine, limit), self._loop).result()

    def execute(self, command, limit=10, **arguments):
        """Runs a command and returns what it returns; qemu.qmp's ExecuteError if QEMU refuses it."""
        return self._call(self._client.execute(command, {k.replace("_", "-"): v for k, v in arguments.items()}), limit)

    def close(self):
        """Ends the connection and the thread; QEMU may be gone already."""
        # The other side may have ended the connection in any way; there is nothing left to lose.
        with contextlib.suppress(Exception):
            self._call(self._client.disconnect(), 5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()
