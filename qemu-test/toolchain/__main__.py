# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The tool chain, from nothing: `python3 qemu-test/toolchain setup | kernel LINE | suite NAME | ...`.

`setup` makes a Debian root under ~/.cache/gim (or $GIM_CACHE) with the compiler, QEMU and the stock kernel, and in it
the Rust metadata that Debian's kernel headers lack. Each step says how long it took and is skipped when its inputs are
unchanged. `enter` runs a command in that root, with this checkout and the cache at their own paths. `packages` builds
the Debian packages, in build/packages, in a root of their own. `debug-kernel` builds the kernel of `make test-debug`,
`kernel LINE` fetches that of a line, as 7.2, to build for. `suite NAME` makes a root of another suite of Debian with
its kernel, for `make test-kernel`, `enter-suite NAME` runs a command in it.
"""

import os
import sys

import debug_kernel
import kernel
import packages
import python
import qemu
import root
import suite
from steps import Failure


def main(argv):
    """Runs one of the commands; returns the exit status."""
    try:
        if argv[:1] == ["setup"] and len(argv) == 1:
            root.setup()
            kernel.setup()
            qemu.setup()
            python.setup()
            return 0
        if argv[:1] == ["kernel"] and len(argv) == 2:
            kernel.setup(argv[1])
            return 0
        if argv[:1] == ["suite"] and len(argv) == 2:
            suite.setup(argv[1])
            return 0
        if argv == ["packages"]:
            packages.setup()
            packages.build(root.PROJECT / "build" / "packages")
            return 0
        if argv == ["debug-kernel"]:
            debug_kernel.setup()
            return 0
        if argv[:1] == ["enter"] and len(argv) > 1:
            os.execvp(*root.command(argv[1:], os.getcwd()))
        if argv[:1] == ["enter-suite"] and len(argv) > 2:
            os.execvp(*root.command(argv[2:], os.getcwd(), suite.path(argv[1])))
    except Failure as e:
        print(f"toolchain: {e}", file=sys.stderr)
        return 1
    print("usage: toolchain setup | kernel LINE | suite NAME | debug-kernel | packages | enter COMMAND [ARGUMENT...] |"
          " enter-suite NAME COMMAND [ARGUMENT...]", file=sys.stderr)
    return 2


sys.exit(main(sys.argv[1:]))
