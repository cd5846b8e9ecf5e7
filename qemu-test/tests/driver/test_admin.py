# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""sriov_admin: every attribute reads as it should, takes what it may, refuses the rest, and does what it says."""

import random

import pytest

from testbed import MODULE, program

pytestmark = pytest.mark.machine(cards=1, module_files=(MODULE,), warp=True, files={"vfclient": program("vfclient")})

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


def test_modes(gim, admin):
    files = gim.sh(f"cd {admin.root} && find . -type f | xargs stat -c '%a %u %n'").splitlines()
    modes = {line.split()[2]: line.split()[:2] for line in files}
    assert {m for m, _ in modes.values()} == {"444", "644", "200"} and {u for _, u in modes.values()} == {"0"}
    assert modes["./vf3/stop"][0] == "200" and modes["./vf3/stats/runs"][0] == "444"
    assert gim.sh(f"ls -d {admin.root}/vf* | wc -l") == "16"


def test_write_and_read_back(admin):
    for name, (value, shown) in GOOD.items():
        admin.set(name, value)
        assert admin.get(name) == shown
    admin.set(".bulk_profile/weight", "42")
    admin.set(".bulk_profile/exec_quantum_ms", "5")
    assert [admin.get(f"vf{vf}/profile/weight") for vf in (1, 4, 16)] == ["42"] * 3
    assert admin.get("vf16/profile/exec_quantum_ms") == "5"


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
        assert used == pytest.approx(gpu[f"VF{vf}"] / 1000, rel=0.02)
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


def test_reset_of_a_vf(gim, guests, admin):
    crowd = guests()
    crowd.do("1 start", "2 start", f"2 work {FOREVER}")
    admin.set("vf1/reset", 1)
    gim.sh(f". lib.sh; wait_for 5 grep -q available {admin.root}/vf1/state")
    assert admin.get("vf1/stats/resets_administrator") == "1"
    assert any("resetting VF1: the administrator asked for it" in line for line in gim.said())
    crowd.do("1 start", "1 work 1000", "1 wait 1000")


def test_two_hundred_changes_while_guests_run(gim, guests, admin):
    rng = random.Random(7)
    crowd = guests()
    crowd.do(*(f"{vf} start" for vf in range(1, 5)), *(f"{vf} work {FOREVER}" for vf in range(1, 5)))
    script = []
    for _ in range(200):
        vf = rng.randint(1, 4)
        name, value = rng.choice([
            ("policy", rng.choice(["solid", "predictable", "liquid", "fair"])),
            (f"vf{vf}/profile/weight", rng.randint(1, 10000)),
            (f"vf{vf}/profile/exec_quantum_ms", rng.randint(0, 20)),
            (f"vf{vf}/profile/sched_priority", rng.choice(["low", "normal", "high"])),
            ("lone_check_ms", rng.randint(1, 1000)),
        ])
        script.append(f"echo {value} > {admin.root}/{name} || exit 1; usleep {rng.randint(0, 20000)}")
    gim.sh("\n".join(script), limit=120)
    before = gim.machine.card(0).json("gpu-time")
    admin.set("policy", "solid")
    crowd.do("1 sleep 500")
    after = gim.machine.card(0).json("gpu-time")
    assert all(after[f"VF{vf}"] > before[f"VF{vf}"] for vf in range(1, 5))
