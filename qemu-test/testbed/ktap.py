# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Reads KTAP, the kernel's format of test results (Documentation/dev-tools/ktap.rst), and is strict about it.

A result that was planned and is missing, a number out of order, a missing plan and an end before its time are failures.
"""

import dataclasses
import re
import textwrap

VERSION = re.compile(r"(KTAP version 1|TAP version 1[34])$")
PLAN = re.compile(r"1\.\.(\d+)( # SKIP\b.*)?$")
RESULT = re.compile(r"(?P<verdict>ok|not ok)\s+(?P<number>\d+)(?:\s+(?:- )?(?P<name>[^#]*?))?"
                    r"(?:\s+# (?P<directive>SKIP|TODO|XFAIL|TIMEOUT|ERROR)\b\s*(?P<reason>.*))?$", re.IGNORECASE)
BAIL = re.compile(r"Bail out!\s*(.*)$")


@dataclasses.dataclass
class Outcome:
    """One test: `status` is "pass", "fail" or "skip"; `name` has those of its parents before it, with a slash."""

    name: str
    status: str
    detail: str = ""


def parse(text, status=0):
    """The outcomes of all tests without subtests, in order; `status` is the exit status of what printed the text.

    What is wrong with the output as a whole is an outcome of its own, named "ktap".
    """
    lines = text.replace("\r", "").splitlines()
    outcomes, rest = _level(lines, 0, "")
    if rest is not None:
        outcomes.append(Outcome("ktap", "fail", rest))
    elif status and not any(o.status == "fail" for o in outcomes):
        outcomes.append(Outcome("ktap", "fail", f"all tests passed, but the exit status is {status}"))
    return outcomes


def _level(lines, depth, prefix):
    """The outcomes of the lines of one level, and what is wrong with it as a whole, or None."""
    outcomes, notes, nested = [], [], []
    plan, seen, version, skipped = None, 0, depth > 0, False
    for line in lines:
        if line.startswith((" ", "\t")):
            nested.append(line)
            continue
        if bail := BAIL.match(line):
            return outcomes, f"bail out: {bail.group(1)}"
        if VERSION.match(line):
            version = True
        elif found := PLAN.match(line):
            if plan is not None:
                return outcomes, "a second plan"
            plan, skipped = int(found.group(1)), bool(found.group(2))
        elif found := RESULT.match(line):
            seen += 1
            name = prefix + (found["name"] or f"test {found['number']}").strip()
            children, wrong = _below(nested, depth, f"{name}/")
            detail = "\n".join(notes + ([] if children else nested))
            outcome = _outcome(found, name, detail)
            if int(found["number"]) != seen:
                outcome = Outcome(name, "fail", f"number {found['number']} where {seen} was due\n{detail}".strip())
            elif wrong:
                outcome = Outcome(name, "fail", f"{wrong}\n{detail}".strip())
            outcomes += children
            # A parent speaks for itself only if none of its subtests explains it.
            if not children or wrong or (outcome.status == "fail" and all(c.status != "fail" for c in children)):
                outcomes.append(outcome)
            notes, nested = [], []
        elif line.strip():
            notes.append(line.removeprefix("# "))
    last = "\n".join((notes + nested)[-20:])
    if not version:
        return outcomes, f"no KTAP version line\n{last}".strip()
    if plan is None:
        return outcomes, f"no plan\n{last}".strip()
    if skipped and not plan and not seen:
        return [*outcomes, Outcome(prefix.rstrip("/") or "ktap", "skip", last)], None
    if seen != plan:
        return outcomes, f"{seen} of {plan} planned tests have a result\n{last}".strip()
    if not plan:
        return outcomes, "no tests"
    return outcomes, None


def _below(lines, depth, prefix):
    """The same for the indented lines before a result, which may be no tests but other output."""
    # Two columns in the format's description, four in KUnit.
    lines = textwrap.dedent("\n".join(lines)).splitlines()
    if not any(VERSION.match(line) or PLAN.match(line) or RESULT.match(line) or line.startswith("# Subtest")
               for line in lines):
        return [], None
    return _level(lines, depth + 1, prefix)


def _outcome(found, name, detail):
    directive = (found["directive"] or "").upper()
    reason = found["reason"] or ""
    if directive == "SKIP":
        return Outcome(name, "skip", reason)
    if directive in ("TIMEOUT", "ERROR"):
        return Outcome(name, "fail", f"{directive.lower()} {reason}\n{detail}".strip())
    if directive in ("TODO", "XFAIL"):
        passed = found["verdict"].lower() == "ok"
        return Outcome(name, "fail" if passed and directive == "XFAIL" else "skip", f"{directive.lower()}: {reason}")
    return Outcome(name, "pass" if found["verdict"].lower() == "ok" else "fail", detail)
