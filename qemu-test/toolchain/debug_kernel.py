# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The debug kernel: KASAN, lockdep, kmemleak and their like, of the stock kernel's source; no part of `setup`.

It is built with LLVM, as KASAN wants for Rust. A build that was cut off goes on where it was. What is kept is the
image, the modules, and a tree to build modules in.
"""

import pathlib

import kernel
from root import enter
from steps import CACHE, stamp_of, step

OUT = CACHE / "debug"
CONFIG = pathlib.Path(__file__).with_name("debug.config")

# install-extmod-build is what distributions make their packages of headers with; it leaves Rust's metadata out.
BUILD = r"""
set -e
tarball=$1 version=$2 config=$3 out=$4
src=$out/source build=$out/build
make="make -C $src O=$build ARCH=x86 LLVM=1 KBUILD_BUILD_TIMESTAMP=0 -j$(nproc)"
if [ "$(cat $src/.unpacked 2> /dev/null)" != "$version" ]; then
    rm -rf $out; mkdir -p $src
    tar -C $src --strip-components=1 -xf $tarball
    echo "$version" > $src/.unpacked
fi
mkdir -p $build
if ! cmp -s $config $build/.from; then
    KCONFIG_ALLCONFIG=$config $make allnoconfig
    grep ^CONFIG_ $config | sort > $out/wanted
    sort $build/.config | comm -23 $out/wanted - > $out/missing
    if [ -s $out/missing ]; then
        echo "The kernel's configuration did not take:"; cat $out/missing
        exit 1
    fi
    cp $config $build/.from
fi
$make bzImage modules
rm -rf $out/image $out/kdir
mkdir -p $out/image
$make INSTALL_MOD_PATH=$out/image modules_install
cp $build/arch/x86/boot/bzImage $out/image/vmlinuz
$make run-command KBUILD_RUN_COMMAND="$src/scripts/package/install-extmod-build $out/kdir"
tar -C $build --exclude='*.o' --exclude='.*.cmd' -c rust | tar -C $out/kdir -x
rm -rf $src $build
"""


def setup():
    """Builds the kernel."""
    with step("debug", "debug kernel, half an hour or less on two cores", stamp_of("kernel"), CONFIG, BUILD) as todo:
        if todo:
            versions = (kernel.STOCK / "versions").read_text().split()
            enter(["bash", "-c", BUILD, "sh", str(kernel.source()), versions[2], str(CONFIG), str(OUT)], "debug",
                  "the debug kernel could not be built")
