# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The roots for packages: a fresh Debian system as a user has it, and one that builds packages."""

import root
from steps import CACHE, step

FRESH = CACHE / "fresh"
BUILDER = CACHE / "builder"

# A server that boots, with the newest kernel of backports and no compiler.
SYSTEM = """
    apt ca-certificates systemd-sysv udev kmod dbus initramfs-tools zstd pciutils
    linux-image-amd64
""".split()

# With what debian/control names for the build.
TOOLS = "apt ca-certificates build-essential debhelper cargo rustc lintian reuse".split()

# What the tests install, so that they need not fetch it each time: what gim-dkms needs, and the other kernels.
FETCH = r"""
set -e
apt-get update
depends=$(sed -n '/^Package: gim-dkms/,/^$/p' "$1" | sed -n '/^Depends:/,/}/{s/^Depends://;s/([^)]*)//g;s/|[^,]*//g;s/\${.*//;s/,/ /g;p}')
line=$(apt-cache depends linux-image-amd64 | sed -n 's/ *Depends: linux-image-\([0-9].*\)-amd64$/\1/p' | head -n 1)
apt-get install -y --download-only linux-headers-amd64 linux-source $depends \
    linux-image-$line-cloud-amd64 linux-headers-$line-cloud-amd64
apt-get install -y --download-only linux-image-amd64/stable linux-headers-amd64/stable
"""


def setup():
    """Makes both roots."""
    for path, what, packages in ((FRESH, "a fresh system", SYSTEM), (BUILDER, "a builder of packages", TOOLS)):
        with step(path.name, f"{what} in {path}", root.SUITE, *packages, root.PREFERENCES) as todo:
            if todo:
                root.bootstrap(path, root.SUITE, packages, root.PREFERENCES)
