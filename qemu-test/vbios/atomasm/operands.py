# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Operands: reading them from text, and what they are in the code."""

import ast
import dataclasses
import operator
import re
from collections import ChainMap

from . import names
from .errors import SourceError

# Number of a place in the attribute byte, and the length of its index in the code.
PLACES = {"REG": (0, 2), "PS": (1, 1), "WS": (2, 1), "FB": (3, 1), "ID": (4, 2), "PLL": (6, 1), "MC": (7, 1)}
IMMEDIATE = 5
# Places that an operation can write, in the order of its opcodes.
DESTINATIONS = ("REG", "PS", "WS", "FB", "PLL", "MC")
# Lanes with their number as a source's alignment.
LANES = {"dword": 0, "word0": 1, "word1": 2, "word2": 3, "byte0": 4, "byte1": 5, "byte2": 6, "byte3": 7}

_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
    ast.BitXor: operator.xor,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.USub: operator.neg,
    ast.Invert: operator.invert,
}


def evaluate(text, symbols):
    """The number that an expression gives."""

    def value(node):
        match node:
            case ast.Constant(value=int(number)) if not isinstance(number, bool):
                return number
            case ast.Name(id=name):
                if name in symbols:
                    return symbols[name]
                raise SourceError(f"{name} is not defined")
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                return _OPERATORS[type(op)](value(left), value(right))
            case ast.UnaryOp(op=op, operand=operand) if type(op) in _OPERATORS:
                return _OPERATORS[type(op)](value(operand))
        raise SourceError(f"`{text}` is not an expression")

    try:
        return value(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError) as e:
        raise SourceError(f"`{text}` is not an expression") from e


def number(text, symbols, size, what="value"):
    """The bytes of an expression's value, which must fit; negative numbers are two's complements."""
    value = evaluate(text, symbols)
    if not -(1 << 8 * size - 1) <= value < 1 << 8 * size:
        raise SourceError(f"{what} {value:#x} does not fit {8 * size} bits")
    return (value % (1 << 8 * size)).to_bytes(size, "little")


def width(lane):
    """Bytes of a lane."""
    return {"d": 4, "w": 2, "b": 1}[lane[0]]


@dataclasses.dataclass(frozen=True)
class Operand:
    """A place with an index, or an immediate (place None); the lane is None if the source names none."""

    place: str | None
    text: str
    lane: str | None

    @classmethod
    def parse(cls, text):
        """Reads `PLACE[index]`, or an expression, and `.lane` after it."""
        text = text.strip()
        body, dot, lane = text.rpartition(".")
        if not dot:
            body, lane = text, None
        elif lane not in LANES:
            raise SourceError(f"`.{lane}` is none of .{', .'.join(LANES)}")
        body = body.strip()
        found = re.fullmatch(r"([A-Za-z]+)\s*\[(.*)\]", body)
        if not found:
            return cls(None, body, lane)
        if found[1] not in PLACES:
            raise SourceError(f"{found[1]} is none of {', '.join(PLACES)}")
        return cls(found[1], found[2], lane)

    def with_lane(self, lane):
        """The operand with that lane if it has none."""
        return self if self.lane else dataclasses.replace(self, lane=lane)

    @property
    def source_attributes(self):
        """Bits 5:0 of the attribute byte, if this is the source."""
        return (PLACES[self.place][0] if self.place else IMMEDIATE) | LANES[self.lane] << 3

    def encode(self, symbols):
        """The operand in the code."""
        if self.place is None:
            return number(self.text, symbols, width(self.lane), "immediate")
        if self.place == "WS":
            symbols = ChainMap(names.WORKSPACE, symbols)
        return number(self.text, symbols, PLACES[self.place][1], "index")


def destination_bits(lane, source_lane):
    """Bits 7:6 of the attribute byte: which lane of the destination a source as wide as `source_lane` goes to."""
    if lane == "dword":
        if width(source_lane) == 1:
            raise SourceError("a byte can only go to a byte: name the destination's, .byte0 to .byte3")
        # To the whole dword: of a word it is the fourth possibility, of a dword the only one.
        return 3 if width(source_lane) == 2 else 0
    if width(lane) != width(source_lane):
        raise SourceError(f"source .{source_lane} does not fit destination .{lane}")
    return int(lane[-1])


def pair(destination, source):
    """A destination and a source with the lanes that follow from what the text names, and the attribute byte."""
    if destination.lane is None:
        # A word fills the whole destination.
        destination = destination.with_lane("dword")
    source = source.with_lane({4: "dword", 2: "word0", 1: "byte0"}[width(destination.lane)])
    bits = destination_bits(destination.lane, source.lane)
    return destination, source, source.source_attributes | bits << 6


def alone(operand):
    """An operand that is changed in place, and the attribute byte: the lane is where a source's would be."""
    operand = operand.with_lane("dword")
    lane = operand.lane
    bits = 0 if lane == "dword" else int(lane[-1])
    return operand, LANES[lane] << 3 | bits << 6
