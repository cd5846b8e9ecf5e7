# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""gimctl, the static binary, in a guest that has nothing else, against the real module with 16 VFs and guests."""

import json
import re

import jsonschema
import pytest

from testbed import MODULE, program, screen
from testbed.paths import BUILD, GIMCTL, PROJECT

VFS = 16
FOREVER = 100_000_000
SCHEMA = json.loads((PROJECT / "tools" / "gimctl" / "status.schema.json").read_text())

pytestmark = pytest.mark.machine(cards=1, module_files=(MODULE,), warp=True, memory="4G",
                                 files={"gimctl": GIMCTL, **{name: program(name) for name in ("vfclient", "terminal")}})


@pytest.fixture
def gimctl(gim):
    """Runs gimctl in the guest, with the module loaded and all VFs enabled; it must succeed."""
    gim.load(f"vf_num={VFS}")
    return lambda line, **more: gim.sh(f"./gimctl {line}", **more)


def status(gimctl):
    """The state of the only card, in the form of the schema."""
    everything = json.loads(gimctl("status --json"))
    jsonschema.validate(everything, SCHEMA)
    card, = everything["cards"]
    return card


def test_without_a_card(gim):
    assert json.loads(gim.sh("./gimctl status --json"))["cards"] == []
    result = gim.machine.run("./gimctl list")
    assert result.status == 1 and "gimctl doctor" in result.output


def test_list_and_status(gim, guests, gimctl):
    crowd = guests()
    crowd.do(*(f"{vf} start" for vf in range(1, 5)))
    *_, row = gimctl("list").splitlines()
    address, _, state, vfs, started, policy, _ = row.split()
    assert (address, state, vfs, started, policy) == (
        gim.machine.address("card0"), "up", f"{VFS}/{VFS}", "4", "solid")
    card = status(gimctl)
    assert [vf["state"] for vf in card["vfs"]] == ["running"] * 4 + ["available"] * 12
    assert len({vf["address"] for vf in card["vfs"]}) == VFS
    for vf in card["vfs"]:
        assert vf["profile"]["vram_quota"] == 480 << 20
    assert len(re.findall(r"^ *\d+  0000:.* 480M ", gimctl("status"), re.M)) == VFS
    assert "state                   running" in gimctl("status --vf 2")


def test_the_schema_refuses_what_is_not_in_it(gimctl):
    everything = json.loads(gimctl("status --json"))
    for spoil in (
        lambda card: card.pop("settings"),
        lambda card: card.update(state="asleep"),
        lambda card: card["vfs"][0].update(number=17),
        lambda card: card["vfs"][0]["profile"].update(weight=0),
        lambda card: card["settings"].update(fb_clear=1),
        lambda card: card["vfs"][0].update(more=1),
    ):
        spoilt = json.loads(json.dumps(everything))
        spoil(spoilt["cards"][0])
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(spoilt, SCHEMA)


def test_set(gim, guests, gimctl):
    crowd = guests()
    crowd.do("1 start", f"1 work {FOREVER}", "2 start", f"2 work {FOREVER}")
    gimctl("set --policy fair --lone-check-ms 20 --guard flr=9/1000 --vf 2,4-5 --weight 250 --priority high")
    gimctl("set --all --quantum 7")
    card = status(gimctl)
    assert card["settings"]["policy"] == "fair" and card["settings"]["lone_check_ms"] == 20
    assert card["settings"]["guard_flr_limit"] == 9 and card["settings"]["guard_flr_window_ms"] == 1000
    profiles = [vf["profile"] for vf in card["vfs"]]
    assert [p["weight"] for p in profiles] == [100, 250, 100, 250, 250] + 11 * [100]
    assert {p["exec_quantum_ms"] for p in profiles} == {7}
    assert profiles[3]["sched_priority"] == "high"
    # The attribute itself says the same.
    assert gim.sh(f"cat {gim.path()}/sriov_admin/vf2/profile/weight") == "250"
    result = gim.machine.run("./gimctl set --vf 1 --weight 10001")
    assert result.status == 2 and "from 1 to 10000" in result.output


def test_quotas_need_not_be_equal(gim, gimctl):
    # What VF1 is to have more has to be taken from VF2 before, in whatever order they are named.
    gimctl("set --vf 2 --vram 256M")
    gimctl("set --vf 16 --vram 256M")
    assert [vf["profile"]["vram_quota"] >> 20 for vf in status(gimctl)["vfs"]] == [480, 256] + 13 * [480] + [256]
    result = gim.machine.run("./gimctl set --policy fair --vf 1 --vram 4G")
    assert result.status == 1 and "nothing was changed" in result.output
    assert status(gimctl)["settings"]["policy"] == "solid"


def test_trace(gim, guests, gimctl):
    crowd = guests()
    crowd.do("1 start", f"1 work {FOREVER}", "2 start", f"2 work {FOREVER}")
    gim.sh("mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null; true")
    lines = gimctl("trace --event world_switch --vf 2 --count 20").splitlines()
    assert len(lines) == 20
    assert all(re.search(r"world_switch: .*\b(from|to)=2\b", line) for line in lines), lines
    assert "there is no event" in gim.machine.run("./gimctl trace --event what").output
    # Nothing of it is left.
    assert gim.sh("ls /sys/kernel/tracing/instances") == ""


def test_settings_survive_the_module(gim, gimctl):
    gimctl("set --policy fair --vf 3 --weight 77")
    gimctl("save")
    gim.unload()
    gim.load(f"vf_num={VFS}")
    assert status(gimctl)["settings"]["policy"] == "solid"
    assert re.search(r": 2 changed, 0 refused", gimctl("apply"))
    card = status(gimctl)
    assert card["settings"]["policy"] == "fair" and card["vfs"][2]["profile"]["weight"] == 77


def test_reset_stop_and_start(gim, guests, gimctl):
    crowd = guests()
    crowd.do("1 start", "2 start", f"2 work {FOREVER}")
    admin = f"{gim.path()}/sriov_admin"
    gimctl("reset --vf 1")
    gim.sh(f". lib.sh; wait_for 5 grep -q available {admin}/vf1/state")
    vf = status(gimctl)["vfs"][0]
    assert vf["resets"]["administrator"] == 1 and status(gimctl)["vfs"][1]["state"] == "running"
    gimctl("stop --vf 1")
    gim.sh(f". lib.sh; wait_for 5 grep -q stopped {admin}/vf1/state")
    result = gim.machine.run("./gimctl doctor")
    assert result.status == 1 and "VF1 is kept off the GPU" in result.output
    gimctl("start --vf 1")
    assert status(gimctl)["vfs"][0]["state"] == "available"
    gimctl("reset --gpu")
    gim.sh(f". lib.sh; wait_for 20 grep -q available {admin}/vf2/state")
    assert status(gimctl)["vfs"][1]["resets"]["gpu"] == 1


def test_metrics(gim, guests, gimctl):
    crowd = guests()
    crowd.do("1 start", "1 work 1000", "1 wait 1000", "1 end")
    gimctl("metrics --output /tmp/gim.prom")
    lines = gim.sh("cat /tmp/gim.prom").splitlines()
    values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    address = gim.machine.address("card0")
    vf = status(gimctl)["vfs"][0]
    used = float(values[f'gim_vf_gpu_seconds_total{{card="{address}",vf="1"}}'])
    assert used == vf["stats"]["gpu_time_us"] / 1e6 and used > 0
    assert values[f'gim_vf_messages_total{{card="{address}",vf="1"}}'] == str(vf["stats"]["messages"])
    assert values[f'gim_card_vfs_enabled{{card="{address}"}}'] == str(VFS)
    typed = {line.split()[2] for line in lines if line.startswith("# TYPE ")}
    assert {name.split("{")[0] for name in values} == typed


def test_doctor(gim, gimctl):
    findings = json.loads(gimctl("doctor --json"))
    by_check = {f["check"]: f["severity"] for f in findings}
    for check in ("kernel", "module", "iommu", "driver", "sriov", "gpu-iov", "memory", "ari", "bar-space", "operation"):
        assert by_check[check] == "ok", findings
    gim.unbind()
    result = gim.machine.run("./gimctl doctor")
    assert result.status == 1 and "no driver has the card" in result.output
    gim.bind()


def test_report(gim, gimctl):
    gimctl("report --output /tmp/report.tar.gz")
    names = gim.sh("tar tzf /tmp/report.tar.gz").splitlines()
    address = gim.machine.address("card0")
    for name in ("status.json", "doctor.json", "dmesg", "lspci", "proc/version",
                 f"sys/bus/pci/devices/{address}/sriov_admin/vf16/stats/runs"):
        assert f"gim-report/{name}" in names
    assert "16 VFs" in gim.sh("tar xzOf /tmp/report.tar.gz gim-report/dmesg")
    gim.sh("rm /tmp/report.tar.gz")


def test_top_and_its_picture(gim, guests, gimctl):
    crowd = guests()
    weights = {1: 200, 2: 100, 3: 400, 4: 100, 5: 50, 6: 100, 7: 50, 8: 300, 9: 100, 10: 100, 11: 50, 12: 100}
    gimctl("set --policy fair")
    # What VF2 gives up lies before VF3.
    gimctl("set --vf 2,14-16 --vram 256M")
    gimctl("set --vf 3 --vram 704M")
    for vf, weight in weights.items():
        gimctl(f"set --vf {vf} --weight {weight}")
        crowd.do(f"{vf} start", f"{vf} work {FOREVER}")
    gimctl("stop --vf 16")
    shown = gimctl("top --once --delay 5")
    shares = {int(n): float(share) for n, share in re.findall(r"^ +(\d+)  running .* (\d+\.\d)  ", shown, re.M)}
    assert shares.keys() == weights.keys()
    total = sum(weights.values())
    for vf, weight in weights.items():
        assert shares[vf] / sum(shares.values()) == pytest.approx(weight / total, rel=0.1)
    # docs/gimctl-top.svg, which the README shows, is one of these: another VF starts meanwhile. In one script, as the
    # clock of a guest that has nothing to do runs fast.
    gim.sh("""
        ./gimctl top --svg /tmp/top.svg --delay 3 & top=$!
        sleep 1
        printf '13 init\\n13 sleep 300\\n13 rel-init\\n' > /tmp/card0.in
        wait $top""")
    crowd.answers(3)
    picture = gim.machine.read("/tmp/top.svg")
    (BUILD / "gimctl-top.svg").write_bytes(picture)
    assert picture.startswith(b"<svg ") and picture.count(b">running<") == len(weights) + 1
    yellow = set(re.findall(rb'y="(\d+)" width="\d+" height="13" fill="#e2b93d"', picture))
    assert len(yellow) == 2, "exclusive access of one, and of all"


class Terminal:
    """A command on a terminal of the guest."""

    def __init__(self, machine, columns, rows, command):
        self.machine = machine
        machine.sh(f"""
            rm -f /tmp/typed /tmp/shown; mkfifo /tmp/typed
            ./terminal {columns} {rows} {command} <> /tmp/typed >> /tmp/shown 2>&1 &""")

    def begin(self, script):
        """Does something, and forgets what was printed before."""
        self.machine.sh(f": > /tmp/shown; {script}")

    def send(self, line):
        """Types, or changes the size."""
        self.begin(f"echo '{line}' > /tmp/typed")

    def printed(self, pattern):
        """Waits until this was printed since the last beginning; returns all that was since then."""
        self.machine.sh(f". lib.sh; wait_for 20 grep -q '{pattern}' /tmp/shown || {{ cat -v /tmp/shown; exit 1; }}")
        return self.machine.sh("cat /tmp/shown")

    def drawn(self, pattern):
        """Waits until something with this was drawn to its end, where the cursor is hidden."""
        return self.printed(f"{pattern}.*\\[?25l")


def test_top_on_a_terminal(gim, guests, gimctl):
    crowd = guests()
    crowd.do(*(f"{vf} start" for vf in range(1, VFS + 1)), f"3 work {FOREVER}")
    terminal = Terminal(gim.machine, 100, 40, "./gimctl top --delay 0.3")
    shown = screen.rows(terminal.drawn("all"))
    assert shown[0].startswith(gim.machine.address("card0")) and shown[1].startswith(" VF  STATE")
    assert [row.split()[:2] for row in shown[2:-1]] == [[str(vf), "running"] for vf in range(1, VFS + 1)]
    # Nothing is typed: what changes is seen with the next look, and only that is drawn.
    terminal.drawn("█")
    terminal.begin(f"echo 1 > {gim.path()}/sriov_admin/vf2/stop")
    assert "STATE" not in terminal.drawn("stopped")
    terminal.send("size 80 6")
    shown = screen.rows(terminal.drawn("running"))
    assert len(shown) == 6 and shown[0].startswith("0000:") and shown[5].startswith("  4  running")
    terminal.send("keys jj")
    # The last row's number.
    terminal.drawn(r"\[6;3H[^H]*6")
    terminal.send("size 81 6")
    shown = screen.rows(terminal.drawn("running"))
    assert [row.split()[:2] for row in shown] == [[str(vf), "stopped" if vf == 2 else "running"] for vf in range(1, 7)]
    terminal.send("keys q")
    *_, left, end = terminal.printed("ended").splitlines()
    # The screen is that of before, with a cursor.
    assert end == "ended 0 cooked" and "\x1b[?1049l" in left and left.endswith("\x1b[?25h")
