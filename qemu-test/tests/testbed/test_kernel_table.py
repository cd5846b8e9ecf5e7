# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""scripts/kernel-table: what results of tests make of the README's table."""

import os
import subprocess

import pytest

from testbed.paths import PROJECT

README = """\
text

| kernel | compilers | built without warnings, tested |
| --- | --- | --- |
| 7.3.1 | rustc 1.85.1, gcc 14.2.0 | 12 tests, `make test` |
| 7.2.0 | rustc 1.96.0, gcc 15.1.0 | 3 tests, `make test-kernel SUITE=forky` |

more
"""
CONFIG = """\
CONFIG_RUSTC_VERSION_TEXT=rustc 1.97.1 (8bab26f4f 2026-07-14) (built from a source tarball)
CONFIG_CC_VERSION_TEXT="x86_64-linux-gnu-gcc-16 (Debian 16.2.0-3) 16.2.0"
"""


@pytest.fixture
def table(tmp_path):
    """Runs it on results with so many failures; returns its status, what it said, and the README."""
    kdir, results, readme = tmp_path / "kdir", tmp_path / "results.xml", tmp_path / "README.md"
    (kdir / "include" / "config").mkdir(parents=True)
    (kdir / "include" / "config" / "auto.conf").write_text(CONFIG)
    (kdir / "include" / "config" / "kernel.release").write_text("7.2.12-amd64\n")
    (kdir / "Makefile").write_text("")
    readme.write_text(README)

    def run(failures=0, age=0):
        counts = f'tests="9" skipped="2" failures="{failures}" errors="0"'
        results.write_text(f"<testsuites><testsuite {counts}/></testsuites>")
        then = (kdir / "Makefile").stat().st_mtime - age
        os.utime(results, (then, then))
        command = [PROJECT / "scripts" / "kernel-table", readme, kdir, "make test-kernel SUITE=forky", results]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stderr, readme.read_text()

    return run


def test_a_command_has_one_row(table):
    status, _, readme = table()
    row = "| 7.2.12-amd64 | rustc 1.97.1, gcc 16.2.0 | 7 tests, `make test-kernel SUITE=forky` |"
    assert status == 0
    assert readme == README.replace(README.splitlines()[5], row)


def test_failures_are_refused(table):
    status, said, readme = table(failures=1)
    assert status != 0 and "1 failures" in said and readme == README


def test_results_of_an_older_kernel_are_refused(table):
    status, said, readme = table(age=60)
    assert status != 0 and "run `make test-kernel SUITE=forky` first" in said and readme == README
