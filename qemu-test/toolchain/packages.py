# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Debian packages: how they are built, and the roots for that: a builder, and a fresh system as a user has it."""

import subprocess

import root
from steps import CACHE, Failure, run, stamp_of, step

FRESH = CACHE / "fresh"
BUILDER = CACHE / "builder"

# A server that boots, with the newest kernel of backports and no compiler.
SYSTEM = """
    apt ca-certificates systemd-sysv udev kmod dbus initramfs-tools e2fsprogs zstd pciutils
    linux-image-amd64
""".split()

# With what debian/control names for the build.
TOOLS = "apt ca-certificates build-essential debhelper cargo rustc lintian".split()

# What the tests install is fetched once. The kernels: that of backports in a second flavour, and that of the suite that
# has no Rust, whose release is noted.
FETCH = r"""
set -e
apt-get update
release=$(apt-cache depends linux-image-amd64 | sed -n 's/ *Depends: linux-image-\([0-9].*\)-amd64$/\1/p' | head -n 1)
version=$(apt-cache madison linux-image-amd64 | grep -v backports | head -n 1 | cut -d'|' -f2 | tr -d ' ')
old=$(apt-cache show "linux-image-amd64=$version" | sed -n 's/^Depends: linux-image-\([^ ,]*\).*/\1/p')
depends=$(sed -n '/^Package: gim-dkms/,/^ *\$/s/^\(Depends:\)\{0,1\} *\([a-z0-9-]*\).*/\2/p' "$1")
apt-get install -y --download-only linux-headers-amd64 linux-source linux-image-$release-cloud-amd64 \
    linux-headers-$release-cloud-amd64 $depends
apt-get install -y --download-only "linux-image-$old" "linux-headers-$old"
echo "$old" > /usr/src/without-rust
"""

# In two folders of different names nothing of the folder may show.
BUILD = r"""
set -e
mkdir "/tmp/$1"; cd "/tmp/$1"
tar -x
dpkg-buildpackage -us -uc -b
mkdir -p "$2"
cp ../*.deb ../*.changes ../*.buildinfo "$2"
"""


def setup():
    """Makes both roots."""
    for path, what, packages in ((FRESH, "a fresh system", SYSTEM), (BUILDER, "a builder of packages", TOOLS)):
        with step(path.name, f"{what} in {path}", root.SUITE, *packages, root.PREFERENCES) as todo:
            if todo:
                root.bootstrap(path, root.SUITE, packages, root.PREFERENCES)
    control = root.PROJECT / "debian" / "control"
    with step("archives", "packages that the tests install", stamp_of("fresh"), control, FETCH) as todo:
        if todo:
            root.enter(["sh", "-c", FETCH, "sh", str(control)], "archives",
                       "the packages could not be fetched: check that the Debian mirrors can be reached", FRESH)


def build(out, folder="gim"):
    """Builds the packages of what git knows of this checkout, as it is now, and puts them to `out`.

    folder: the name of the folder in which they are built.
    """
    listed = subprocess.run(["git", "-C", str(root.PROJECT), "ls-files", "-z"], capture_output=True, check=True).stdout
    source = subprocess.run(["tar", "-C", str(root.PROJECT), "-c", "--null", "--no-recursion", "-T", "-"], input=listed,
                            capture_output=True, check=False)
    if source.returncode:
        raise Failure(f"the source cannot be packed: {source.stderr.decode().strip()}")
    run(root.command(["sh", "-c", BUILD, "sh", folder, str(out)], path=BUILDER)[1], "packages",
        "the packages could not be built", given=source.stdout)
