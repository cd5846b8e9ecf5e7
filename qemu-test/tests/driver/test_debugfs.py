# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""debugfs and tracepoints: what a developer sees is what the card has done."""

import re

import pytest
from gim_module import ONE_CARD

from testbed import MODULE, debian, program

pytestmark = ONE_CARD

FOREVER = 100_000_000
TRACING = "/sys/kernel/tracing"


@pytest.fixture
def debug(gim):
    """Reads a file of the card's folder."""
    gim.load("vf_num=4")
    folder = f"/sys/kernel/debug/gim/{gim.machine.address('card0')}"

    def read(name):
        return gim.sh(f"cat {folder}/{name}")

    read.folder = folder
    return read


@pytest.fixture
def trace(gim):
    """Records tracepoints: `trace("world_switch")`, and then `trace()` gives each as a dictionary with its name."""
    def record(*events):
        if events:
            enable = "; ".join(f"echo 1 > events/gim/{e}/enable" for e in events)
            gim.sh(f"cd {TRACING}; echo > trace; {enable}")
            return None
        gim.sh(f"echo 0 > {TRACING}/events/gim/enable")
        found = []
        for line in gim.sh(f"grep -v '^#' {TRACING}/trace || true").splitlines():
            name, fields = re.search(r": (\w+): (dev=.*)$", line).groups()
            found.append({"event": name, **dict(f.split("=") for f in fields.split())})
        return found

    yield record
    gim.sh(f"echo 0 > {TRACING}/events/gim/enable 2>/dev/null; true")


def test_files_say_what_goes_on(gim, guests, debug):
    crowd = guests()
    crowd.do("1 start")
    # Before there are so many world switches that it holds nothing else.
    journal = debug("journal")
    for text in ("event Message", "to VF1: Ready", "INIT VF1: done", "VBIOS copy for VF1: done"):
        assert text in journal
    crowd.do("3 start", f"3 work {FOREVER}")
    gim.sh(f"echo 25 > {gim.path()}/sriov_admin/vf3/profile/exec_quantum_ms")
    engine, run_list = debug("engine"), debug("run_list")
    assert re.search(r"^phase: Up$", engine, re.MULTILINE)
    assert re.search(r"^VF3: running; GPU \d+ us", engine, re.MULTILINE)
    assert "VF2: available" in engine
    assert re.search(r"^VF3: quantum 25000 us, weight 100, priority normal", run_list, re.MULTILINE)
    assert run_list.count("runs") == 1 and run_list.startswith("policy: solid")
    assert "LOAD VF1: done" in debug("journal")
    framebuffer, hardware = debug("framebuffer").splitlines(), debug("hardware")
    assert framebuffer == ["PF: framebuffer 256 MB at 0 MB", "context save area: 8 MB at 256 MB",
                           *(f"VF{i + 1}: framebuffer 1968 MB at {272 + 1968 * i} MB" for i in range(4)),
                           "free: 32 MB at 8144 MB"]
    assert all(line in hardware for line in framebuffer if line.startswith("VF"))
    assert "TOTAL_FB_AVAILABLE 1ffe" in hardware and "CNTXT 00100001" in hardware


def test_registers_by_name(gim, guests, debug):
    names = gim.sh(f"ls {debug.folder}/registers").split()
    assert len(names) > 40 and {"GRBM_STATUS", "CONFIG_MEMSIZE", "BIF_STRAP8", "SMC_PC_C"} <= set(names)
    lines = gim.sh(f"cd {debug.folder}/registers; for name in *; do echo $name $(cat $name); done").splitlines()
    seen = dict(line.split() for line in lines)
    assert set(seen) == set(names) and all(re.fullmatch("[0-9a-f]{8}", value) for value in seen.values())
    assert (seen["CONFIG_MEMSIZE"], seen["SMC_PC_C"]) == ("00001ffe", "00020100")
    # ARI mode is off, as the driver has set it; the others are those that the card comes with.
    assert int(seen["BIF_STRAP8"], 16) & 0x600000 == 0
    gim.machine.card(0).set("smc-vid2", 0x55)
    assert debug("registers/PWR_SVI2_STATUS").startswith("000055")
    gim.machine.card(0).set("smc-vid2", 80)


def test_only_root_looks(gim, debug):
    modes = gim.sh(f"find {debug.folder} -type f | xargs stat -c %a | sort -u")
    assert modes == "400"


def test_an_open_file_does_no_harm(gim, debug):
    gim.sh(f"exec 3< {debug.folder}/engine; head -c 1 <&3 > /dev/null; "
           f"! rmmod gim 2>/dev/null; echo {gim.machine.address('card0')} > /sys/bus/pci/drivers/gim/unbind; "
           "! cat <&3 > /dev/null 2>&1; exec 3<&-; rmmod gim; ! [ -e /sys/kernel/debug/gim ]")


def phases_fit(card, switches):
    """Whether the four phases of world switches add up to what the card's own account says of the commands."""
    phases = {op: sum(int(f[f"{op.lower()}_ns"]) for f in switches) / len(switches)
              for op in ("IDLE", "SAVE", "LOAD", "RUN")}
    log = [c for c in card.json("command-log") if c["end"] >= 0]
    account = 0
    for op in phases:
        times = [c["end"] - c["start"] for c in log if c["op"] == op]
        account += sum(times) / len(times)
    assert sum(phases.values()) == pytest.approx(account, rel=0.05)
    for f in switches:
        each = [int(f[f"{op.lower()}_ns"]) for op in phases]
        assert all(each) and int(f["total_ns"]) >= sum(each)


@pytest.fixture
def two(gim, guests, debug):
    """Two guests with work for ever, on a card whose commands take 300 us; gives the client and the card."""
    card = gim.machine.card(0)
    card.set("command-latency-us", 300)
    crowd = guests()
    crowd.do("1 start", f"1 work {FOREVER}", "2 start", f"2 work {FOREVER}", "1 sleep 500")
    card.set("counters-reset", True)
    yield crowd, card
    card.set("command-latency-us", 50)


def test_a_world_switch_and_its_phases(gim, two, trace):
    crowd, card = two
    trace("world_switch", "command")
    crowd.do("1 sleep 300")
    found = trace()
    switches = [f for f in found if f["event"] == "world_switch"]
    assert len(switches) > 10
    assert {(f["from"], f["to"]) for f in switches} == {("1", "2"), ("2", "1")}
    phases_fit(card, switches)
    commands = [f for f in found if f["event"] == "command"]
    assert {f["command"] for f in commands} == {"IDLE", "SAVE", "LOAD", "RUN"}
    assert {f["result"] for f in commands} == {"done"}
    # The first switch may have been under way.
    assert len(commands) > 4 * (len(switches) - 1)
    assert {f["dev"] for f in found} == {gim.machine.address("card0")}


def library(package, name):
    """A function that gives a library of one of Debian's packages."""
    return lambda: debian.package(package) / f"usr/lib/x86_64-linux-gnu/{name}"


@pytest.mark.slow
@pytest.mark.machine(cards=1, module_files=(MODULE,), warp=True, files={
    "vfclient": program("vfclient"), "trace-cmd": lambda: debian.package("trace-cmd") / "usr/bin/trace-cmd",
    "lib/libtraceevent.so.1": library("libtraceevent1", "libtraceevent.so.1"),
    "lib/libtracefs.so.1": library("libtracefs1", "libtracefs.so.1"),
    "lib/libz.so.1": library("zlib1g", "libz.so.1"), "lib/libzstd.so.1": library("libzstd1", "libzstd.so.1")})
def test_trace_cmd_records_a_world_switch(gim, two):
    _, card = two
    gim.sh("LD_LIBRARY_PATH=lib ./trace-cmd record -q -o /tmp/trace.dat -e gim:world_switch sleep 0.3", limit=120)
    report = gim.sh("LD_LIBRARY_PATH=lib ./trace-cmd report -i /tmp/trace.dat | grep world_switch:", limit=120)
    switches = [dict(re.findall(r"(\w+)=(\S+)", line)) for line in report.splitlines()]
    assert len(switches) > 10 and {f["to"] for f in switches} == {"1", "2"}
    phases_fit(card, switches)


def test_everything_that_befalls_a_vf_is_traced(gim, guests, debug, trace):
    admin = f"{gim.path()}/sriov_admin"
    crowd = guests()
    events = ("message", "exclusive", "state", "operation", "reset", "guard", "command")
    trace(*events)
    crowd.do("2 start", "2 sleep 20", "2 end")
    gim.sh(f"echo 1 > {admin}/vf2/reset; echo 1 > {admin}/guard_flr_limit; echo 170 > {admin}/vf3/clear")
    # The second is one too many: it is not answered.
    crowd.do("2 start", "2 reset", "2 rel-init", "2 ask 5")
    gim.sh(f". lib.sh; wait_for 10 grep -q stopped {admin}/vf2/state; echo 1 > {admin}/reset")
    found = trace()

    def of(event, **fields):
        return [f for f in found if f["event"] == event and all(f[k] == v for k, v in fields.items())]

    assert {f["id"] for f in of("message", vf="2", dir="from-vf")} >= {"1", "2", "3", "4", "5"}
    assert of("message", vf="2", dir="to-vf", id="1")
    assert len(of("exclusive", vf="2", what="granted")) == len(of("exclusive", vf="2", what="ended"))
    assert all(int(f["held_ns"]) > 0 for f in of("exclusive", what="ended"))
    assert {f["state"] for f in of("state", vf="2")} >= {"starting", "exclusive", "running", "leaving", "available"}
    assert {f["operation"] for f in of("operation")} >= {"prepare", "clear", "fill", "save-rlcv", "flr", "restore-rlcv",
                                                         "reset-gpu"}
    assert of("operation", operation="fill", vf="3", result="done")
    assert of("reset", vf="2", reason="administrator") and of("reset", vf="2", reason="guest")
    assert of("reset", vf="0", reason="administrator")
    assert of("guard", vf="2", kind="flr")
    assert of("command", command="SAVE_RLCV") == [], "part of an operation"


def test_the_tracepoints_are_there_and_off(gim):
    gim.load("vf_num=1")
    assert gim.sh(f"cat {TRACING}/events/gim/enable") == "0"
    formats = gim.sh(f"ls {TRACING}/events/gim").split()
    assert set(formats) >= {"world_switch", "command", "operation", "message", "exclusive", "reset", "guard", "state"}
