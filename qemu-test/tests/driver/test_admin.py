# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""sriov_admin: what is written has the effect that it says, on guests that run; with test_abi.py, the checks of Intel's
test xe_sriov_admin on these attributes."""

import random

import pytest
from gim_module import NOBODY, ONE_CARD

from testbed.machine import PATIENCE

pytestmark = ONE_CARD

FOREVER = 100_000_000
GUARD = {"flr": (3, 60), "exclusive": (9, 60), "exclusive_timeout": (2, 500), "interrupt": (56, 60), "message": (0, 60)}
DEFAULTS = {
    "policy": "[solid] predictable liquid fair", "fb_clear": "1", "exclusive_timeout_ms": "5000",
    "lone_check_ms": "500", "state": "up",
    **{f"guard_{kind}_limit": str(times) for kind, (times, _) in GUARD.items()},
    **{f"guard_{kind}_window_ms": str(1000 * seconds) for kind, (_, seconds) in GUARD.items()},
    "vf1/state": "available", "vf1/profile/exec_quantum_ms": "0", "vf1/profile/sched_priority": "low [normal] high",
    "vf1/profile/weight": "100", "vf1/profile/vram_quota": str(1968 << 20), "vf1/stats/gpu_time_us": "0",
    "vf1/stats/resets_user": "0",
}
GOOD = {
    "policy": ("fair", "solid predictable liquid [fair]"), "fb_clear": ("0", "0"),
    "exclusive_timeout_ms": ("1234", "1234"), "lone_check_ms": ("20", "20"), "guard_flr_limit": ("7", "7"),
    "guard_message_window_ms": ("1000", "1000"), "vf2/profile/exec_quantum_ms": ("13", "13"),
    "vf2/profile/sched_priority": ("high", "low normal [high]"), "vf2/profile/weight": ("10000", "10000"),
    "vf2/profile/preempt_timeout_us": ("0x4000", "16384"), "default_quantum_us": ("12500", "12500"),
}
BAD = {
    "policy": ("", "best", "0"), "fb_clear": ("2", "maybe"), "exclusive_timeout_ms": ("0", "600001", "-1", "5s"),
    "lone_check_ms": ("0", "60001"), "guard_flr_limit": ("65536", "x"), "guard_exclusive_window_ms": ("0", "3600001"),
    "vf1/profile/exec_quantum_ms": ("2001", "-1"), "vf1/profile/sched_priority": ("urgent",),
    "vf1/profile/weight": ("0", "10001"), "vf1/stop": ("2",), "vf1/reset": ("0", "now"), "reset": ("0",),
    ".bulk_profile/weight": ("0",),
}


@pytest.fixture
def admin(gim):
    """Reads and writes attributes of the loaded module's card."""
    gim.load("vf_num=4")

    class Admin:
        root = f"{gim.path()}/sriov_admin"
        debug = f"/sys/kernel/debug/gim/{gim.machine.address('card0')}"

        def get(self, name):
            return gim.sh(f"cat {self.root}/{name}")

        def set(self, name, value):
            gim.sh(f"echo '{value}' > {self.root}/{name}")

        def refuses(self, name, value, text="nvalid"):
            result = gim.machine.run(f"echo '{value}' > {self.root}/{name}")
            return result.status != 0 and text in result.output

    return Admin()


def test_defaults(admin):
    assert {name: admin.get(name) for name in DEFAULTS} == DEFAULTS


def test_write_and_read_back(admin):
    for name, (value, shown) in GOOD.items():
        admin.set(name, value)
        assert admin.get(name) == shown
    admin.set(".bulk_profile/weight", "42")
    admin.set(".bulk_profile/exec_quantum_ms", "5")
    admin.set(".bulk_profile/preempt_timeout_us", "3000")
    admin.set(".bulk_profile/sched_priority", "low")
    assert [admin.get(f"vf{vf}/profile/weight") for vf in (1, 4, 16)] == ["42"] * 3
    assert admin.get("vf16/profile/exec_quantum_ms") == "5"
    assert admin.get("vf7/profile/preempt_timeout_us") == "3000"
    assert admin.get("vf1/profile/sched_priority") == "[low] normal high"


def test_refusals(gim, admin):
    for name, values in BAD.items():
        for value in values:
            assert admin.refuses(name, value), f"{value} written to {name}"
    assert {name: admin.get(name) for name in DEFAULTS} == DEFAULTS


@pytest.mark.parametrize("quantum", ["0", "3"])
def test_weights(gim, guests, admin, quantum):
    admin.set("policy", "fair")
    crowd = guests()
    for vf, weight in ((1, 100), (2, 200), (3, 400)):
        admin.set(f"vf{vf}/profile/weight", weight)
        admin.set(f"vf{vf}/profile/exec_quantum_ms", quantum)
        crowd.do(f"{vf} start", f"{vf} work {FOREVER}")
    gim.machine.card(0).set("counters-reset", True)
    crowd.do("1 sleep 3000")
    gpu = gim.machine.card(0).json("gpu-time")
    total = sum(gpu[f"VF{vf}"] for vf in (1, 2, 3))
    for vf, weight in ((1, 1), (2, 2), (3, 4)):
        assert gpu[f"VF{vf}"] / total == pytest.approx(weight / 7, rel=0.05)


def test_statistics_are_those_of_the_card(gim, guests, admin):
    crowd = guests()
    gim.machine.card(0).set("counters-reset", True)
    crowd.do("1 start", f"1 work {FOREVER}", "2 start", f"2 work {FOREVER}", "1 sleep 1000", "1 end", "2 end")
    gpu, commands = gim.machine.card(0).json("gpu-time"), gim.machine.card(0).json("commands")
    for vf in (1, 2):
        used = int(admin.get(f"vf{vf}/stats/gpu_time_us")) + int(admin.get(f"vf{vf}/stats/exclusive_time_us"))
        # The driver cannot see the end of RUN and the beginning of IDLE before it looks.
        assert used == pytest.approx(gpu[f"VF{vf}"] / 1000, rel=0.02 * PATIENCE)
        assert int(admin.get(f"vf{vf}/stats/runs")) == commands[f"VF{vf}"]["RUN"]
        assert admin.get(f"vf{vf}/stats/messages") == "4"
        assert admin.get(f"vf{vf}/stats/exclusive_accesses") == "2"


def test_stop_and_let_in_again(gim, guests, admin):
    crowd = guests()
    crowd.do("1 start", "2 start", f"2 work {FOREVER}")
    admin.set("vf1/stop", 1)
    gim.sh(f". lib.sh; wait_for 5 grep -q stopped {admin.root}/vf1/state")
    crowd.send("1 expect no-ack", "1 init")
    crowd.answers(1, limit=40)
    admin.set("vf1/stop", 0)
    assert admin.get("vf1/state") == "available"


def test_a_vf_that_takes_too_long_to_stop_is_reset(gim, guests, admin):
    crowd = guests()
    crowd.do("1 start", f"1 work {FOREVER}", "2 start", f"2 work {FOREVER}")
    card = gim.machine.card(0)
    card.set("fault-command", "op=IDLE,function=VF1,never,until=flr,once")
    admin.set("vf1/profile/preempt_timeout_us", 20000)
    # In one script, as the clock of a guest that has nothing to do runs fast.
    begin, end = map(float, gim.sh(f"""
        . lib.sh
        cut -d' ' -f1 /proc/uptime
        wait_for 5 grep -q 1 {admin.root}/vf1/stats/resets_idle
        cut -d' ' -f1 /proc/uptime""").split())
    assert end - begin < 1
    assert any("IDLE VF1 failed, not done in time" in line for line in gim.said())
    card.set("fault-command", "")


def test_times_are_those_of_the_clock(gim, guests, admin):
    crowd = guests()
    began = int(gim.sh("date +%s"))
    crowd.do("1 start", "1 sleep 1500", "1 end")
    now = int(gim.sh("date +%s"))
    times = [int(admin.get(f"vf1/stats/last_{what}_ms")) / 1000 for what in ("init_start", "init_end", "fini_start",
                                                                             "fini_end")]
    assert times == sorted(times) and began <= times[0] and times[3] <= now + 1 and times[2] - times[1] >= 1.5
    assert admin.get("vf1/stats/last_reset_ms") == admin.get("vf2/stats/last_init_start_ms") == "0"
    admin.set("vf1/reset", 1)
    gim.sh(f". lib.sh; wait_for 5 grep -q available {admin.root}/vf1/state")
    assert int(admin.get("vf1/stats/last_reset_ms")) / 1000 >= times[3]
    assert admin.get("pf/stats/gpu_resets") == "0"
    admin.set("reset", 1)
    assert admin.get("pf/stats/gpu_resets") == "1"


def test_reset_of_a_vf(gim, guests, admin):
    crowd = guests()
    crowd.do("1 start", "2 start", f"2 work {FOREVER}")
    admin.set("vf1/reset", 1)
    gim.sh(f". lib.sh; wait_for 5 grep -q available {admin.root}/vf1/state")
    assert admin.get("vf1/stats/resets_administrator") == "1"
    assert any("resetting VF1: the administrator asked for it" in line for line in gim.said())
    crowd.do("1 start", "1 work 1000", "1 wait 1000")


def test_a_thousand_changes_while_guests_run(gim, guests, admin):
    gim.set_vfs(0)
    gim.set_vfs(10)
    rng = random.Random(7)
    crowd = guests()
    crowd.do(*(f"{vf} start" for vf in range(1, 9)), *(f"{vf} work {FOREVER}" for vf in range(1, 9)))
    ranges = gim.sh(f"cat {admin.debug}/framebuffer").splitlines()[:10]
    script = []
    for _ in range(1000):
        vf = rng.randint(1, 8)
        name, value = rng.choice([
            ("policy", rng.choice(["solid", "predictable", "liquid", "fair"])),
            ("default_quantum_us", rng.randint(500, 20000)),
            (f"vf{vf}/profile/weight", rng.randint(1, 10000)),
            (f"vf{vf}/profile/exec_quantum_ms", rng.randint(0, 20)),
            (f"vf{vf}/profile/preempt_timeout_us", rng.randint(100000, 2000000)),
            (f"vf{vf}/profile/sched_priority", rng.choice(["low", "normal", "high"])),
            ("lone_check_ms", rng.randint(1, 1000)),
            (f"vf{rng.randint(9, 10)}/profile/vram_quota", rng.randrange(256, 1000) << 20),
            # Of one that runs: refused.
            (f"vf{vf}/profile/vram_quota", rng.randrange(256, 700) << 20),
        ])
        running = name == f"vf{vf}/profile/vram_quota" and vf < 9
        script.append(f"echo {value} > {admin.root}/{name} {'2>/dev/null' if 'quota' in name else '|| exit 1'}"
                      + (" && exit 2" if running else ""))
        if rng.random() < 0.3:
            script.append(f"usleep {rng.randint(0, 20000)}")
    gim.sh("\n".join([*script, "true"]), limit=300)
    assert gim.sh(f"cat {admin.debug}/framebuffer").splitlines()[:10] == ranges
    before = gim.machine.card(0).json("gpu-time")
    admin.set("policy", "solid")
    crowd.do("1 sleep 500")
    after = gim.machine.card(0).json("gpu-time")
    assert all(after[f"VF{vf}"] > before[f"VF{vf}"] for vf in range(1, 9))


@pytest.mark.cost
def test_reading_everything_costs_no_gpu_time(gim, guests, admin):
    gim.set_vfs(0)
    gim.set_vfs(16)
    crowd = guests()
    crowd.do(*(f"{vf} start" for vf in range(1, 17)), *(f"{vf} work {FOREVER}" for vf in range(1, 17)))
    # So short that a reader would always be in the way of a switch, and that there are many turns.
    admin.set(".bulk_profile/exec_quantum_ms", 1)
    card = gim.machine.card(0)

    def shares():
        """What part of its time the card has given to each VF, and to all."""
        crowd.do("1 sleep 100")
        card.set("counters-reset", True)
        crowd.do("1 sleep 3000")
        # Nothing moves while the card is looked at.
        gim.machine.qmp("stop")
        gpu, commands, counts = card.json("gpu-time"), card.json("command-time"), card.json("commands")
        gim.machine.qmp("cont")
        assert "PF" not in counts
        used = [gpu[f"VF{vf}"] for vf in range(1, 17)]
        return [ns / sum(used) for ns in used], sum(used) / (sum(used) + sum(commands.values()))

    alone, busy_alone = shares()
    gim.sh(f"""
        find {admin.root} {gim.path()}/hwmon/ -type f -perm -444 ! -path '*/power/*' > /tmp/files; rm -f /tmp/rounds
        while :; do {NOBODY} 'xargs cat < /tmp/files > /dev/null' || break; echo >> /tmp/rounds; done 2>/tmp/errors &
        echo $! > /tmp/reader""")
    watched, busy_watched = shares()
    assert int(gim.sh("kill $(cat /tmp/reader); wc -l < /tmp/rounds")) >= 3
    assert watched == pytest.approx(alone, rel=0.02)
    assert busy_watched == pytest.approx(busy_alone, rel=0.02)
