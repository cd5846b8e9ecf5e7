# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The command for people, as they call it."""

import lzma
import os
import pathlib
import subprocess
import sys

from testbed.paths import stock_kernel

VM = pathlib.Path(__file__).resolve().parents[2] / "vm"


def vm(*arguments, given="", **more):
    return subprocess.run([sys.executable, str(VM), *arguments], input=given, capture_output=True, text=True,
                          timeout=200, check=False, **more)


def vm_from_outside(*arguments, cwd):
    """The same as from a shell that is not in the tool chain's root: it has to enter that, with what it needs."""
    env = {k: v for k, v in os.environ.items() if k != "GIM_IN_ROOT"}
    return vm(*arguments, cwd=cwd, env=env)


def test_status_output_files_and_arguments(tmp_path):
    (tmp_path / "data.txt").write_text("hello\n")
    script = tmp_path / "a script.sh"
    script.write_text('cat data.txt other/name; echo "$2"; modprobe igb && lspci -d 8086:10c9; exit 7\n')
    out = vm_from_outside("run", "--log", "log", "--device", "igb", "--with", "igb", "--file", "data.txt", "--file",
                          f"{tmp_path}/data.txt:other/name", "a script.sh", "1", "two words", cwd=tmp_path)
    assert (out.returncode, out.stderr) == (7, "")
    assert out.stdout.splitlines()[:3] == ["hello", "hello", "two words"]
    assert "82576" in out.stdout
    assert (tmp_path / "log" / "console.log").exists()


def test_time_out_from_standard_input(tmp_path):
    out = vm("run", "--log", str(tmp_path / "log"), "--timeout", "1", "-", given="echo begun\nsleep 1000\n")
    assert (out.returncode, out.stdout) == (124, "begun\n")
    assert "no end within 1 s" in out.stderr


def test_crash(tmp_path):
    out = vm("run", "--log", str(tmp_path / "log"), "-", given="echo c > /proc/sysrq-trigger; sleep 1000")
    assert out.returncode == 125
    assert "Kernel panic - not syncing: sysrq triggered crash" in out.stderr


def test_a_warning_is_told_and_an_error_if_one_is_strict(tmp_path):
    out = vm("run", "--log", str(tmp_path / "log"), "--strict", "-", given="echo 'WARNING: here' > /dev/kmsg")
    assert out.returncode == 1
    assert "WARNING: here" in out.stderr


def test_a_module_that_is_not_the_kernel_s(tmp_path):
    # One of the kernel's, under another name, so that nothing has to be built.
    kernel = stock_kernel()
    source = next(kernel.modules.rglob("nvme.ko*"))
    data = source.read_bytes()
    (tmp_path / "own.ko").write_bytes(lzma.decompress(data) if source.suffix == ".xz" else data)
    out = vm("run", "--log", str(tmp_path / "log"), "--module", str(tmp_path / "own.ko"), "--kernel",
             str(kernel.image), "--modules", str(kernel.modules), "-",
             given="ls *.ko; load own.ko && cat /sys/module/nvme_core/refcnt /sys/module/nvme/refcnt")
    assert (out.stdout, out.returncode) == ("own.ko\n1\n0\n", 0)


def test_what_is_missing_is_said(tmp_path):
    script = tmp_path / "script.sh"
    script.write_text("true\n")
    for call in (vm, vm_from_outside):
        out = call("run", "--module", "none.ko", "script.sh", cwd=tmp_path)
        assert out.returncode == 126
        assert "none.ko is not there" in out.stderr
    out = vm("run", "--with", "nonsense", str(script))
    assert out.returncode == 126
    assert "has no module nonsense" in out.stderr
