# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What it takes to compile a device for Debian's stock QEMU: the headers of exactly its version."""

from root import enter
from steps import CACHE, stamp_of, step

SOURCE = CACHE / "qemu"

FETCH = r"""
set -e
version=$(dpkg-query -W -f '${source:Version}' qemu-system-x86)
rm -rf "$1"; mkdir -p "$1/download"; cd "$1/download"
apt-get update
apt-get source --download-only qemu="$version"
mkdir ../src
tar -C ../src --strip-components=1 -xf qemu_*.orig.tar.xz
cd ../src
# Debian's security updates may change headers of internal structures.
tar -xf ../download/qemu_*.debian.tar.xz
for p in $(sed 's/#.*//' debian/patches/series); do patch -s -p1 < debian/patches/$p; done
cd ..
rm -rf download
mkdir gen && cd gen
python3 ../src/scripts/qapi-gen.py -o qapi -b ../src/qapi/qapi-schema.json
IFS=. read -r major minor micro rest <<V
$(cat ../src/VERSION)
V
{
    for c in POSIX LINUX ACCEPT4 MADVISE POSIX_MADVISE IOVEC SYSMACROS INT128 INT128_TYPE ATOMIC64 TCG; do
        echo "#define CONFIG_$c 1"
    done
    echo "#define HOST_X86_64 1"
    echo "#define QEMU_VERSION \"$major.$minor.$micro\""
    echo "#define QEMU_VERSION_MAJOR $major"
    echo "#define QEMU_VERSION_MINOR $minor"
    echo "#define QEMU_VERSION_MICRO $micro"
} > config-host.h
: > config-poison.h
"""


def setup():
    """Fetches QEMU's source and generates the headers its build would."""
    with step("qemu", "headers of the stock QEMU", stamp_of("root"), FETCH) as todo:
        if todo:
            enter(["bash", "-c", FETCH, "sh", str(SOURCE)], "qemu",
                  "QEMU's source could not be fetched: check that the Debian mirrors carry source packages")
