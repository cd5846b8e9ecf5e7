# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Cards that are made in other ways: several in one machine, and with options that take something away."""

import subprocess
import sys

import pytest
from bare_card import Function, wanted

from testbed.paths import BUILD, DEVICE, QEMU_TEST

TWO = wanted(cards=["reglog=@card0.log", "total-vfs=4,total-fb-mb=4096,vram-size=4G,vf-fb-bar-size=128M,posted=off,"
                    "gpu-iov=off,msi=off,flr=off,legacy-endpoint=off,vga-class=off"])


def second(machine):
    return Function(machine, machine.card(1).address)


@TWO
def test_two_cards_share_nothing(machine, pf, card):
    other = second(machine)
    other.do("c2@4=7")
    pf.do("b5@3ed10=20", "b5@3ed14=7", "b5@38=1500008", "b5@3c=4", "b0@0=5", "b5@200=30000", "b5@204=9")
    assert other.do("b5@3ed10=20", "b5@3ed14", "b5@38=1500008", "b5@3c", "b0@0", "b5@200=30000", "b5@204") == [
        0, 0x200004, 0, 0]
    assert machine.card(1).json("counters")["mmio-writes"] == 3
    pf.do("b5@8010=1")
    assert (card.driver_errors(), machine.card(1).driver_errors()) == (1, 0)
    card.set("driver-errors-clear", True)


@TWO
def test_options_that_take_away(machine):
    other = second(machine)
    other.do("c2@4=7")
    assert other.get("b5@5428") == 0, "not posted"
    assert other.do("c4@400", "c2@33e", "c4@8", "c2@a0") == [0, 4, 0x03800000, 0]
    express, devcap = other.do("c2@5a", "c4@5c")
    assert (express >> 4 & 0xF, devcap >> 28 & 1) == (0, 0)


@TWO
def test_the_log_of_accesses(machine, pf, card):
    pf.do("b5@698=c0200048", "b5@69c", "c2@424", "c4@40c=17", "us=10000")
    card.set("reglog-flush", True)
    lines = [line.split() for line in (machine.log / "card0.log").read_text().splitlines()]
    assert [int(line[0]) for line in lines] == list(range(len(lines)))
    times = [int(line[1]) for line in lines]
    assert times == sorted(times)
    shown = [" ".join(line[2:]) for line in lines]
    at = len(shown) - 1 - shown[::-1].index("PF mmio W4 00698 SMC_IND_INDEX_8 c0200048")
    assert shown[at + 1:at + 5] == ["PF mmio R4 0069c SMC_IND_DATA_8[c0200048] 00000c00",
                                    "PF config R2 00424 GPUIOV_TOTAL_FB_AVAILABLE 1ffe",
                                    "PF config W4 0040c GPUIOV_CMD_CONTROL 00000017", "PF event command INIT PF"]


BAD = ["signature", "truncated", "empty"]


@wanted(cards=[f"vbios={BUILD}/device/bad-{what}.rom" for what in BAD])
def test_images_with_one_thing_wrong(machine):
    """The card shows whatever is in the file."""
    first = []
    for n in range(len(BAD)):
        pf = Function(machine, machine.card(n).address)
        first.append(pf.do("c2@4=7", "b5@230=c0600010", "b5@234=0", "b5@230=c0600014", "b5@234")[0])
    assert first == [0xCB80AA54, 0xCB80AA55, 0xFFFFFFFF]


@pytest.fixture(scope="module", autouse=True)
def bad_images():
    """They have to be there before the machine starts."""
    for what in BAD:
        subprocess.run([sys.executable, QEMU_TEST / "vbios", BUILD / "device" / f"bad-{what}.rom", "--bad", what],
                       check=True)


@pytest.mark.parametrize(("option", "said"), [
    ("fb-bar-size=3M", "powers of 2"), ("total-vfs=17", "total-vfs must be in 0..16"),
    ("vram-size=1G", "more than vram-size has"), ("vbios=/nonexistent", "nonexistent"),
    ("vf-mmio-beyond=x", "cannot be 'x'"), ("fault-command=op=X", "not understood")])
def test_options_that_make_no_sense_are_refused(option, said):
    out = subprocess.run(["env", f"LD_PRELOAD={DEVICE}", "qemu-system-x86_64", "-machine", "q35", "-nodefaults",
                          "-display", "none", "-device", f"s7150,{option}"], capture_output=True, text=True, timeout=30,
                         check=False)
    assert out.returncode == 1
    assert said in out.stderr
