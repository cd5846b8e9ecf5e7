# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""libdrm's tests of amdgpu. Debian's libdrm-tests lacks `amdgpu_test`, as Debian builds it without CUnit: it is
compiled from the source of Debian's package, against Debian's own libraries, with which it runs in the guest."""

import shutil
import subprocess

from testbed import SetupError, debian
from testbed.paths import BUILD

LIBRARY_FOLDER = "usr/lib/x86_64-linux-gnu"
LIBRARIES = {"libdrm2": "libdrm.so.2", "libdrm-amdgpu1": "libdrm_amdgpu.so.1", "libcunit1": "libcunit.so.1"}
OUT = BUILD / "guests"


def libraries():
    """A folder with the shared libraries that the programs need."""
    out = OUT / "lib"
    out.mkdir(parents=True, exist_ok=True)
    for package, name in LIBRARIES.items():
        shutil.copy(debian.package(package) / LIBRARY_FOLDER / name, out)
    return out


def amdgpu_test():
    """The program with libdrm's tests of amdgpu."""
    out = OUT / "amdgpu_test"
    if out.exists():
        return out
    source, shared = debian.source("libdrm"), libraries()
    cunit = debian.package("libcunit1-dev") / "usr" / "include"
    sources = [p for p in (source / "tests" / "amdgpu").glob("*.c") if p.name != "amdgpu_stress.c"]
    new = out.with_suffix(".new")
    done = subprocess.run(
        ["gcc-14", "-O2", "-w", "-D_GNU_SOURCE", "-DHAVE_LIBDRM_ATOMIC_PRIMITIVES=1", "-DMAJOR_IN_SYSMACROS=1",
         *(f"-I{p}" for p in (source, source / "include" / "drm", source / "amdgpu", cunit)), "-o", new, *sources,
         *(shared / name for name in LIBRARIES.values()), "-lpthread"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetupError(f"libdrm's tests cannot be compiled:\n{done.stderr.strip()}")
    new.rename(out)
    return out


def amdgpu_stress():
    """The program that allocates buffers and lets SDMA copy between them."""
    return debian.package("libdrm-tests") / "usr" / "bin" / "amdgpu_stress"


# For Machine(files=...)
FILES = {f"/{LIBRARY_FOLDER}/gim-guests": libraries, "amdgpu_test": amdgpu_test, "amdgpu_stress": amdgpu_stress}
LIBRARY_PATH = f"LD_LIBRARY_PATH=/{LIBRARY_FOLDER}/gim-guests"
