# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""From the source of a table to its bytes: lines, directives, labels, and the table's header."""

import dataclasses
import re

from . import names
from .errors import SourceError
from .instructions import Encoder, ProgramEncoder
from .operands import evaluate, number

KINDS = {"command": 6, "data": 4, "indirect_io": 4}
RAW = {".byte": 1, ".word": 2, ".dword": 4}
NAME = r"[A-Za-z_]\w*"


@dataclasses.dataclass(frozen=True)
class Table:
    """An assembled table: "command" or "data", its place in the master table (None if not said), and its bytes."""

    kind: str
    index: int | None
    code: bytes


def _arguments(text):
    return [part.strip() for part in text.split(",")] if text else []


class _Assembler:
    def __init__(self, text, given):
        self._given = given
        self._lines = [line.partition(";")[0].strip() for line in text.splitlines()]
        self._labels = {}

    def run(self):
        # Labels have their place after the first pass: a target is two bytes, whatever it is.
        self._pass(final=False)
        return self._pass(final=True)

    def _pass(self, final):
        # Labels that come later are 0 the first time.
        self._symbols = dict(self._labels) if final else _Zeros()
        self._kind, self._index = "command", None
        self._revision, self._sizes = (1, 1), {".workspace": 0, ".parameters": 0}
        self._code = bytearray()
        self._size = None
        self._started = False
        self._seen = set()
        instructions, programs = Encoder(self._symbols), ProgramEncoder(self._symbols)
        for at, line in enumerate(self._lines, 1):
            try:
                self._line(line, instructions, programs)
            except SourceError as e:
                raise e.located(at) from e
        instructions.finish()
        return self._finish()

    def _line(self, line, instructions, programs):
        if found := re.fullmatch(rf"({NAME}):\s*(.*)", line):
            self._define(found[1])
            line = found[2]
        if not line:
            return
        word, _, rest = line.partition(" ")
        rest = rest.strip()
        if word.startswith("."):
            self._directive(word, rest, programs)
        elif self._kind == "data":
            raise SourceError(f"{word} in a data table")
        else:
            encoder = programs if self._kind == "indirect_io" else instructions
            if word not in encoder.MNEMONICS:
                raise SourceError(f"{word} is no instruction")
            self._emit(encoder.encode(word, _arguments(rest)))

    def _emit(self, code):
        self._started = True
        self._code += code

    def _define(self, label):
        if label in self._seen:
            raise SourceError(f"{label} is there twice")
        self._seen.add(label)
        self._labels[label] = self._symbols[label] = KINDS[self._kind] + len(self._code)

    def _directive(self, word, rest, programs):
        if word[1:] in KINDS:
            if self._started:
                raise SourceError(f"{word} must come first")
            self._kind = word[1:]
            known = names.COMMANDS if self._kind == "command" else names.DATA
            if self._kind == "indirect_io":
                rest = "indirect_io"
            self._index = number(rest, known, 1, "table")[0] if rest else None
        elif word == ".equ":
            name, _, value = rest.partition(" ")
            if not re.fullmatch(NAME, name) or not value:
                raise SourceError(".equ wants a name and a value")
            if name in self._seen:
                raise SourceError(f"{name} is there twice")
            self._seen.add(name)
            self._symbols[name] = self._given.get(name, evaluate(value, self._symbols))
        elif word == ".revision":
            found = re.fullmatch(r"(\d+)\.(\d+)", rest)
            if not found:
                raise SourceError(".revision wants FORMAT.CONTENT")
            self._revision = int(found[1]), int(found[2])
        elif word in self._sizes:
            self._sizes[word] = number(rest, self._symbols, 1, word)[0]
        elif word == ".size":
            self._size = number(rest, self._symbols, 2, "size")
        elif word == ".pad":
            self._emit(bytes(max(0, evaluate(rest, self._symbols) - KINDS[self._kind] - len(self._code))))
        elif word in RAW:
            self._emit(b"".join(number(text, self._symbols, RAW[word]) for text in _arguments(rest)))
        elif word == ".port" and self._kind == "indirect_io":
            self._emit(programs.port(rest))
        else:
            raise SourceError(f"{word} is no directive here")

    def _finish(self):
        length = KINDS[self._kind] + len(self._code)
        if length > 0xFFFF:
            raise SourceError(f"the table has {length:#x} bytes, at most 0xffff are possible")
        header = (self._size or length.to_bytes(2, "little")) + bytes(self._revision)
        if self._kind == "command":
            header += bytes((self._sizes[".workspace"], self._sizes[".parameters"]))
        kind = "command" if self._kind == "command" else "data"
        return Table(kind, self._index, bytes(header + self._code))


class _Zeros(dict):
    """Symbols of the first pass, in which what is not known yet is a label."""

    def __contains__(self, name):
        return True

    def __missing__(self, name):
        return 0


def table(text, **given):
    """Assembles the source of one table; `given` are values that names have instead of those that `.equ` says."""
    return _Assembler(text, given).run()


def assemble(text, **given):
    """The bytes of the table whose source this is."""
    return table(text, **given).code
