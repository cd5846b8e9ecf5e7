# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The guest's console: kept in a file and in memory while the guest runs."""

import contextlib
import os
import re
import socket
import threading

PANIC = re.compile(rb"Kernel panic - not syncing[^\r\n]*")
BEGIN = re.compile(r"BUG:|Oops|WARNING:|general protection fault|Kernel panic")


class Console:
    """Reads the console in a thread, so that a guest that prints is never held up."""

    def __init__(self, sock, path, echo=None):
        self._echo = echo
        self._sock, self._log = sock, open(path, "wb", buffering=0)
        self._data = bytearray()
        self._changed = threading.Condition()
        self._closed = False
        self._panic_r, self._panic_w = os.pipe()
        self._thread = threading.Thread(target=self._read, name="console", daemon=True)
        self._thread.start()

    def _read(self):
        while True:
            try:
                data = self._sock.recv(65536)
            except OSError:
                data = b""
            with self._changed:
                if data:
                    start = max(0, len(self._data) - 200)
                    self._data += data
                    self._log.write(data)
                    # The line must be whole, so that the report has all of it.
                    if re.search(PANIC.pattern + rb"\r?\n", self._data[start:]):
                        os.write(self._panic_w, b"p")
                else:
                    self._closed = True
                self._changed.notify_all()
            if not data:
                return
            if self._echo:
                self._echo(data)

    def fileno(self):
        """A descriptor that becomes readable when the guest's kernel has panicked."""
        return self._panic_r

    def text(self):
        """All that was printed so far."""
        with self._changed:
            return self._data.decode(errors="replace").replace("\r", "")

    def panic(self):
        """The line of a panic, if there was one."""
        with self._changed:
            found = PANIC.search(self._data)
        return found and found.group().decode(errors="replace")

    def tail(self, lines=40):
        """The last lines, for a report."""
        return "\n".join(self.text().splitlines()[-lines:])

    def crash(self, lines=150):
        """The last lines, from where the kernel began to tell of a crash if it did."""
        last = self.text().splitlines()[-lines:]
        return "\n".join(last[next((n for n, line in enumerate(last) if BEGIN.search(line)), max(0, len(last) - 40)):])

    def note(self, text):
        """Writes a line of one's own into the file."""
        with self._changed:
            self._log.write(f"== {text}\n".encode())

    def send(self, data):
        """Types something."""
        self._sock.sendall(data)

    def wait_closed(self, limit):
        """Waits until QEMU has closed the console, so that nothing of it is missing."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed, limit)

    def wait_for(self, text, limit):
        """Waits until the text was printed, at any time; returns whether it was."""
        with self._changed:
            return self._changed.wait_for(lambda: text.encode() in self._data or self._closed, limit) and \
                text.encode() in self._data

    def wait_quiet(self, quiet, limit):
        """Waits until nothing was printed for `quiet` seconds."""
        with self._changed:
            while limit > 0 and not self._closed and self._changed.wait(quiet):
                limit -= quiet

    def close(self):
        """Ends the thread and the log file."""
        # To close it alone would not wake the thread.
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._sock.close()
        self._log.close()
        os.close(self._panic_r)
        os.close(self._panic_w)
