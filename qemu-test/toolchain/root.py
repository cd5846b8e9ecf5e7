# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The Debian root in which everything is built and run, and how to enter it."""

import os
import pathlib
import shlex
import shutil
import sys

import archive
from steps import CACHE, run, step

SUITE = "trixie"
ROOT = CACHE / "root"
PROJECT = pathlib.Path(__file__).resolve().parents[2]

PACKAGES = """
    apt ca-certificates
    gcc-14 g++ libc6-dev make flex bison bc libelf-dev libdw-dev libssl-dev zlib1g-dev pkg-config libglib2.0-dev
    rustc rust-src rustfmt rust-clippy cargo bindgen clang libclang-dev lld llvm pahole
    kmod cpio xz-utils zstd gzip patch git perl rsync
    busybox-static pciutils
    qemu-system-x86 seabios ipxe-qemu
    python3 python3-pip python3-venv python3-pytest
""".split()

# Backports is there for the kernel alone; its own pin of 100 keeps everything else at trixie's version.
PREFERENCES = """\
Package: linux-image-* linux-headers-* linux-source linux-source-* linux-kbuild-* linux-base
Pin: release n=trixie-backports
Pin-Priority: 600
"""


def setup():
    """Makes the root with mmdebstrap."""
    with step("root", f"Debian {SUITE} root in {ROOT}", SUITE, *PACKAGES, PREFERENCES) as todo:
        if todo:
            bootstrap(ROOT, SUITE, PACKAGES, PREFERENCES)


def bootstrap(path, suite, packages, preferences, more=(f"{SUITE}-backports", f"{SUITE}-security")):
    """Makes a root with packages of a suite and of `more` suites beside it, and preferences for apt."""
    archive.need("mmdebstrap", "mmdebstrap")
    archive.need("unshare", "util-linux")
    if os.geteuid():
        archive.need("newuidmap", "uidmap")
    main, security = archive.mirrors()
    shutil.rmtree(path, ignore_errors=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    pins = CACHE / "preferences"
    pins.write_text(preferences)
    signed = f"[signed-by={archive.KEYRING}] " if os.path.exists(archive.KEYRING) else ""
    sources = [f"{kind} {signed}{uri} {name} main"
               for kind in ("deb", "deb-src")
               for name in (suite, *more)
               for uri in (security if name.endswith("-security") else main,)]
    # Mirrors that are copies of one day serve lists of suites in the making whose time has run out.
    options = [] if suite == SUITE else ['--aptopt=Acquire::Check-Valid-Until "false"']
    run(["mmdebstrap", "--variant=minbase", "--include=" + ",".join(packages), *options,
         f"--keyring={archive.KEYRING}",
         f"--setup-hook=mkdir -p \"$1\"/etc/apt/preferences.d \"$1\"/{os.path.dirname(archive.KEYRING)}",
         f"--setup-hook=copy-in {archive.KEYRING} {os.path.dirname(archive.KEYRING)}",
         f"--setup-hook=upload {pins} /etc/apt/preferences.d/gim",
         suite, str(path), *sources],
        path.name, f"mmdebstrap could not make the {suite} root: check that the Debian mirrors can be reached")


def command(argv, cwd="/", path=ROOT):
    """The program and arguments that run `argv` in a root, in a mount namespace of its own.

    The checkout and the cache are there at their own paths, and so are the machine's name resolution, certificates
    and the client configuration for crates and Python packages. Paths in GIM_BIND, separated by colons, are there below
    /tmp/host, so that what a person names on a command line can be read.
    """
    binds = [str(PROJECT), str(CACHE)]
    files = [p for p in ("/etc/resolv.conf", "/etc/hosts", "/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt")
             if os.path.exists(p)]
    cargo = CACHE / "cargo"
    cargo.mkdir(parents=True, exist_ok=True)
    own = pathlib.Path(os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo")) / "config.toml"
    if own.exists() and own.parent != cargo:
        shutil.copy(own, cargo / "config.toml")
    # A mount of its own first: without, programs inside could not have mount namespaces of theirs.
    script = [f"set -e; r='{path}'", "mount --bind $r $r", "mount --rbind /dev $r/dev", "mount --rbind /proc $r/proc",
              "mount -t tmpfs tmpfs $r/tmp"]
    for path in binds:
        script.append(f"mkdir -p \"$r{path}\" && mount --bind '{path}' \"$r{path}\"")
    for path in files:
        script.append(f"[ -e \"$r{path}\" ] || {{ mkdir -p \"$r{os.path.dirname(path)}\"; : > \"$r{path}\"; }}; "
                      f"mount --bind '{path}' \"$r{path}\"")
    # On the private /tmp, so that nothing of it stays in the root.
    for path in filter(None, os.environ.get("GIM_BIND", "").split(":")):
        inside, above = (f'"$r"{shlex.quote("/tmp/host" + p)}' for p in (path, os.path.dirname(path)))
        make = "mkdir -p" if os.path.isdir(path) else ":>"
        script.append(f"mkdir -p {above}; {make} {inside}; mount --bind {shlex.quote(path)} {inside}")
    script.append("cd /; exec chroot \"$r\" /bin/sh -c 'cd \"$0\" && exec \"$@\"' \"$@\"")
    namespace = ["unshare", "--mount"]
    if os.geteuid():
        namespace += ["--map-auto", "--map-root-user"]
    kept = {k: v for k, v in os.environ.items()
            if k.lower().endswith("_proxy") or k.startswith(("PIP_", "GIM_", "CARGO_NET", "CARGO_HTTP", "CI", "KDIR"))
            or k in ("TERM", "MAKEFLAGS", "V")}
    env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8",
           "CARGO_HOME": str(cargo), "GIM_CACHE": str(CACHE), **kept, "GIM_IN_ROOT": "1"}
    if "SSL_CERT_FILE" not in env and "/etc/ssl/certs/ca-certificates.crt" in files:
        env["SSL_CERT_FILE"] = "/etc/ssl/certs/ca-certificates.crt"
    argv = ["env", "-i", *(f"{k}={v}" for k, v in env.items()), *namespace, "/bin/sh", "-c", "\n".join(script), "sh",
            str(cwd), *argv]
    return argv[0], argv


def enter(argv, log, advice, path=ROOT):
    """Runs a command in a root as part of a step."""
    run(command(argv, path=path)[1], log, advice)
    sys.stdout.flush()
