# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The stock kernel, and a tree to build Rust modules for it.

Debian's kernels have CONFIG_RUST, but the headers ship no Rust metadata (rust/*.rmeta, the proc macros and
scripts/target.json). scripts/rust-metadata rebuilds them from `linux-source` of the same version, as on the machine of
a user.
"""

import re

from root import PROJECT, ROOT, enter
from steps import CACHE, Failure, stamp_of, step

KDIR = CACHE / "kdir"
STOCK = CACHE / "kernel"
IMAGE = CACHE / "image"
OLDEST = (7, 2)

# Which kernel: that on which the suite's packages of no version depend, or the newest of a line, as 7.2.
NEWEST = r"""
set -e
apt-get update
image=$(apt-cache depends linux-image-amd64 | sed -n 's/ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
release=${image#linux-image-}
source=$(apt-cache depends linux-source | sed -n 's/ *Depends: \(linux-source-[0-9].*\)/\1/p' | head -n 1)
"""
OF_LINE = r"""
set -e
apt-get update
images=$(apt-cache search --names-only "^linux-image-$2[.][0-9.]*[+]deb[0-9]*-amd64$" | cut -d' ' -f1)
image=$(echo "$images" | sort -V | tail -n 1)
[ -n "$image" ] || { echo "the archive has no kernel of line $2"; exit 1; }
release=${image#linux-image-}
source=linux-source-$2
"""
FETCH = r"""DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends linux-headers-$release
rm -rf "$1"; mkdir -p "$1"; cd "$1"
apt-get download "$image" "$source"
version=$(dpkg-deb -f $image*_amd64.deb Version)
for deb in *.deb; do dpkg-deb -x $deb unpacked; done
printf '%s\n%s\n%s\n' "$release" "$version" "$(dpkg-deb -f $source*.deb Version)" > versions
rm *.deb
"""

# Debian has split its kernels: linux-image-* is a short package that depends on linux-binary-* and linux-modules-*.
# Older ones have everything in linux-image-* itself, so all that there is of the three is unpacked.
FETCH_IMAGE = r"""
set -e
out=$1 release=$2 version=$3
rm -rf "$out"; mkdir -p "$out/debs"; cd "$out/debs"
apt-get update
parts=$(apt-cache depends "linux-image-$release" | sed -n 's/ *Depends: \(linux-\(binary\|modules\)-.*\)/\1/p')
for part in "linux-image-$release" $parts; do apt-get download "$part=$version"; done
for deb in *.deb; do dpkg-deb -x "$deb" ..; done
cd ..; rm -r debs
[ -e lib ] || ln -s usr/lib lib
depmod -b "$out" "$release"
"""

# A copy, as it is also used where the headers are not.
METADATA = r"""
set -e
release=$1 source=$2 kdir=$3 script=$4
headers=/usr/src/linux-headers-$release
rm -rf $kdir.new
"$script" $headers $kdir.links "$source"
cp -aL $kdir.links $kdir.new
rm -r $kdir.links
sed -i "s|^KBUILD_OUTPUT *=.*|KBUILD_OUTPUT=$kdir|" $kdir.new/Makefile
rm -rf $kdir; mv $kdir.new $kdir
"""


def folder(line=None):
    """Where a line of kernels has what the cache itself has of the stock kernel."""
    return CACHE / "kernels" / line if line else CACHE


def release(at=CACHE):
    """The release of the stock kernel in the cache, or of one in another folder, as `uname -r` says it."""
    return (at / STOCK.name / "versions").read_text().splitlines()[0]


def source(at=CACHE):
    """Its source, as Debian packs it, or that of one in another folder."""
    packed = at / STOCK.name / "unpacked" / "usr" / "src"
    for path in packed.glob("linux-source-*.tar.xz"):
        return path
    raise Failure(f"there is no kernel source in {packed}: remove the stamp 'kernel' and run the set-up again.")


def image(at=CACHE):
    """The stock kernel's image, or that of one in another folder."""
    for path in (at / IMAGE.name / "boot" / f"vmlinuz-{release(at)}", modules(at) / "vmlinuz"):
        if path.exists():
            return path
    raise Failure(f"the kernel packages have no image under {at / IMAGE.name}: remove the stamp 'image' beside it and "
                  "run the set-up again.")


def modules(at=CACHE):
    """The folder of the stock kernel's modules, or of those of one in another folder."""
    path = at / IMAGE.name / "lib" / "modules" / release(at)
    if not (path / "modules.dep").exists():
        raise Failure(f"there are no modules under {at / IMAGE.name}: remove the stamp 'image' beside it and run the "
                      "set-up again.")
    return path


def setup(line=None):
    """Fetches the kernel, its headers and its source, and rebuilds the Rust metadata; of a line, as 7.2, if one is
    given."""
    setup_at(folder(line), f"-{line}" if line else "", line=line)


def setup_at(at, of, line=None, path=ROOT):
    """The same for a kernel that is to be in the folder `at`, from the packages that the root `path` has at hand.

    of: what the names of its steps end with.
    """
    stock = at / STOCK.name
    fetch = (OF_LINE if line else NEWEST) + FETCH
    with step(f"kernel{of}", f"{'kernel of line ' + line if line else 'stock kernel'}, headers and source",
              stamp_of(path.name), fetch) as todo:
        if todo:
            at.mkdir(parents=True, exist_ok=True)
            enter(["sh", "-c", fetch, "sh", str(stock), line or ""], f"kernel{of}",
                  "the kernel packages could not be fetched: check that the Debian mirrors can be reached", path)
            name, image_version, source_version = (stock / "versions").read_text().split()
            if tuple(map(int, re.match(r"(\d+)\.(\d+)", name).groups())) < OLDEST:
                raise Failure(f"the archive has kernel {name}, and {'.'.join(map(str, OLDEST))} is the oldest "
                              "supported: check that the mirror carries the suite that it should.")
            if image_version.split("~")[0] != source_version.split("~")[0]:
                raise Failure(f"the archive has kernel {image_version} but source {source_version}: it is being "
                              "updated, try again later.")
    versions = (stock / "versions").read_text()
    with step(f"image{of}", f"image and modules of {release(at)}", versions, FETCH_IMAGE) as todo:
        if todo:
            enter(["sh", "-c", FETCH_IMAGE, "sh", str(at / IMAGE.name), *versions.split()[:2]], f"image{of}",
                  "the kernel's image could not be fetched: check that the Debian mirrors can be reached, and if they "
                  f"are, remove the stamp 'kernel{of}' to take the archive's newer kernel", path)
            image(at)
    script = PROJECT / "scripts" / "rust-metadata"
    with step(f"metadata{of}", f"Rust metadata for {release(at)}", stamp_of(f"kernel{of}"), METADATA, script) as todo:
        if todo:
            enter(["sh", "-c", METADATA, "sh", release(at), str(source(at)), str(at / KDIR.name), str(script)],
                  f"metadata{of}", "the Rust metadata of the kernel could not be rebuilt", path)
