# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The reader of KTAP: results one by one, and strictness about what is missing."""

import textwrap

import pytest

from testbed.ktap import parse


def outcomes(text, status=0):
    return [(o.name, o.status) for o in parse(textwrap.dedent(text).strip("\n"), status)]


def test_results():
    assert outcomes("""
        KTAP version 1
        1..4
        ok 1 plain
        ok 2 - with a hyphen
        # because
        not ok 3 wrong
        ok 4 left out # SKIP no card
        """) == [("plain", "pass"), ("with a hyphen", "pass"), ("wrong", "fail"), ("left out", "skip")]


def test_detail_is_what_was_said_before():
    found = parse("KTAP version 1\n1..2\n# of the first\nok 1 a\n# of the second\nnot ok 2 b\n")
    assert [o.detail for o in found] == ["of the first", "of the second"]


@pytest.mark.parametrize("indent", ["  ", "    "])
def test_subtests(indent):
    lines = ["KTAP version 1", "1..2",
             f"{indent}KTAP version 1", f"{indent}# Subtest: suite", f"{indent}1..2", f"{indent}ok 1 a",
             f"{indent}not ok 2 b", "not ok 1 suite", "ok 2 other"]
    assert outcomes("\n".join(lines)) == [("suite/a", "pass"), ("suite/b", "fail"), ("other", "pass")]


def test_subtests_below_subtests():
    assert outcomes("""
        KTAP version 1
        1..1
          KTAP version 1
          1..1
            KTAP version 1
            1..1
            ok 1 leaf
          ok 1 inner
        ok 1 outer
        """) == [("outer/inner/leaf", "pass")]


@pytest.mark.parametrize(("text", "wrong"), [
    ("1..1\nok 1 a", "no KTAP version line"),
    ("KTAP version 1\nok 1 a", "no plan"),
    ("KTAP version 1\n1..2\nok 1 a\ncrashed here", "1 of 2 planned tests have a result\ncrashed here"),
    ("KTAP version 1\n1..1\nok 1 a\nok 2 b", "2 of 1 planned tests have a result"),
    ("KTAP version 1\n1..1\n1..2\nok 1 a", "a second plan"),
    ("KTAP version 1\n1..0", "no tests"),
    ("KTAP version 1\n1..2\nok 1 a\nBail out! no card", "bail out: no card"),
    ("", "no KTAP version line"),
])
def test_what_is_wrong_with_the_whole(text, wrong):
    last = parse(text)[-1]
    assert (last.name, last.status, last.detail) == ("ktap", "fail", wrong)


def test_a_number_out_of_order_fails():
    assert outcomes("KTAP version 1\n1..2\nok 1 a\nok 3 b") == [("a", "pass"), ("b", "fail")]


def test_a_missing_subtest_fails():
    assert ("suite", "fail") in outcomes("KTAP version 1\n1..1\n  KTAP version 1\n  1..2\n  ok 1 a\nok 1 suite")


def test_a_failed_subtest_does_not_hide_a_missing_one():
    assert outcomes("KTAP version 1\n1..1\n  KTAP version 1\n  1..2\n  not ok 1 a\nnot ok 1 suite") == [
        ("suite/a", "fail"), ("suite", "fail")]


def test_a_parent_that_fails_by_itself_is_a_failure():
    assert ("suite", "fail") in outcomes("KTAP version 1\n1..1\n  KTAP version 1\n  1..1\n  ok 1 a\nnot ok 1 suite")


def test_indented_output_is_no_subtest():
    assert outcomes("KTAP version 1\n1..1\n    eth0: up\nok 1 a") == [("a", "pass")]


def test_an_exit_status_that_no_result_explains_fails():
    assert outcomes("KTAP version 1\n1..1\nok 1 a", status=1) == [("a", "pass"), ("ktap", "fail")]
    assert outcomes("KTAP version 1\n1..1\nnot ok 1 a", status=1) == [("a", "fail")]


def test_all_left_out():
    assert outcomes("KTAP version 1\n1..0 # SKIP no card") == [("ktap", "skip")]


def test_directives():
    assert outcomes("KTAP version 1\n1..3\nnot ok 1 a # XFAIL known\nok 2 b # TIMEOUT late\nnot ok 3 c # TODO") == [
        ("a", "skip"), ("b", "fail"), ("c", "skip")]
