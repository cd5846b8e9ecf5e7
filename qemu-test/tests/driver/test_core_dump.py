# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What is left for the administrator when the GPU hangs."""

import re

import pytest

from testbed import MODULE, program

pytestmark = pytest.mark.machine(cards=1, module_files=(MODULE,), warp=True, append="iomem=relaxed",
                                 files={"vfclient": program("vfclient")})
DUMPS = "/sys/class/devcoredump"


def test_a_hang_leaves_a_dump(gim, guests):
    gim.load("vf_num=3")
    three = guests()
    three.do("1 start", "3 start")
    gim.machine.card(0).set("fault-command", "op=IDLE,function=VF2,status=0e,after-ms=100,once")
    three.do("2 start")
    gim.wait_for("resetting VF2")
    dump = gim.sh(f". lib.sh; wait_for 10 ls {DUMPS}/devcd*/data; cat {DUMPS}/devcd*/data; "
                  f"for d in {DUMPS}/devcd*/data; do echo 1 > $d; done")
    assert dump.startswith("gim: IDLE VF2 failed\n")
    # What was done, in order, with what it came to.
    last = dump.partition("[last]")[2].partition("[registers]")[0]
    assert re.search(r"event Message \{ vf: VfId\(2\), message: Request\(Init\) \}", last)
    assert re.search(r"INIT VF2: done, \d+ us\n", last)
    assert re.search(r"to VF2: Ready\n", last)
    assert re.search(r"IDLE VF2: the graphics engine hangs \(status 0e\), 1\d{5} us\n", last)
    # Who is in which state, and what it has used.
    assert re.search(r"VF2: resetting; GPU \d+ us, exclusive \d+ us, runs [1-9]", dump)
    assert re.search(r"VF1: running; .* exclusives 1,", dump)
    # How the engines stand: before the reset, the command port shows the hang.
    assert "CMD_CONTROL 00008101\nCMD_STATUS 0e\n" in dump
    assert re.search(r"GRBM_STATUS [0-9a-f]{8}\n", dump)
    assert not gim.sh(f"ls -d {DUMPS}/devcd* 2> /dev/null; true"), "it goes when it was fetched"


def test_no_dump_without_a_hang(gim, guests):
    gim.load("vf_num=2")
    guests().do("1 start", "1 reset", "1 rel-init", "1 end")
    assert not gim.sh(f"ls -d {DUMPS}/devcd* 2> /dev/null; true")
