# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What a test can do with a guest."""

import os

import pytest

from testbed import CommandFailed
from testbed import ktap as ktap_format

FAILING = b"""
. ktap.sh
plan 4
check "right" true
check "wrong" sh -c 'echo because; exit 3'
skip "no card" "there is none"
refute "refused" false
"""

pytestmark = pytest.mark.machine(devices=("igb",), modules=("igb", "nvme"), files={"failing.sh": FAILING})


def test_output_and_status(machine):
    result = machine.run("echo out; echo err >&2; printf end; exit 3")
    assert (result.status, result.data) == (3, b"out\nerr\nend")
    assert machine.run("").data == b""
    assert machine.sh("pwd") == "/job"


def test_input_and_binary_output(machine):
    data = bytes(range(256)) * 100
    assert machine.run("cat", given=data).data == data
    machine.write("/tmp/file", data)
    assert machine.read("/tmp/file") == data


def test_more_than_any_buffer_on_the_way_holds(machine):
    data = machine.run("head -c 262144 /dev/zero | tr '\\0' 'x'").data
    assert data == b"x" * 262144


def test_output_that_looks_like_an_answer(machine):
    assert machine.sh("echo; echo 0123456789abcdef end 0") == "\n0123456789abcdef end 0"


def test_late_output_of_a_background_process_is_not_the_next_one_s(machine):
    machine.sh("mkfifo /tmp/go; (read x < /tmp/go; echo late; echo done > /tmp/said) & exit 0")
    # Between two commands, as far as the agent can tell.
    assert machine.run("echo > /tmp/go; until [ -e /tmp/said ]; do usleep 1000; done").status == 0
    assert machine.sh("echo mine") == "mine"


def test_output_as_it_comes(machine):
    pieces = []

    def live(data):
        pieces.append(data)
        if b"".join(pieces) == b"first":
            machine.console.send(b"go on\n")

    # It goes on only when its first output has been seen.
    machine.run("printf first; read x < /dev/ttyS0; echo second", live=live, limit=20)
    assert b"".join(pieces) == b"firstsecond\n"


def test_a_command_that_must_succeed(machine):
    with pytest.raises(CommandFailed, match="status 1 of: echo why; false\nwhy"):
        machine.sh("echo why; false")


def test_a_module_that_does_not_load_says_why(machine):
    with pytest.raises(CommandFailed, match=r"igb: `many' invalid for parameter `max_vfs'"):
        machine.load("igb", "max_vfs=many")


def test_a_module_s_file_is_loaded_after_what_it_needs(machine):
    machine.load(machine.sh("find /lib/modules/ -name 'nvme.ko*'"))
    assert machine.sh("cat /sys/module/nvme_core/refcnt") == "1"
    machine.sh("modprobe -r nvme")


def test_properties_of_a_device(machine):
    assert machine.qom_get("/machine/peripheral/dev0", "type") == "igb"
    # The old value may be set again at any time.
    machine.qom_set("/machine/peripheral/dev0", "realized", True)


def test_devices_have_addresses(machine):
    assert "82576" in machine.sh(f"lspci -s {machine.address('dev0')}")


def test_igb(ktap):
    ktap("igb.sh")


def test_results_of_a_failing_script(machine):
    result = machine.run("sh failing.sh")
    assert result.status == 1
    assert [(o.name, o.status) for o in ktap_format.parse(result.output, result.status)] == [
        ("right", "pass"), ("wrong", "fail"), ("no card", "skip"), ("refused", "pass")]
    assert "because" in result.output


@pytest.mark.allow_dmesg("BUG: not really")
def test_allowed_lines_of_the_log(machine):
    machine.sh("echo 'BUG: not really' > /dev/kmsg")


def test_the_check_finds_warnings_once(machine, request):
    from testbed.plugin import RUNNING
    _, checker = request.node.stash[RUNNING]
    machine.sh("echo 'WARNING: CPU: 0 PID: 1 at a/file.c:1' > /dev/kmsg")
    assert [p.partition("] ")[2] for p in checker.problems()] == ["WARNING: CPU: 0 PID: 1 at a/file.c:1"]
    assert checker.problems() == []
    assert "a/file.c" in (machine.log / "dmesg.txt").read_text()


def test_the_check_finds_taints_once(machine, request):
    from testbed.plugin import RUNNING
    _, checker = request.node.stash[RUNNING]
    machine.sh("echo 512 > /proc/sys/kernel/tainted")
    assert checker.problems() == ["the kernel is tainted: warning"]
    assert checker.problems() == []


def test_logs(machine):
    machine.sh("echo for the log of commands; echo '<2>on the console' > /dev/kmsg")
    assert "for the log of commands" in (machine.log / "commands.log").read_text()
    assert machine.console.wait_for("on the console", 10)
    assert os.path.getsize(machine.log / "console.log")
