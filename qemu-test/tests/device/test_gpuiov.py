# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The GPU-IOV capability and its commands: section 2 of the hardware reference, and the golden trace of section 7.4."""

import pytest
from bare_card import DONE, commands, start, wanted

pytestmark = wanted()


# Registers

def test_total_framebuffer_is_what_the_card_reports(pf):
    assert pf.do("c2@424", "c2@424=1", "c2@424", "b5@5428") == [8190, 8190, 8190]


def test_registers_after_a_reset(pf):
    assert pf.do("c4@408", "c4@40c", "c1@410", "c4@420", "c2@426", "c4@42c", "c4@468") == [0] * 7


def test_framebuffer_registers_of_vfs_take_dwords_only(pf, card):
    assert pf.do("c4@42c=11001d", "c4@42c", "c2@42c", "c2@42e") == [0x11001D, 0x1D, 0x11]
    assert card.driver_errors() == 0


@pytest.mark.allow_driver_errors
@pytest.mark.parametrize("write", ["c2@42e=99", "c2@42c=99", "c1@42c=99"])
def test_narrow_writes_to_them_are_ignored_and_recorded(pf, card, write):
    assert pf.do("c4@42c=11001d", write, "c4@42c") == [0x11001D]
    assert "takes dwords only" in card.driver_error_log()


def test_reserved_bits_and_widths(pf):
    # CNTXT has two reserved bits; the command register's bytes may be written one by one.
    assert pf.do("c4@420=10037f", "c4@420", "c1@40d=83", "c1@40e=84", "c4@40c", "c4@40c=c0", "c4@40c") == [
        0x10007F, 0x848300, 0]
    assert pf.do("c2@426=1efe", "c2@426", "c2@428", "c4@414") == [0x1EFE, 0, 0]


def test_the_same_state_in_bar5(pf, vfs):
    assert pf.do("b5@3ec00", "b5@3ec18", "b5@3e600", "b5@3e63c", "b5@5360", "b5@540c") == [
        0x100001, 0x100001, 0x0011001D, *pf.do("c4@468"), 0x1EFE1FFE, 0x80000000]
    pf.do(commands("INIT VF3, RUN VF3"))
    assert pf.do("b5@3ed00", "b5@3ec84", "b5@3ec04") == [2, 2, 0x8204]
    pf.do(commands("IDLE VF3, SAVE VF3"))
    # A command can be written there too.
    pf.do("b5@3ec04=8213", *DONE)
    assert pf.machine.card(0).json("gpu")["phase"] == "loaded"


# Golden trace

def test_golden_trace_of_a_probe(pf, card):
    """Section 7.4, rows 1 to 12."""
    pf.do("b5@3ed10=20", "b5@3ed14=10000")
    assert pf.do("b5@38=1500008", "b5@3c", "b5@3c=4", "b5@3c") == [0x00200004, 4]
    rom = pf.do("b5@230=c0600010", "b5@234=0", "b5@230=c0600014", *["b5@234"] * 16)
    assert rom[0] & 0xFFFFFF == 0x80AA55
    assert pf.get("b5@5428") == 0x1FFE
    pf.enable(16)
    assert pf.do("c2@340", "c2@338") == [0x10, 0x19]
    assert pf.do("c1@40d", "c1@40e", "c4@420", "c2@424") == [0, 0, 0, 0x1FFE]
    pf.do("fb")
    assert pf.do("c2@426", "c4@420", "c4@42c", "c4@430", "c4@434") == [0x1EFE, 0x100001, 0x11001D, 0x2F001D, 0x4D001D]
    assert pf.do("b5@698=c0200048", "b5@69c") == [0xC00], "both display timers masked"
    assert pf.do("b5@69c=0", "b5@69c", "b5@698=0", "b5@698") == [0, 0]
    assert pf.get("b5@38c0") == 0, "IH_RB_CNTL, so that its final value is 80220195"
    assert pf.do("b5@5344", "b5@5344=1", "b5@5344", "b5@5344=3", "b5@5344") == [0, 1, 3]
    assert pf.do("b5@3b124=20003c", "b5@3b124") == [0x20003C]
    for word in (0x17, 0x14, 0x11, 0x12):
        pf.do(f"c4@40c={word:x}", *DONE)
    assert card.json("commands") == {"PF": {"INIT": 1, "RUN": 1, "IDLE": 1, "SAVE": 1}}
    assert card.json("gpu")["slots"] == ["PF"]
    assert (card.driver_errors(), card.json("counters")["commands"]) == (0, 4)


# Order

def test_world_switches_of_all_vfs_in_order(pf, card, vfs):
    for n in range(1, 17):
        pf.do(commands(f"INIT VF{n}, RUN VF{n}, SAVE_RLCV VF{n}, IDLE VF{n}, SAVE VF{n}"))
    for n in (5, 16, 1):
        pf.do(commands(f"LOAD VF{n}, RUN VF{n}, IDLE VF{n}, SAVE VF{n}"))
    assert card.driver_errors() == 0
    assert card.json("commands")["VF16"] == {"INIT": 1, "RUN": 2, "SAVE_RLCV": 1, "IDLE": 2, "SAVE": 2, "LOAD": 1}
    assert len(card.json("gpu")["slots"]) == 17


@pytest.mark.allow_driver_errors
@pytest.mark.parametrize(("before", "wrong", "said"), [
    ("", "RUN PF", "RUN to PF, but it is not loaded (the GPU is free)"),
    ("", "LOAD VF1", "LOAD to VF1, but it has no saved state"),
    ("INIT VF1", "IDLE VF1", "IDLE to VF1, but it does not run (the GPU is inited, of VF1)"),
    ("INIT VF1, RUN VF1", "SAVE VF1", "SAVE to VF1, but it is not idle"),
    ("INIT VF1, RUN VF1", "RUN VF1", "RUN to VF1, but it is not loaded (the GPU is running, of VF1)"),
    ("INIT VF1, RUN VF1", "INIT VF2", "INIT to VF2, but the GPU is not free (the GPU is running, of VF1)"),
    ("INIT VF1, RUN VF1", "LOAD PF", "LOAD to PF, but the GPU is not free"),
    ("INIT VF1, RUN VF1", "IDLE VF2", "IDLE to VF2, but it does not run"),
    ("INIT VF1", "SAVE_RLCV VF1", "SAVE_RLCV to VF1, but it does not run"),
    ("INIT VF1, RUN VF1", "LOAD_RLCV VF1", "LOAD_RLCV to VF1, but it has had no reset"),
])
def test_a_wrong_order_is_recorded(pf, card, vfs, before, wrong, said):
    if before:
        pf.do(commands(before))
    assert card.driver_errors() == 0
    pf.do(commands(wrong))
    assert card.driver_errors() == 1
    assert said in card.driver_error_log()


def test_idle_and_save_of_a_saved_function_do_nothing(pf, card, vfs):
    pf.do(commands("IDLE PF, SAVE PF"))
    assert (card.driver_errors(), card.json("gpu")["phase"]) == (0, "free")


@pytest.mark.allow_driver_errors
def test_strict_reports_that(pf, card, vfs):
    card.set("strict", True)
    pf.do(commands("SAVE PF"))
    assert "saved already" in card.driver_error_log()


@pytest.mark.allow_driver_errors
def test_a_function_that_is_not_there(pf, card):
    pf.enable(4)
    pf.do("fb")
    for function in (5, 17):
        pf.do(start("INIT", f"VF{function}"), "c1@40c~10=0")
        assert pf.get("c1@410") == 0x0E
    assert card.driver_error_log().count("which is not there") == 2


@pytest.mark.allow_driver_errors
def test_a_command_while_one_runs_is_ignored(pf, card):
    card.set("command-latency-us", 100000)
    pf.do("fb")
    assert pf.do(start("INIT"), "c1@40c", "c1@410", start("RUN", "VF3"), "c4@40c", *DONE, "c4@40c") == [
        0x17, 0x15, 0x17, 7]
    assert card.driver_error_log().count("EXECUTE is set") == 1
    assert card.json("counters")["commands"] == 1


@pytest.mark.allow_driver_errors
def test_vfs_disabled_while_one_has_the_gpu(pf, card, vfs):
    pf.do(commands("INIT VF2, RUN VF2"))
    pf.disable()
    assert "VFs are disabled while VF2 has the GPU" in card.driver_error_log()


# Framebuffer and context save area

@pytest.mark.allow_driver_errors
@pytest.mark.parametrize(("change", "said"), [
    (["c4@42c=8001d"], "VF1's framebuffer overlaps the PF's"),
    (["c4@42c=10001d"], "VF1's framebuffer overlaps the context save area"),
    (["c4@42c=11001e"], "VF1's framebuffer overlaps VF2's"),
    (["c4@42c=0"], "VF1 has no framebuffer"),
])
def test_ranges_that_overlap_are_recorded_when_used(pf, card, vfs, change, said):
    pf.do(*change)
    assert card.driver_errors() == 0
    pf.do(commands("INIT VF1"))
    assert said in card.driver_error_log()


@pytest.mark.allow_driver_errors
def test_a_range_beyond_the_memory_is_recorded_at_once(pf, card):
    pf.do("c4@42c=1fe0000", "c4@430=1fe0001")
    assert card.driver_errors() == 1
    assert "VF2's framebuffer 1fe000000..200000000 ends beyond" in card.driver_error_log()


@pytest.mark.allow_driver_errors
def test_changes_while_a_vf_has_the_gpu(pf, card, vfs):
    pf.do(commands("INIT VF1"), "c4@42c=11001c", "c4@420=80002")
    assert "VF1's framebuffer is changed while it has the GPU" in card.driver_error_log()
    assert "CNTXT is changed while a function has the GPU" in card.driver_error_log()


def test_the_context_lies_in_vram(pf, card, vfs):
    pf.do(commands("INIT VF1, RUN VF1, IDLE VF1, SAVE VF1"))
    # The PF's slot is the first of 256 KB each, VF1's the second.
    card.set("fault-vram", f"offset={(256 << 20) + (256 << 10):x},xor=4")
    # It loads, but the engines do not stop any more.
    pf.do(commands("LOAD VF1, RUN VF1"))
    pf.do(start("IDLE", "VF1"), "c1@40c~10=0")
    assert pf.get("c1@410") == 0x0E
    idle = card.json("command-log")[-1]
    # A busy host may be late, but not early.
    assert 102_000_000 <= idle["end"] - idle["start"] < 1_000_000_000


# Time

def test_commands_take_their_time(pf, card):
    card.set("command-latency-us", 2000)
    card.set("latency-run-us", 7000)
    pf.do("fb", commands("INIT PF, RUN PF, IDLE PF, SAVE PF"))
    card.set("latency-run-us", 0xFFFFFFFF)
    log = card.json("command-log")
    assert [(c["op"], c["function"], c["status"]) for c in log] == [
        ("INIT", "PF", 0), ("RUN", "PF", 0), ("IDLE", "PF", 0), ("SAVE", "PF", 0)]
    for entry, least in zip(log, (2, 7, 2, 2), strict=True):
        assert least * 1_000_000 <= entry["end"] - entry["start"] < (least + 20) * 1_000_000
    assert card.json("command-time")["PF"] == sum(c["end"] - c["start"] for c in log)


def test_a_command_without_latency_is_done_when_it_is_written(pf, card):
    card.set("command-latency-us", 0)
    pf.do("fb")
    card.set("counters-reset", True)
    pf.do("c4@40c=17", "c1@40c", "c4@40c=14", "c1@410")
    assert card.json("counters")["config-reads"] + card.json("counters")["config-writes"] == 4
    assert card.json("gpu")["phase"] == "running"


def test_gpu_time_is_what_passed_between_run_and_idle(pf, card, vfs):
    pf.do(commands("INIT VF1, RUN VF1"), "us=30000", commands("IDLE VF1, SAVE VF1, INIT VF2, RUN VF2"), "us=10000",
          commands("IDLE VF2, SAVE VF2, LOAD VF1, RUN VF1"), "us=20000", commands("IDLE VF1, SAVE VF1"))
    log, expected, since = card.json("command-log"), {}, 0
    for entry in log:
        if entry["op"] == "RUN":
            since = entry["end"]
        elif entry["op"] == "IDLE":
            expected[entry["function"]] = expected.get(entry["function"], 0) + entry["start"] - since
    got = card.json("gpu-time")
    assert {name: time for name, time in got.items() if time} == expected
    assert got["VF1"] >= 50_000_000
    assert card.get("switches") == 3


def test_gpu_time_goes_on_while_a_function_runs(pf, card, vfs):
    pf.do(commands("INIT VF1, RUN VF1"))
    first = card.json("gpu-time")["VF1"]
    pf.do("us=1000")
    second = card.json("gpu-time")["VF1"]
    assert second >= first + 1_000_000


# Counters

def test_counts_by_register(pf, card):
    pf.do("b5@3ed10=20", "b5@3ed14=1", "b5@3ed14", "b5@3ed14", "c2@424", "c4@420=100001", "c4@430=1")
    counts = card.json("register-counts")
    assert counts["RLC_GPU_IOV_SCRATCH_ADDR"] == {"reads": 0, "writes": 1}
    assert counts["RLC_GPU_IOV_SCRATCH_DATA"] == {"reads": 2, "writes": 1}
    assert counts["GPUIOV_TOTAL_FB_AVAILABLE"]["reads"] == 1
    assert counts["GPUIOV_CNTXT"]["writes"] == counts["GPUIOV_VF1_FB"]["writes"] == 1
    counters = card.json("counters")
    assert (counters["mmio-reads"], counters["mmio-writes"]) == (2, 2)
    card.set("counters-reset", True)
    assert card.json("register-counts") == {} and card.json("counters")["mmio-reads"] == 0


@pytest.mark.allow_driver_errors
@pytest.mark.parametrize(("access", "said"), [
    ("b5.2@540c", "read of 2 bytes at 0540c (BIF_IOV_FUNC_IDENTIFIER)"),
    ("b5@8010=1", "GRBM_STATUS, which is read-only"), ("b5.1@30100=1", "write of 1 bytes"),
    ("b5.8@5428", "read of 8 bytes")])
def test_accesses_that_no_driver_should_make(pf, card, access, said):
    pf.do(access)
    assert card.driver_errors() == 1
    assert said in card.driver_error_log()


@pytest.mark.allow_driver_errors
def test_unknown_registers_are_recorded_if_strict(pf, card):
    pf.do("b5@9000", "b5@9000=1")
    assert card.driver_errors() == 0
    card.set("strict", True)
    pf.do("b5@9000", "b5@9000=1")
    assert card.driver_errors() == 2
