# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What went wrong with the C driver, each with a good end: the rows of section 9 of the hardware reference."""

import pytest

from testbed import MODULE, program

pytestmark = [pytest.mark.slow, pytest.mark.machine(cards=1, module_files=(MODULE,), warp=True, append="iomem=relaxed",
                                 files={"vfclient": program("vfclient")})]

VFS = (1, 2, 3, 4)
OTHERS = (1, 3, 4)


@pytest.fixture
def four(gim, guests):
    gim.load("vf_num=4 sched_interval=50")
    return guests()


@pytest.fixture
def card(gim):
    card = gim.machine.card(0)
    yield card
    card.set("fault-command", "")


def work(guests, vfs, limit=6000):
    """These VFs do some work, all at the same time."""
    guests.do(*(f"{vf} work 5000" for vf in vfs), *(f"{vf} wait {limit}" for vf in vfs))


def resets(gim):
    """Whom the driver has said to reset."""
    return [line.split(": resetting ")[1] for line in gim.said() if ": resetting " in line]


def test_one_command_never_completes(gim, four, card):
    """C driver: all VFs lose 2.1 s."""
    four.do(*(f"{vf} start" for vf in VFS))
    card.set("counters-reset", True)
    card.set("fault-command", "op=IDLE,function=VF2,never,once")
    work(four, OTHERS)
    gim.wait_for("resetting VF2")
    work(four, OTHERS)
    log = card.json("command-log")
    hung = next(i for i, c in enumerate(log) if (c["op"], c["function"]) == ("IDLE", "VF2") and c["end"] == -1)
    again = next(c for c in log[hung:] if c["op"] == "RUN" and c["function"] in ("VF1", "VF3", "VF4"))
    # The card's own account of how long nobody else had it: a time-out, and a reset with its two times 100 ms.
    assert 2.0 <= (again["end"] - log[hung]["start"]) / 1e9 < 2.5
    assert resets(gim) == ["VF2: its engines could not be stopped"]
    # It is out until its guest starts again.
    runs = card.json("commands")["VF2"]["RUN"]
    work(four, OTHERS)
    assert card.json("commands")["VF2"]["RUN"] == runs
    four.do("2 start")
    work(four, VFS)


def test_init_never_completes(gim, four, card):
    """C driver: 3 s, then the guest is told READY all the same."""
    four.do(*(f"{vf} start" for vf in OTHERS))
    card.set("fault-command", "op=INIT,function=VF2,never,once")
    four.send("2 expect no-answer", "2 init")
    work_during = [f"{vf} work 5000" for vf in OTHERS] + [f"{vf} wait 6000" for vf in OTHERS]
    four.send(*work_during)
    answers = four.answers(1 + len(work_during))
    assert all(a[2] == ("no-answer" if a[1] == "init" else "ok") for a in answers), answers
    assert resets(gim) == ["VF2: its start failed"]
    four.do("2 start")


def test_a_vf_hangs_for_good(gim, four, card):
    """C driver: 13.5 s, every VF evicted. Here its guest may try three times in a minute."""
    four.do(*(f"{vf} start" for vf in OTHERS))
    for times in range(1, 5):
        four.do("2 start")
        card.set("fault-command", "op=IDLE,function=VF2,status=0e,after-ms=100,until=flr")
        work(four, OTHERS)
        # Its turn comes, wherever the others are.
        gim.wait_for("VF2 is stopped" if times == 4 else "resetting VF2")
        assert resets(gim) == ["VF2: its engines could not be stopped"]
        gim.mark()
    runs = card.json("commands")["VF2"]["RUN"]
    work(four, OTHERS)
    assert card.json("commands")["VF2"]["RUN"] == runs


def test_a_vf_keeps_exclusive_access(gim, four):
    """C driver: evicted at 5.2 s; a request queued behind it is never served."""
    four.do("1 start", "2 init")
    four.send("3 start", "4 start")
    for answer in four.answers(2):
        assert answer[2] == "ok" and int(answer[3]) < 6_500_000
    assert resets(gim) == ["VF2: it kept exclusive access for too long"]
    work(four, OTHERS)


@pytest.mark.parametrize("index", ["28", "fffffff"])
def test_an_interrupt_names_a_vf_that_cannot_be(gim, four, card, index):
    """C driver: a silent write out of bounds; a panic of the host."""
    four.do(*(f"{vf} start" for vf in VFS))
    card.set("fault-ih", f"source=89,data={index};source=88,data={index}")
    work(four, VFS)
    assert not resets(gim)


@pytest.mark.machine(fresh=True)
def test_the_card_is_gone(gim, four, card):
    """C driver: one CPU at 100 %, rmmod never returns."""
    four.do("1 start", "2 start", "3 init")
    card.set("fault-gone", "now")
    gim.sh("killall -9 vfclient; sleep 5")
    assert any("does not answer" in line for line in gim.said())
    time = "for p in /proc/[0-9]*; do case $(cat $p/comm) in gim/*) cut -d' ' -f14,15 $p/stat;; esac; done"
    first, second = gim.sh(f"{time}; sleep 20; {time}").splitlines()
    assert first == second, "the worker sleeps"
    gim.sh("rmmod gim", limit=60)


@pytest.mark.parametrize("round_", range(3))
def test_rmmod_while_vfs_run(gim, four, card, round_):
    """C driver: an oops in 2 of 29."""
    four.do(*(f"{vf} start" for vf in VFS))
    four.do(*(f"{vf} work 100000" for vf in VFS), f"1 sleep {10 + 17 * round_}")
    gim.sh("killall -9 vfclient; rmmod gim")
    assert card.json("gpu")["phase"] == "free"


def test_rmmod_while_a_vf_owns_the_gpu(gim, four, card):
    """C driver: an oops in 1 of 1."""
    four.do("1 start", "2 init")
    gim.sh("killall -9 vfclient; rmmod gim")
    assert card.json("gpu")["phase"] == "free"


def test_hundreds_of_init_requests(gim, guests, card):
    """C driver: a deadlock in 2 of about 260."""
    gim.load("vf_num=16 sched_interval=100")
    everybody = guests()
    card.set("counters-reset", True)
    # As often as the guard allows: nine exclusive accesses in a minute, of which each round has two.
    for _ in range(15):
        everybody.send("all start", "all work 1000", "all wait 12000", "all end", "all sleep 15000")
        answers = everybody.answers(5 * 16, limit=120)
        assert all(a[2] == "ok" for a in answers), [a for a in answers if a[2] != "ok"]
    assert sum(card.json("commands")[f"VF{vf}"]["INIT"] for vf in range(1, 17)) == 240
    assert not resets(gim)
