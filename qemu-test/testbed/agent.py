# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The host's side of the guest's agent (`qemu-test/guest/agent`), which runs commands over a serial port.

A request is a line "TOKEN LENGTH LENGTH" and then that many bytes of a shell script and of its standard input; the
answer is "TOKEN begin", the output as it comes, and "TOKEN end STATUS". The token is random for each request, so no
output can be taken for an answer.
"""

import dataclasses
import secrets
import select
import time

from .errors import GuestError


class Late(Exception):
    """There was no answer within the limit; has the output that came."""

    def __init__(self, output=b""):
        self.output = output
        super().__init__()


@dataclasses.dataclass(frozen=True)
class Result:
    """What a command did: its exit status, and its output with that of standard error in it."""

    status: int
    data: bytes

    @property
    def output(self):
        """The output as text."""
        return self.data.decode(errors="replace")

    @property
    def lines(self):
        """The output's lines."""
        return self.output.splitlines()


def _held_back(data, mark):
    """How many bytes at the end of `data` may be the beginning of `mark`."""
    return next((n for n in range(min(len(mark), len(data)), 0, -1) if data.endswith(mark[:n])), 0)


class Agent:
    """Talks with the agent. `watch` are descriptors that become readable when the guest has ended; the function `gone`
    is called then and raises what is the matter."""

    READY = b"agent ready\n"

    def __init__(self, sock, watch, gone):
        self._sock, self._watch, self._gone = sock, watch, gone
        self._sock.setblocking(False)
        self._left = b""

    def _wait(self, until, reading=True):
        left = until - time.monotonic()
        if left <= 0:
            raise Late
        readable, writable, _ = select.select([*self._watch, *([self._sock] if reading else [])],
                                              [] if reading else [self._sock], [], left)
        if any(fd in readable for fd in self._watch):
            self._gone()
        return self._sock in readable or self._sock in writable

    def _receive(self, until):
        while not self._wait(until):
            pass
        data = self._sock.recv(65536)
        if not data:
            self._gone()
        return data

    def _send(self, data, until):
        view = memoryview(data)
        while view:
            if self._wait(until, reading=False):
                view = view[self._sock.send(view):]

    def _read_to(self, mark, until, live=None):
        """Reads up to and with `mark`; returns what was before it. `live` gets it piece by piece."""
        seen = bytearray(self._left)
        given = 0
        try:
            while (at := seen.find(mark)) < 0:
                if live and (end := len(seen) - _held_back(seen, mark)) > given:
                    live(bytes(seen[given:end]))
                    given = end
                seen += self._receive(until)
        except Late:
            if live:
                live(bytes(seen[given:]))
            raise Late(bytes(seen)) from None
        except GuestError as e:
            if live:
                live(bytes(seen[given:]))
            e.output = bytes(seen)
            raise
        if live and at > given:
            live(bytes(seen[given:at]))
        self._left = bytes(seen[at + len(mark):])
        return bytes(seen[:at])

    def wait_ready(self, limit):
        """Waits until the guest has booted."""
        self._read_to(self.READY, time.monotonic() + limit)

    def run(self, script, limit, given=b"", live=None):
        """Runs a shell script with `given` as its standard input; Late if it does not end within the limit."""
        until = time.monotonic() + limit
        token = secrets.token_hex(8).encode()
        script = script.encode() if isinstance(script, str) else script
        self._send(b"%s %d %d\n%s%s" % (token, len(script), len(given), script, given), until)
        # What background processes printed since the last command is before this mark, and is dropped.
        self._read_to(token + b" begin\n", until)
        data = self._read_to(b"\n" + token + b" end ", until, live)
        return Result(int(self._read_to(b"\n", until)), data)
