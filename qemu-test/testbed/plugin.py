# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The test bed's part of pytest: which machine a test gets, what is checked after it, and what is shown when it fails.

Tests that want the same machine share one and leave it as they found it. They are put in order so that each machine
boots once; a machine that a test has crashed is replaced by a new one.
"""

import pathlib
import re

import pytest

from . import ktap as ktap_format
from .check import Checker
from .errors import GuestError
from .machine import Machine
from .paths import GUEST, LOGS, PROJECT

RUNNING = pytest.StashKey[tuple]()
LAST = pytest.StashKey[bool]()


def options_of(item):
    """What machine a test wants: the marks of its module, its class and itself, the closest one winning."""
    options = {}
    for mark in reversed(list(item.iter_markers("machine"))):
        options.update(mark.kwargs)
    return options


def _key(options):
    return repr(sorted(options.items()))


def pytest_collection_modifyitems(items):
    """Puts tests that share a machine side by side, in the order in which machines are first wanted."""
    first = {}
    for number, item in enumerate(items):
        options = options_of(item)
        if "machine" in getattr(item, "fixturenames", ()) and not options.get("fresh"):
            item.order = first.setdefault(_key(options), number)
        else:
            item.order = number
    items.sort(key=lambda item: item.order)


class Machines:
    """Keeps the machine that was used last."""

    def __init__(self):
        self._key, self._machine, self._checker = None, None, None

    def get(self, options, name):
        """A running machine and its checker."""
        options = dict(options)
        fresh = options.pop("fresh", False)
        key = _key(options)
        if fresh or self._key != key or not self._machine.running:
            self.drop()
            self._machine = Machine(log=LOGS / re.sub(r"[^\w.=-]+", "-", name).strip("-"), **options)
            self._machine.start()
            self._checker = Checker(self._machine)
            self._checker.boot()
            self._key = None if fresh else key
        return self._machine, self._checker

    def drop(self):
        """Ends the machine, if there is one."""
        if self._machine:
            self._machine.stop()
        self._key = self._machine = self._checker = None


@pytest.fixture(scope="session")
def machines():
    """The machines of this session."""
    pool = Machines()
    yield pool
    pool.drop()


@pytest.fixture
def machine(request, machines):
    """The machine that the test's mark `machine` describes; it may have run other tests before."""
    found, checker = machines.get(options_of(request.node), request.node.nodeid.replace("qemu-test/tests/", ""))
    request.node.stash[RUNNING] = found, checker
    checker.note(request.node.nodeid)
    return found


def _problems(item):
    """What the machine of a test has to say against it."""
    machine, checker = item.stash.get(RUNNING, (None, None))
    if not machine or not machine.running:
        return []
    allowed = [p for mark in item.iter_markers("allow_dmesg") for p in mark.args]
    return checker.problems(allowed, item.get_closest_marker("allow_driver_errors") is not None, item.stash[LAST])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item, nextitem):
    """Notes whether a test is the last on its machine: lost memory of all of them is searched for then."""
    options = options_of(item)
    item.stash[LAST] = options.get("fresh", False) or not nextitem or _key(options_of(nextitem)) != _key(options)
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """A test passes only if it left no warning in the kernel's log and no mistake in the cards' records."""
    try:
        result = yield
    except BaseException:
        # It fails anyway; the next test on this machine must not be blamed for it.
        if problems := _problems(item):
            item.add_report_section("call", "problems", "\n".join(problems))
        raise
    if problems := _problems(item):
        pytest.fail("after the test:\n" + "\n".join(problems), pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """A failure says where the logs are and what the kernel said last."""
    report = yield
    machine, _ = item.stash.get(RUNNING, (None, None))
    if report.failed and machine:
        text = f"logs: {machine.log}"
        if machine.running:
            try:
                text += f"\nlast lines of dmesg:\n{machine.sh('dmesg | tail -n 30')}"
            except GuestError as e:
                text += f"\n{e}"
        report.sections.append(("machine", text))
    return report


class Ktap:
    """Runs scripts of `qemu-test/guest/tests` and reports each of their results as a subtest."""

    def __init__(self, machine, subtests):
        self._machine, self._subtests = machine, subtests

    def __call__(self, script, arguments="", limit=None):
        """Runs `script`, by its name in that folder or by its path in the guest."""
        path = script if "/" in script else f"/testbed/tests/{script}"
        if "/" not in script and not (GUEST / "tests" / script).is_file():
            raise FileNotFoundError(GUEST / "tests" / script)
        try:
            result = self._machine.run(f"sh {path} {arguments}".strip(), limit)
        except GuestError as e:
            # What had ended before counts; the error itself tells the rest.
            self._report(o for o in ktap_format.parse(e.output.decode(errors="replace")) if o.name != "ktap")
            raise
        self.report(result.output, result.status)
        return result

    def report(self, output, status=0):
        """Reports the results in an output."""
        self._report(ktap_format.parse(output, status))

    def _report(self, outcomes):
        for outcome in outcomes:
            with self._subtests.test(outcome.name):
                if outcome.status == "fail":
                    pytest.fail(outcome.detail or "not ok", pytrace=False)
                if outcome.status == "skip":
                    pytest.skip(outcome.detail or "skipped")


@pytest.fixture
def ktap(machine, subtests):
    """Runs a script of guest tests: `ktap("igb.sh")`."""
    return Ktap(machine, subtests)


def pytest_terminal_summary(terminalreporter):
    """Shows the table that tests have filled: the fullest of those recorded with record_property("table", text)."""
    tables = [value for outcome in ("passed", "failed") for report in terminalreporter.stats.get(outcome, ())
              if getattr(report, "when", None) == "call"
              for name, value in getattr(report, "user_properties", ()) if name == "table"]
    if tables:
        terminalreporter.section("table")
        terminalreporter.write_line(max(tables, key=len))


def pytest_report_header():
    """Where the logs are."""
    return f"logs: {pathlib.Path(LOGS).relative_to(PROJECT)}/"
