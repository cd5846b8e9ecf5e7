# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Debian's packages that only some tests need: fetched when the first of them runs, kept unpacked in the cache, and
never installed. Firmware is in a component of its own, which the tool chain's root does not list."""

import fcntl
import os
import pathlib
import shutil
import subprocess

from .paths import SetupError

CACHE = pathlib.Path(os.environ.get("GIM_CACHE", pathlib.Path.home() / ".cache" / "gim")) / "packages"
SOURCES = pathlib.Path("/etc/apt/sources.list")
COMPONENTS = "main non-free-firmware"


def _apt(*arguments, cwd):
    """Runs apt-get with lists of its own, made from the root's sources."""
    own = {"Dir::Etc::SourceList": CACHE / "sources.list", "Dir::Etc::SourceParts": "/dev/null",
           "Dir::State::Lists": CACHE / "lists", "Dir::Cache::pkgcache": "", "Dir::Cache::srcpkgcache": "",
           "Dir::Cache::Archives": CACHE / "archives", "Acquire::Languages": "none", "APT::Sandbox::User": "root"}
    options = [part for name, value in own.items() for part in ("-o", f"{name}={value}")]
    done = subprocess.run(["apt-get", "-q", *options, *arguments], cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetupError(f"apt-get {' '.join(arguments)} failed, so check that the Debian mirrors can be reached:\n"
                         f"{done.stderr.strip()}")


def _update():
    for name in ("lists/partial", "archives/partial"):
        (CACHE / name).mkdir(parents=True, exist_ok=True)
    lines = [line for line in SOURCES.read_text().splitlines() if line.split()[-1:] == ["main"]]
    (CACHE / "sources.list").write_text("".join(f"{line.rsplit(' ', 1)[0]} {COMPONENTS}\n" for line in lines))
    _apt("update", cwd=CACHE)


def _fetched(folder, fetch):
    """The folder, filled by `fetch` unless it is there; whole or not at all, and by one process at a time."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            new = folder.with_suffix(".new")
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir()
            _update()
            fetch(new)
            new.rename(folder)
    return folder


def package(name):
    """The folder with what is in a binary package."""
    def fetch(new):
        _apt("download", name, cwd=new)
        for deb in list(new.glob("*.deb")):
            subprocess.run(["dpkg-deb", "-x", deb, new], check=True)
            deb.unlink()
    return _fetched(CACHE / name, fetch)


def source(name):
    """The folder with the source of a source package, as its authors published it: without Debian's changes."""
    def fetch(new):
        _apt("source", "--download-only", name, cwd=new)
        [archive] = (p for p in new.glob("*.orig.tar.*") if p.suffix != ".asc")
        subprocess.run(["tar", "-x", "-f", archive, "--strip-components=1"], cwd=new, check=True)
        for path in (*new.glob("*.tar.*"), *new.glob("*.dsc")):
            path.unlink()
    return _fetched(CACHE / f"{name}.source", fetch)
