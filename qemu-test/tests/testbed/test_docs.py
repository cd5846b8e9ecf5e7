# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""docs/messages.md has every message of the driver, and no other."""

import re

from testbed.paths import PROJECT

MESSAGES = PROJECT / "docs" / "messages.md"
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
# What is said as part of a message: types whose texts these files have.
DETAILS = ("fb", "vbios", "options", "gpuiov", "vf", "atom/post", "atom/error", "atom/firmware")
TYPES = r"impl fmt::Display for (?:Error|Failure|Reason|Kind) \{(.*?)\n\}"


def plain(literal):
    """A format string as the document has it."""
    text = re.sub(r"\\\n\s*", "", literal).replace("\\n", "")
    return re.sub(r"\{[^}]*\}", "…", text).strip()


def said():
    """The errors and warnings of the driver."""
    found = set()
    for top in ("src", "rust/kernel_ext"):
        for path in (PROJECT / top).rglob("*.rs"):
            text = path.read_text()
            for macro in re.finditer(r"\b(?:dev_err|dev_warn|pr_err|pr_warn)!\(", text):
                found.add(plain(LITERAL.search(text, macro.end()).group(1)))
    return found


def test_each_message_is_explained():
    explained = re.findall(r"^\| `([^`]+)` \| [^|]+ \| [^|]+ \|$", MESSAGES.read_text(), re.MULTILINE)
    assert len(explained) == len(set(explained))
    assert said() - set(explained) == set(), "not in docs/messages.md"
    assert set(explained) - said() == set(), "nobody says that any more"


def test_what_comes_after_the_colon_is_listed():
    document = " ".join(MESSAGES.read_text().split())
    for name in DETAILS:
        source = (PROJECT / "rust" / "core" / "src" / f"{name}.rs").read_text()
        for body in re.findall(TYPES, source, re.DOTALL):
            texts = {plain(literal) for literal in LITERAL.findall(body)}
            # Pieces of a sentence are not.
            missing = {t for t in texts if re.match(r"[\w…]", t) and t.count(" ") > 1 and f"`{t}`" not in document}
            assert not missing, name
