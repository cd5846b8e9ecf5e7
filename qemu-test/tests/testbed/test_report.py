# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What pytest says of a test: pytest runs in pytest here, on machines that only pretend."""

import pytest

PRETENCE = """
import pathlib
import pytest
from testbed import GuestCrash, Result

class Machine:
    running, log = True, pathlib.Path("logs-of-it")
    def __init__(self, output="", status=0): self.result = Result(status, output.encode())
    def run(self, script, limit=None): return self.result
    def sh(self, script, limit=None, given=b""): return "[1.0] the last line"

class Checker:
    def __init__(self, *found): self.found = found
    def note(self, text): pass
    def problems(self, allowed=(), driver_errors=False, leaks=True):
        return [f for f in self.found if f not in allowed and not (driver_errors and f == "driver error")
                and (leaks or f != "leak")]

class Machines:
    def __init__(self, *found, **output): self.found, self.output = found, output
    def get(self, options, name): return Machine(**self.output), Checker(*self.found)
"""


@pytest.fixture
def run(pytester):
    """Runs tests on a machine that gives the same output to every command."""
    def inner(tests, *found, **output):
        pytester.makepyfile(f"{PRETENCE}\n@pytest.fixture\ndef machines(): return Machines(*{found!r}, **{output!r})\n"
                            f"\n{tests}")
        return pytester.runpytest_inprocess("-p", "testbed.plugin", "-p", "no:cacheprovider", "-rA",
                                           "-o", "verbosity_subtests=1")
    return inner


def test_each_line_of_ktap_counts(run):
    output = "KTAP version 1\n1..4\nok 1 a\n# because of this\nnot ok 2 b\nok 3 c # SKIP why\nok 4 d\n"
    result = run("def test_it(ktap): ktap('/job/x.sh')", output=output, status=1)
    # The test itself, and the one line.
    result.stdout.fnmatch_lines(["*2 failed, 1 skipped, 2 subtests passed*"])
    result.stdout.fnmatch_lines(["SUBFAILED*[[]b[]]*because of this*"])
    result.stdout.no_fnmatch_line("SUBFAILED*[[][acd][]]*")


def test_a_script_that_stops_early_fails(run):
    result = run("def test_it(ktap): ktap('/job/x.sh')", output="KTAP version 1\n1..2\nok 1 a\n")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*1 of 2 planned tests have a result*"])


def test_a_warning_in_the_log_fails_a_test(run):
    result = run("def test_it(machine): pass", "dmesg: WARNING: here")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*dmesg: WARNING: here*", "*logs: logs-of-it*", "*the last line*"])


def test_marks_allow(run):
    run("@pytest.mark.allow_dmesg('a warning')\ndef test_it(machine): pass", "a warning").assert_outcomes(passed=1)
    run("@pytest.mark.allow_driver_errors\ndef test_it(machine): pass", "driver error").assert_outcomes(passed=1)
    run("def test_it(machine): pass", "driver error").assert_outcomes(failed=1)


def test_a_failure_says_what_the_machine_says(run):
    result = run("def test_it(machine): assert 1 == 2", "dmesg: WARNING: here")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*assert 1 == 2*", "*Captured problems call*", "*dmesg: WARNING: here*",
                                 "*logs: logs-of-it*"])


def test_tests_on_the_same_machine_run_side_by_side(run):
    result = run("""
one, two = pytest.mark.machine(cards=1), pytest.mark.machine(cards=2)
@one
def test_a(machine): pass
@two
def test_b(machine): pass
@one
def test_c(machine): pass
""")
    names = [line.split("::")[-1] for line in result.outlines if line.startswith("PASSED")]
    assert names == ["test_a", "test_c", "test_b"]


def test_lost_memory_is_searched_for_when_a_machine_has_had_its_last_test(run):
    result = run("""
one, fresh = pytest.mark.machine(cards=1), pytest.mark.machine(fresh=True)
@one
def test_first(machine): pass
@one
def test_last(machine): pass
@fresh
def test_alone(machine): pass
@fresh
def test_alone_too(machine): pass
""", "leak")
    names = [line.split("::")[-1].split(" ")[0] for line in result.outlines if line.startswith("FAILED")]
    assert names == ["test_last", "test_alone", "test_alone_too"]
