# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Builds and runs the two interpreters of AtomBIOS: the project's own, and amdgpu's from the kernel's source."""

import pathlib
import subprocess

import pytest

from testbed import paths

TABLES = paths.QEMU_TEST / "vbios" / "tables"
_BUILD = paths.BUILD / "vbios"
_TRACE = paths.PROJECT / "rust" / "atom_trace"
_SHIMS = pathlib.Path(__file__).parent / "amdgpu_atom"
# What amdgpu's interpreter consists of, in drivers/gpu/drm/amd.
_AMDGPU = """
    amdgpu/atom.c amdgpu/atom.h amdgpu/ObjectID.h include/atom-bits.h include/atom-names.h include/atom-types.h
    include/atombios.h include/atomfirmware.h include/atomfirmwareid.h include/pptable.h
""".split()
# Much more than the seconds it takes: for interpreters that do not end.
_LIMIT = 120


def run(*command):
    """What a program prints; it must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT)
    if done.returncode:
        pytest.fail(f"{' '.join(map(str, command))} failed ({done.returncode}):\n{done.stderr[-4000:]}")
    return done.stdout


def build_atom_trace():
    """The program that runs tables with the project's interpreter."""
    target = _BUILD / "atom_trace"
    run("cargo", "build", "--quiet", "--release", "--offline",
        "--manifest-path", _TRACE / "Cargo.toml", "--target-dir", target)  # fmt: skip
    return target / "release" / "atom-trace"


def _amdgpu_source():
    """The folder with amdgpu's interpreter; the archive takes some seconds to read, so that is done once."""
    try:
        archive = paths.kernel_source()
    except paths.SetupError as e:
        pytest.fail(str(e))
    folder, stamp = _BUILD / "amdgpu", _BUILD / "amdgpu.source"
    identity = f"{archive.name} {archive.stat().st_size} {archive.stat().st_mtime_ns} {_AMDGPU}"
    if not stamp.exists() or stamp.read_text() != identity:
        folder.mkdir(parents=True, exist_ok=True)
        root = archive.name.removesuffix(".tar.xz")
        run("tar", "-C", folder, "--strip-components=5", "-xf", archive,
            *(f"{root}/drivers/gpu/drm/amd/{name}" for name in _AMDGPU))  # fmt: skip
        stamp.write_text(identity)
    return folder


def build_amdgpu_atom():
    """The program that runs tables with amdgpu's interpreter."""
    source = _amdgpu_source()
    include = ["-I", _SHIMS / "include", "-isystem", source / "amdgpu", "-isystem", source / "include"]
    program, interpreter = _BUILD / "amdgpu-atom", _BUILD / "amdgpu-atom.o"
    # The kernel's code is not ours to have warnings about.
    run("gcc", "-O2", "-w", *include, "-c", "-o", interpreter, source / "amdgpu" / "atom.c")
    run("gcc", "-O2", "-Wall", "-Wextra", "-Werror", *include, "-o", program, _SHIMS / "main.c", interpreter)
    return program
