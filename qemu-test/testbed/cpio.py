# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Writes cpio archives of the format "newc", which the kernel unpacks as initramfs; it takes several in a row."""

import stat


class Archive:
    """An archive in memory. Folders on the way to a file are made as needed."""

    def __init__(self):
        self._data = bytearray()
        self._made = set()

    def _add(self, path, mode, data=b""):
        name = path.strip("/").encode() + b"\0"
        fields = (len(self._made) + 1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
        self._data += b"070701" + b"".join(b"%08x" % f for f in fields) + name
        self._data += bytes(-len(self._data) % 4) + data
        self._data += bytes(-len(self._data) % 4)

    def _claim(self, path):
        path = path.strip("/")
        if path in self._made:
            return False
        parent = path.rpartition("/")[0]
        if parent:
            self.folder(parent)
        self._made.add(path)
        return True

    def folder(self, path):
        """A folder, unless it is there."""
        if self._claim(path):
            self._add(path, stat.S_IFDIR | 0o755)

    def file(self, path, data, mode=0o644):
        """A file. The first of a name wins, within one archive."""
        if self._claim(path):
            self._add(path, stat.S_IFREG | mode, data)

    def link(self, path, target):
        """A symbolic link. The first of a name wins."""
        if self._claim(path):
            self._add(path, stat.S_IFLNK | 0o777, target.encode())

    def copy(self, path, source):
        """A file or a folder with all that is in it, with the modes it has on the host."""
        if not source.is_dir():
            self.file(path, source.read_bytes(), stat.S_IMODE(source.stat().st_mode))
            return
        self.folder(path)
        for child in sorted(source.iterdir()):
            if child.name != "__pycache__":
                self.copy(f"{path}/{child.name}", child)

    def bytes(self):
        """The whole archive, padded so that another one can follow."""
        done = Archive()
        done._data = bytearray(self._data)
        done._add("TRAILER!!!", 0)
        return bytes(done._data) + bytes(-len(done._data) % 512)
