# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""hwmon shows what the card's SMC measures, over all that its registers can hold; and asks it once a second at most."""

import pytest
from gim_module import ONE_CARD

pytestmark = ONE_CARD

SERIAL = "000005edcba987650002123456789abc"


@pytest.fixture
def card(gim):
    """The card, with the sensors as it comes."""
    gim.load("vf_num=2")
    card = gim.machine.card(0)
    names = [f"smc-{n}" for n in ("temp", "temp-sel", "temp-valid", "vid1", "vid2", "svi2-busy", "power", "sclk",
                                  "sclk-index", "activity", "response")]
    before = {name: card.get(name) for name in names}
    yield card
    for name, value in before.items():
        card.set(name, value)


@pytest.fixture
def read(gim):
    """Reads one file anew: after what was read before has grown old."""
    def anew(name):
        path = f"{gim.path()}/hwmon/hwmon*/{name}" if "/" not in name else f"{gim.path()}/sriov_admin/{name}"
        result = gim.machine.run(f"sleep 1.01; cat {path}")
        return int(result.output) if result.status == 0 else result.output.strip()
    return anew


def test_as_it_comes(gim, card, read):
    assert [read(name) for name in ("temp1_input", "power1_average", "in0_input", "freq1_input")] == [
        55000, 62500000, 1050, 920000000]
    assert (read("pf/gpu_busy_percent"), read("pf/dpm_level")) == (35, 5)
    root = f"{gim.path()}/sriov_admin/pf"
    identity = gim.sh(f"cd {root}; cat serial_number vbios_part_number vbios_date vram_total").split("\n")
    assert identity == [SERIAL, "113-C94501-100", "2026/11/22 12:00", str(8190 << 20)]
    labels = gim.sh(f"cat {gim.path()}/hwmon/hwmon*/name {gim.path()}/hwmon/hwmon*/*_label").split()
    assert labels == ["gim", "sclk", "vddgfx", "GPU", "edge"]


# Everything at once, so that a second is waited for each set of values only: the ends of all ranges, the places where a
# sign or a formula could go wrong, and some between. All values of all fields are in the tests of the formulas.
TEMPERATURES = [0, 1, 3, 4, 2047, -1, -4, -2048, 220, -160, 1000, -1000]
VIDS = [0, 1, 2, 80, 128, 200, 246, 247, 248, 249, 254, 255]
POWERS = [1, 128, 255, 256, 257, 16000, 27904, 65535, 65536, 150000, 255998, 255999]
CLOCKS = [0, 1, 30000, 92000, 92001, 100000, 123456, 214748, 214749, 429496, 429497, 1000000]
LOADS = [0, 255, 256, 257, 8960, 12800, 12801, 20000, 25599, 25600, 25601, 25855]


def test_values_planted_are_values_read(gim, card):
    files = f"cd {gim.path()}; cat hwmon/hwmon*/temp1_input hwmon/hwmon*/power1_average hwmon/hwmon*/in0_input " \
            "hwmon/hwmon*/freq1_input sriov_admin/pf/gpu_busy_percent sriov_admin/pf/dpm_level"
    sensors = [*range(4), *range(16, 32), *range(32, 36), *range(48, 64)]
    for i, (temperature, vid, power, clock, load) in enumerate(zip(TEMPERATURES, VIDS, POWERS, CLOCKS, LOADS,
                                                                   strict=True)):
        for name, value in (("temp", temperature & 0xFFF), ("temp-sel", sensors[i * 3]), ("vid2", vid),
                            ("vid1", 255 - vid), ("power", power), ("sclk", clock), ("activity", load),
                            ("sclk-index", i * 31 // 11)):
            card.set(f"smc-{name}", value)
        seen = [int(n) for n in gim.sh(f"sleep 1.01; {files}").split()]
        assert seen == [temperature * 250, power * 1000000 // 256, int(max(1550 - 6.25 * vid, 0)), clock * 10000,
                        load // 256, i * 31 // 11]


def test_what_is_not_there_is_an_error(card, read):
    for name, value, file, text in [
        ("temp-valid", False, "temp1_input", "No data"), ("temp-sel", 40, "temp1_input", "No data"),
        ("svi2-busy", True, "in0_input", "No data"), ("power", 0, "power1_average", "No data"),
        ("power", 256000, "power1_average", "No data"), ("activity", 101 * 256, "pf/gpu_busy_percent", "No data"),
        ("response", 0xFF, "freq1_input", "nput/output error"),
        ("response", 0xFE, "power1_average", "nput/output error"),
    ]:
        before = card.get(f"smc-{name}")
        card.set(f"smc-{name}", value)
        assert text in read(file), name
        card.set(f"smc-{name}", before)
    assert read("temp1_input") == 55000


def test_the_smc_is_asked_once_a_second(gim, card, read):
    read("temp1_input")
    card.set("counters-reset", True)
    gim.sh(f"cd {gim.path()}/hwmon/hwmon*; for i in $(seq 50); do cat *_input power1_average; done")
    counts = card.json("register-counts")
    assert counts.get("SMC_MESSAGE_0", {"writes": 0})["writes"] <= 4


def test_an_smc_that_does_not_answer_is_left_alone(gim, guests, card, read):
    crowd = guests()
    crowd.do("1 start", "1 work 100000000", "2 start", "2 work 100000000")
    card.set("smc-response", 0)
    assert "imed out" in read("freq1_input")
    card.set("counters-reset", True)
    for _ in range(3):
        assert "imed out" in read("power1_average")
    # What needs no answer is known all the same.
    assert read("temp1_input") == 55000
    assert "SMC_MESSAGE_0" not in card.json("register-counts")
    gpu = card.json("gpu-time")
    assert gpu["VF1"] == pytest.approx(gpu["VF2"], rel=0.05) and "PF" not in card.json("commands")
