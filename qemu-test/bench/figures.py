# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The figures: what each is, what it should come to, what the C driver's was, and how exactly it comes again."""

import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Figure:
    """name: in JSON; aim: a text such as "< 16" (a number alone is meant as it stands); c_driver: as it was measured on
    the emulated card, the mark to beat; tolerance: how much worse it may be than the committed baseline, as a fraction,
    `None` if it is not held against that."""

    name: str
    what: str
    aim: str = ""
    c_driver: str = ""
    tolerance: float | None = None
    digits: int = 2


# Accesses are counted, instructions nearly so: which timer interrupt falls into a window depends on the host.
EQUAL, NEARLY = 0.0, 0.03

FIGURES = (
    Figure("switch_accesses_lat0", "accesses per world switch, commands done at once", "8", "30", 0.005),
    Figure("switch_accesses_lat50us", "the same at 50 us a command", "< 16", "38"),
    Figure("switch_accesses_lat500us", "the same at 500 us a command", "< 16", "78"),
    Figure("switch_instructions_first_to_last_access", "instructions from its first to its last access", "< 1500",
           "4439", NEARLY, 0),
    Figure("switch_instructions", "instructions per world switch, with timer and worker's wake-up", "< 8000", "11300",
           NEARLY, 0),
    Figure("switch_instructions_ours", "of these the module's own", tolerance=NEARLY, digits=0),
    Figure("switch_lost_us_lat50us", "GPU time lost per switch beyond the commands' own, 50 us each", "< 80", "203",
           None, 1),
    Figure("switch_lost_us_lat500us", "the same at 500 us a command", "< 80", "395", None, 1),
    *(Figure(f"cpu_percent_{n}vf_6ms_{us}us", f"CPU, {n} busy VFs, 6 ms quanta, {us} us commands", "< 1",
             {(16, 0): "0.2", (16, 50): "6.3", (16, 500): "28.5"}.get((n, us), ""))
      for n in (0, 1, 4, 16) for us in (0, 50, 500)),
    Figure("message_accesses", "accesses per message of a guest", "", "9-14", EQUAL),
    Figure("message_interrupts", "interrupts per message", "1", "", EQUAL),
    Figure("message_interrupt_instructions", "instructions in hard interrupt context per message", "< 2000",
           "70000-105000", NEARLY, 0),
    Figure("message_instructions", "instructions per message: interrupt, its thread, worker", "", "", NEARLY, 0),
    Figure("message_instructions_ours", "of these the module's own", tolerance=NEARLY, digits=0),
    Figure("request_reply_us_p50", "from a guest's request to READY, us", digits=0),
    Figure("request_reply_us_max", "the longest", digits=0),
    Figure("probe_accesses", "accesses of insmod with 16 VFs", "", "17051", EQUAL, 0),
    Figure("probe_to_16_vfs_ms_net", "its time in ms, net of the PCI core's fixed sleep", "", "", None, 1),
    Figure("vf_enable_accesses", "accesses per VF that is enabled", "", "", EQUAL),
    Figure("vf_reset_accesses", "accesses per VF reset that a guest asks for", tolerance=EQUAL, digits=0),
    Figure("vf_reset_ms", "its time in ms, with the two times 100 ms that it has to wait", digits=1),
    *(Figure(f"jain_{policy}_{n}", f"Jain's index, {policy}, {n} busy VFs", "" if policy == "predictable" and n < 16
             else ">= 0.999", "0.9993" if policy == "solid" else "", None, 5)
      for policy in ("solid", "predictable", "liquid", "fair") for n in (2, 4, 16)),
    *(Figure(f"slice_error_us_{policy}_{part}", f"error of slices, {policy}, {part}, us", digits=1)
      for policy in ("solid", "predictable", "liquid", "fair") for part in ("p50", "p99", "max")),
    Figure("hang_loss_others_ms", "time that others lose when a VF hangs (time-out 2 s), ms", "< 2500",
           "2100, or 13500 and all evicted", None, 0),
    Figure("hang_jain_others_after", "Jain's index of the others afterwards", ">= 0.999", "", None, 5),
    *(Figure(f"scale_switch_accesses_{n}_cards", f"accesses per switch, {n} cards of 16 busy VFs")
      for n in (1, 2, 4, 8)),
    *(Figure(f"scale_cpu_percent_per_card_{n}_cards", f"CPU of the driver's threads per card, {n} cards", "< 1")
      for n in (1, 2, 4, 8)),
    *(Figure(f"scale_jain_{where}_{n}_cards", f"Jain's index {where} {n} cards", ">= 0.99", "", None, 5)
      for n in (1, 2, 4, 8) for where in ("within", "across")),
    Figure("scale_switch_rate_beside_a_hang", "switches of seven cards while the eighth hangs, of those before",
           ">= 0.99", "", None, 3),
    Figure("simulator_cards", "simulated cards with 16 VFs each", digits=0),
    Figure("simulator_seconds", "virtual time of each, s", digits=0),
    Figure("simulator_events", "events that the engines took", digits=0),
    Figure("simulator_jain_within", "Jain's index, worst card", ">= 0.999", "", None, 5),
    Figure("simulator_jain_across", "Jain's index, all VFs of all cards", ">= 0.999", "", None, 5),
    Figure("text_bytes", "code and constants of the module, bytes", digits=0),
    Figure("data_bytes", "data of the module, bytes", digits=0),
    Figure("memory_per_card_bytes", "memory per card without VFs, bytes", digits=0),
    Figure("memory_per_vf_bytes", "memory per enabled VF, mostly the PCI core's, bytes", digits=0),
)

# Those that the guard looks at.
EXACT = [figure.name for figure in FIGURES if figure.tolerance is not None]


def meets(figure, value):
    """Whether a figure comes to its aim; `None` if it has none."""
    if not (match := re.fullmatch(r"(<|>=)? ?([\d.]+)", figure.aim)):
        return None
    aim = float(match[2])
    if match[1] == "<":
        return value < aim
    if match[1] == ">=":
        return value >= aim
    # What cannot be helped: a look at the card now and then.
    return value <= aim * 1.005


def worse(figures, baseline):
    """What got worse than the baseline has it, a line each."""
    lines = []
    for figure in FIGURES:
        if figure.tolerance is None or figure.name not in figures or figure.name not in baseline:
            continue
        now, then = figures[figure.name], baseline[figure.name]
        if now > then * (1 + figure.tolerance) + 1e-9:
            lines.append(f"{figure.name}: {now:.{figure.digits}f} instead of {then:.{figure.digits}f}, "
                         f"{100 * (now / then - 1):+.1f} % (at most {100 * figure.tolerance:.1f} %): {figure.what}")
    return lines


def differ(one, other, most=0.01):
    """In which exact counts two runs differ by `most`, a fraction, or more: a line each."""
    lines = []
    for figure in FIGURES:
        if figure.tolerance is None or figure.name not in one.keys() & other.keys():
            continue
        a, b = one[figure.name], other[figure.name]
        if abs(a - b) >= most * min(a, b):
            lines.append(f"{figure.name}: {a:.{figure.digits}f} and {b:.{figure.digits}f}: {figure.what}")
    return lines
