# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Plots of the figures, for docs/bench.md: what can be seen better than read."""

import matplotlib

matplotlib.use("svg")
# The same figures give the same file, and text stays text.
matplotlib.rcParams.update({"svg.hashsalt": "gim", "svg.fonttype": "none", "font.size": 9, "axes.grid": True,
                            "axes.axisbelow": True, "grid.alpha": 0.3, "figure.figsize": (6.4, 3.0)})

from matplotlib import pyplot  # noqa: E402

LATENCIES = (0, 50, 500)
C_ACCESSES = {0: 30, 50: 38, 500: 78}
C_CPU = {0: 0.2, 50: 6.3, 500: 28.5}
OURS, THEIRS = "#1f6f8b", "#b0b0b0"


def _save(folder, name):
    pyplot.tight_layout()
    pyplot.savefig(folder / f"{name}.svg", metadata={"Date": None})
    pyplot.close()


def _pairs(ours, theirs, label, log=False):
    """Bars side by side: ours and the C driver's."""
    at = range(len(LATENCIES))
    for offset, values, name, color in ((-0.2, ours, "gim", OURS), (0.2, theirs, "C driver", THEIRS)):
        bars = pyplot.bar([x + offset for x in at], values, 0.38, label=name, color=color)
        pyplot.bar_label(bars, fmt="%.3g")
    pyplot.xticks(at, [f"{us} us" for us in LATENCIES])
    pyplot.xlabel("what each of the four commands of a switch takes")
    pyplot.ylabel(label)
    pyplot.margins(y=0.15)
    if log:
        pyplot.yscale("log")
    pyplot.legend()


def accesses(folder, figures):
    """Accesses per world switch."""
    names = [f"switch_accesses_lat{us}us" if us else "switch_accesses_lat0" for us in LATENCIES]
    if any(name not in figures for name in names):
        return
    _pairs([figures[n] for n in names], list(C_ACCESSES.values()), "accesses per world switch")
    _save(folder, "accesses")


def cpu(folder, figures):
    """CPU with 16 busy VFs."""
    names = [f"cpu_percent_16vf_6ms_{us}us" for us in LATENCIES]
    if any(name not in figures for name in names):
        return
    _pairs([figures[n] for n in names], list(C_CPU.values()), "CPU, % (16 busy VFs, 6 ms)", log=True)
    _save(folder, "cpu")


def slices(folder, errors):
    """How far slices are off, for each policy."""
    if not errors:
        return
    for policy, values in errors.items():
        off = sorted(abs(v) for v in values)
        pyplot.plot(off, [100 * (i + 1) / len(off) for i in range(len(off))], label=policy)
    pyplot.xlabel("a slice is off by at most so many us (of 6000)")
    pyplot.ylabel("% of slices")
    pyplot.legend()
    _save(folder, "slices")


def scale(folder, shares):
    """GPU time of each VF of all cards."""
    if not shares:
        return
    for card, share in enumerate(shares):
        mean = sum(share) / len(share)
        pyplot.plot(range(1, len(share) + 1), [100 * s / mean for s in share], ".", label=f"card {card}")
    pyplot.xlabel("VF")
    pyplot.ylabel("% of the mean of its card")
    pyplot.ylim(90, 110)
    pyplot.legend(ncols=4, fontsize=7)
    _save(folder, "scale")


def draw(folder, figures, details):
    """Draws all for which there are figures."""
    folder.mkdir(parents=True, exist_ok=True)
    accesses(folder, figures)
    cpu(folder, figures)
    slices(folder, details.get("fairness"))
    scale(folder, details.get("scale"))
