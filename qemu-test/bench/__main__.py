# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""`make bench`: counts, ratios and scale of the driver, on emulated cards and a clock that counts instructions.

Runs in the tool chain's root. docs/bench.md says what the figures mean.
"""

import argparse
import json
import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
# The test bed; and what the driver's tests measure with.
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "tests" / "driver")]

from bench import fairness, guard, hang, lifecycle, messages, plots, profile, report, scale, simulator, switches  # noqa: E402
from bench.figures import differ  # noqa: E402
from bench.rig import LOAD, Rig  # noqa: E402
from testbed import MODULE, GuestError, SetupError  # noqa: E402
from testbed.paths import BUILD  # noqa: E402

PARTS = {"switches": switches, "messages": messages, "lifecycle": lifecycle, "fairness": fairness, "hang": hang,
         "scale": scale, "simulator": simulator}
# Only if they are asked for.
BY_REQUEST = {"profile": profile}
# Of these the second result is accesses by register.
WITH_REGISTERS = ("switches", "messages", "lifecycle")


def options():
    """The command line."""
    p = argparse.ArgumentParser(prog="qemu-test/bench", description=__doc__)
    p.add_argument("--module", type=pathlib.Path, default=MODULE, metavar="FILE.ko",
                   help="the driver to measure (default: %(default)s)")
    p.add_argument("--load", default=LOAD, metavar="PARAMETERS",
                   help="its parameters, with {vfs}, {policy} (0 solid, 1 predictable, 2 liquid, 3 fair) and {quantum} "
                        "in ms (default: %(default)s)")
    p.add_argument("--out", type=pathlib.Path, default=BUILD / "bench.json", metavar="FILE",
                   help="(default: %(default)s)")
    p.add_argument("--plots", type=pathlib.Path, default=BUILD / "bench", metavar="DIR",
                   help="(default: %(default)s)")
    p.add_argument("--set-baseline", action="store_true",
                   help=f"measure what the guard compares with, and nothing else: write {guard.BASELINE.name}")
    p.add_argument("--compare", nargs=2, type=pathlib.Path, metavar="FILE.json",
                   help="measure nothing: say in which exact counts these two runs differ by 1 %% or more")
    p.add_argument("part", nargs="*", help=f"some of {', '.join(PARTS)} (default: all these), {', '.join(BY_REQUEST)}")
    o = p.parse_args()
    if unknown := set(o.part) - set(PARTS) - set(BY_REQUEST):
        p.error(f"there is no part {', '.join(sorted(unknown))}")
    return o


def main():
    """Measures and shows; the status is 1 if something could not be measured."""
    o = options()
    if o.compare:
        lines = differ(*(json.loads(path.read_text()) for path in o.compare))
        print("\n".join(lines) or "no exact count differs by 1 % or more")
        return bool(lines)
    rig = Rig(o.module, o.load)
    if o.set_baseline:
        guard.set_baseline(guard.measure(rig))
        return 0
    figures, by_register, details, status = {}, {}, {}, 0
    for name in o.part or PARTS:
        if name == "simulator" and not rig.ours:
            continue
        begin = time.monotonic()
        try:
            found, detail = (PARTS | BY_REQUEST)[name].measure(rig)
        # A driver that does something else than is looked for.
        except (GuestError, SetupError, RuntimeError, AssertionError, ArithmeticError, LookupError, ValueError,
                StopIteration) as e:
            print(f"{name}: cannot be measured: {str(e) or type(e).__name__}", file=sys.stderr, flush=True)
            status = 1
            continue
        print(f"{name}: {time.monotonic() - begin:.0f} s", flush=True)
        figures |= found
        details[name] = detail
        if name in WITH_REGISTERS:
            by_register |= detail
    if not figures:
        return status
    about = report.versions(rig.module)
    print("\n".join(f"{k}: {v}" for k, v in about.items()))
    print(report.table(figures))
    print(report.registers(by_register))
    report.write(o.out, figures, about, by_register)
    plots.draw(o.plots, figures, details)
    return status


sys.exit(main())
