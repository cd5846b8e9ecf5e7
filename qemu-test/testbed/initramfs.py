# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Makes the file system that a guest boots: a fresh one for each boot, of parts that are kept while they are valid.

The base has busybox, kmod, pciutils and `qemu-test/guest`; then come the kernel's modules that were asked for, with
their index; then the files of this boot.
"""

import hashlib
import lzma
import pathlib
import re
import subprocess
import tempfile

from . import modules
from .cpio import Archive
from .kept import kept
from .paths import GUEST, SetupError

PROGRAMS = {
    "busybox": [],
    "kmod": ["insmod", "rmmod", "modprobe", "lsmod", "modinfo", "depmod"],
    "lspci": [],
    "setpci": [],
}
FOLDERS = "usr/bin usr/sbin usr/lib usr/lib64 dev proc sys run tmp root job etc mnt".split()
LINKS = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"}
PCI_IDS = pathlib.Path("/usr/share/misc/pci.ids")
# The guest's working folder, where the files of a boot go.
JOB = "/job"


def _real(path):
    """Where a file goes in the guest, whose top folders are links as in Debian."""
    return re.sub(r"^/(bin|sbin|lib|lib64)/", r"/usr/\1/", str(path))


def with_libraries(source, target=None):
    """A program of the host and the shared libraries that it needs, as {path in the guest: file here}."""
    out = subprocess.run(["ldd", str(source)], capture_output=True, text=True, check=False).stdout
    libraries = map(pathlib.Path, re.findall(r"(/\S+) \(0x", out))
    return {_real(target or source): source, **{_real(library): library for library in libraries}}


def add_program(archive, source, target=None):
    """A program of the host, with the shared libraries that it needs."""
    for path, file in with_libraries(source, target).items():
        archive.copy(path, file)


def _find(program):
    for folder in ("/usr/bin", "/usr/sbin", "/bin", "/sbin"):
        path = pathlib.Path(folder) / program
        if path.exists():
            return path
    raise SetupError(f"{program} is not here: run this in the root of the tool chain, as qemu-test/README.md says")


def _base():
    archive = Archive()
    for folder in FOLDERS:
        archive.folder(folder)
    for name, target in LINKS.items():
        archive.link(name, target)
    for name, others in PROGRAMS.items():
        add_program(archive, _find(name), f"/usr/bin/{name}")
        for other in others:
            archive.link(f"usr/bin/{other}", name)
            archive.link(f"usr/sbin/{other}", f"../bin/{name}")
    applets = subprocess.run([str(_find("busybox")), "--list"], capture_output=True, text=True, check=True)
    for applet in applets.stdout.split():
        archive.link(f"usr/bin/{applet}", "busybox")
    if PCI_IDS.exists():
        archive.copy(str(PCI_IDS), PCI_IDS)
    archive.copy("testbed", GUEST)
    archive.link("init", "testbed/init")
    return archive.bytes()


def _base_key():
    h = hashlib.sha256(pathlib.Path(__file__).read_bytes())
    for path in (*map(_find, PROGRAMS), *sorted(p for p in GUEST.rglob("*") if p.is_file())):
        if path.is_relative_to(GUEST):
            h.update(f"{path} {path.stat().st_mode}".encode() + path.read_bytes())
        else:
            h.update(f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}".encode())
    return h.hexdigest()[:16]


def _stripped(path):
    """A module's bytes without what only a debugger needs, which is nine tenths of it: the guest reads all of it each
    time. A signed module stays as it is."""
    data = path.read_bytes()
    if data.endswith(b"~Module signature appended~\n"):
        return data

    def strip():
        with tempfile.NamedTemporaryFile(suffix=".ko") as out:
            subprocess.run(["objcopy", "--strip-debug", str(path), out.name], check=True)
            return pathlib.Path(out.name).read_bytes()

    return kept("module", hashlib.sha256(data).hexdigest()[:16], strip).read_bytes()


def _modules(kernel, names, own):
    """The modules of a kernel that are asked for, and modules of our own, {file name: bytes}, with an index for
    modprobe."""
    archive = Archive()
    with tempfile.TemporaryDirectory() as scratch:
        top = pathlib.Path(scratch) / "lib" / "modules" / kernel.release
        for name in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
            source = kernel.modules / name
            (top / name).parent.mkdir(parents=True, exist_ok=True)
            (top / name).write_bytes(source.read_bytes() if source.exists() else b"")
        for path in map(pathlib.PurePath, modules.resolve(kernel, names)):
            data = (kernel.modules / path).read_bytes()
            if path.suffix == ".xz":
                # The guest is slow at it, and a graphics driver has 50 MB.
                path, data = path.with_suffix(""), lzma.decompress(data)
            (top / path).parent.mkdir(parents=True, exist_ok=True)
            (top / path).write_bytes(data)
        for name, data in own.items():
            (top / "extra").mkdir(exist_ok=True)
            (top / "extra" / name).write_bytes(data)
        subprocess.run(["depmod", "-b", scratch, kernel.release], check=True)
        archive.copy(f"usr/lib/modules/{kernel.release}", top)
    return archive.bytes()


def make(kernel, names=(), module_files=(), files=None):
    """The bytes of an initramfs.

    names: modules of the kernel to have at hand; module_files: modules' files of one's own, which go to the working
    folder and to modprobe's, with what they depend on; files: {path in the guest: file or folder here, or bytes, or a
    function that gives one of these: what is made or fetched only when a machine needs it}.
    """
    module_files = [pathlib.Path(f) for f in module_files]
    for path in module_files:
        if not path.is_file():
            raise SetupError(f"{path} is not there: build it first")
    ours = {modules.name_of(f) for f in module_files}
    names = sorted({*names, *(n for f in module_files for n in modules.depends(f) if n not in ours)})
    key = hashlib.sha256(f"{kernel.modules} {(kernel.modules / 'modules.dep').stat().st_mtime_ns} {names}".encode())
    parts = [kept("base", _base_key(), _base).read_bytes()]
    stripped = {path.name: _stripped(path) for path in module_files}
    if stripped:
        parts.append(_modules(kernel, names, stripped))
    else:
        parts.append(kept("modules", key.hexdigest()[:16], lambda: _modules(kernel, names, {})).read_bytes())
    own = Archive()
    for name, data in stripped.items():
        own.file(f"{JOB}/{name}", data)
    for target, source in (files or {}).items():
        if callable(source):
            source = source()
        if isinstance(source, bytes):
            own.file(target, source, 0o755)
        elif pathlib.Path(source).exists():
            own.copy(target, pathlib.Path(source))
        else:
            raise SetupError(f"{source} is not there")
    return b"".join([*parts, own.bytes()])
