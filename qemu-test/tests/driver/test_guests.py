# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What guests ask for over the mailbox, and what they get: exclusive access in order, answers, a clean framebuffer."""

import pytest

from testbed import MODULE, program

pytestmark = pytest.mark.machine(cards=1, module_files=(MODULE,), warp=True, append="iomem=relaxed",
                                 files={"vfclient": program("vfclient")})


@pytest.fixture
def four(gim, guests):
    gim.load("vf_num=4")
    return guests()


@pytest.fixture
def patient(gim, four):
    """As `four`, but exclusive access may last: the clock of a machine that has nothing to do runs fast, so the usual
    limit can pass between two steps of a test."""
    gim.sh(f"echo 600000 > {gim.path()}/sriov_admin/exclusive_timeout_ms")
    return four


def commands(gim):
    """What the card was told so far, in order, as "SAVE VF1"."""
    return [f"{c['command']} {c['function']}" for c in gim.machine.card(0).json("command-log")]


def test_a_guest_starts_works_and_ends(gim, four):
    four.do("1 start")
    assert gim.machine.card(0).json("gpu")["function"] == "VF1"
    four.do("1 work 5000", "1 wait 2000", "1 end")
    work = gim.machine.card(0).json("work")["VF1"]
    assert (work["left-us"], work["done-us"]) == (0, 5000)
    assert gim.machine.card(0).json("gpu")["phase"] == "free"


def test_four_guests_at_once(gim, four):
    four.do(*(f"{vf} start" for vf in range(1, 5)))
    four.do(*(f"{vf} work 20000" for vf in range(1, 5)), *(f"{vf} wait 3000" for vf in range(1, 5)))
    four.do(*(f"{vf} end" for vf in (3, 1, 4, 2)))
    runs = gim.machine.card(0).json("commands")
    assert all(runs[f"VF{vf}"]["RUN"] >= 3 for vf in range(1, 5))


def test_exclusive_access_is_not_interrupted(gim, patient):
    patient.do("1 start", "2 start")
    patient.do("3 init")
    before = gim.machine.card(0).json("counters")["commands"]
    patient.do("3 sleep 500")
    # The card's record: nothing happened, although two others wait for their turns.
    assert gim.machine.card(0).json("counters")["commands"] == before
    assert gim.machine.card(0).json("gpu")["function"] == "VF3"
    patient.do("3 rel-init", "1 sleep 100")
    assert gim.machine.card(0).json("counters")["commands"] > before


def test_first_come_first_served(gim, patient):
    patient.do("4 init")
    patient.send("2 init", "4 sleep 50")
    patient.answers(1)
    patient.send("3 init", "4 sleep 50")
    patient.answers(1)
    patient.send("1 init", "4 sleep 50")
    patient.answers(1)
    patient.do("4 rel-init")
    for vf in ("2", "3", "1"):
        assert patient.answers(1)[0][:3] == [vf, "init", "ok"]
        patient.do(f"{vf} rel-init")


def test_exclusive_access_ends_at_its_limit(gim, four):
    four.do("1 start")
    # At once, so that the one that waits does so for all of the other's time.
    four.send("2 init", "3 init")
    keeper, waiter = four.answers(2, limit=30)
    assert [answer[1:3] for answer in (keeper, waiter)] == [["init", "ok"]] * 2
    # 5 s for the one that keeps it, and then its reset.
    assert 4_900_000 < int(waiter[3]) < 5_600_000
    assert any(f"resetting VF{keeper[0]}: it kept exclusive access for too long" in line for line in gim.said())
    assert gim.machine.card(0).json("counters")["vf-flrs"] >= 1
    four.do(f"{waiter[0]} rel-init", "1 work 2000", "1 wait 1000")
    # And it can start again.
    four.do(f"{keeper[0]} start", "2 end", "1 end", "3 end")


def test_end_without_start_is_answered(four):
    four.do("1 fini", "1 rel-fini")


def test_request_right_after_release(four):
    four.do("1 start", *["1 end", "1 start"] * 3)


def test_reset_of_its_own(gim, four):
    four.do("1 start", "2 start", "1 reset", "1 rel-init", "1 work 1000", "1 wait 1000")
    assert any("resetting VF1: its guest asked for it" in line for line in gim.said())


def test_text_of_several_guests_escaped(gim, four):
    four.do("1 text hello from one", "2 text and \x1b[31mtwo")
    said = "\n".join(gim.said())
    assert "VF1 says: hello from one" in said
    assert "VF2 says: and \\x1b[31mtwo" in said


def test_messages_without_meaning(gim, four):
    four.do("1 ask 0", "1 ask 6", "1 ask 4294967295", "2 ask 200", "1 rel-init", "1 rel-fini", "1 start")


def test_two_minutes_of_sixteen_guests_that_come_and_go(gim, guests):
    gim.load("vf_num=16")
    # More than a guest would do on its own; the guard is tested elsewhere.
    gim.sh(f"for f in {gim.path()}/sriov_admin/guard_*_limit; do echo 0 > $f; done")
    crowd = guests()
    gim.machine.card(0).set("counters-reset", True)
    crowd.send("all cycle 120")
    answers = crowd.answers(16, limit=300)
    assert [a[1:3] for a in answers] == [["cycle", "ok"]] * 16
    rounds = {int(vf): int(n) for vf, *_, n in answers}
    assert min(rounds.values()) >= 10
    commands = gim.machine.card(0).json("commands")
    for vf, n in rounds.items():
        stats = f"{gim.path()}/sriov_admin/vf{vf}/stats"
        assert gim.sh(f"cat {stats}/exclusive_accesses {stats}/refused_requests").split() == [str(2 * n), "0"]
        assert commands[f"VF{vf}"]["INIT"] == n


def test_a_flood_stops_its_sender_alone(gim, four):
    four.do("2 start")
    four.send("1 expect no-ack", "1 flood 1000")
    answer = four.answers(1, limit=60)[0]
    assert answer[:3] == ["1", "flood", "no-ack"]
    assert any("VF1 is stopped for a while: too many" in line for line in gim.said())
    four.do("2 work 2000", "2 wait 1000", "3 start")


def framebuffer(gim, vf):
    """Address of a VF's aperture, and its size."""
    first, last = (int(n, 16) for n in gim.sh(f"head -n 1 {gim.path()}/virtfn{vf - 1}/resource").split()[:2])
    return first, last - first + 1


def test_the_framebuffer_is_cleared_and_has_the_vbios(gim, guests):
    gim.load("vf_num=2 fb_option=1")
    first, size = framebuffer(gim, 1)
    places = (0, 0x10000, size // 2, size - 4)
    for place in places:
        gim.sh(f"devmem {first + place:#x} 32 0x5ec4e700")
    two = guests()
    two.do("1 start")
    # The VBIOS's signature, and nothing of what was there before the first use.
    signature, *rest = [gim.sh(f"devmem {first + p:#x}") for p in places]
    assert signature.endswith("80AA55") and rest == ["0x00000000"] * 3
    for place in places:
        gim.sh(f"devmem {first + place:#x} 32 0x5ec4e700")
    two.do("1 end")
    # The release is answered before the clear is done.
    two.do("2 init", "2 rel-init")
    assert [gim.sh(f"devmem {first + p:#x}") for p in places] == ["0x00000000"] * 4


def test_the_framebuffer_is_left_alone_if_the_administrator_says_so(gim, guests):
    gim.load("vf_num=2 fb_option=1 fb_clear=0")
    first, size = framebuffer(gim, 1)
    gim.sh(f"devmem {first + size - 4:#x} 32 0x5ec4e700")
    two = guests()
    two.do("1 start", "1 end", "2 start")
    assert gim.sh(f"devmem {first + size - 4:#x}") == "0x5EC4E700"


def test_vfs_go_while_guests_run(gim, four):
    four.do("1 start", "2 start", "3 init")
    assert four.gim.vfs() == 4
    gim.set_vfs(0)
    assert gim.machine.card(0).json("gpu")["phase"] == "free"
    gim.set_vfs(2)
    gim.unload()
    assert gim.machine.card(0).json("gpu")["phase"] == "free"
