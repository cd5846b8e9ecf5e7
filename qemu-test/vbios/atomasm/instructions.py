# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Instructions: opcodes and the order of their operands in the code (section 5.1 of the hardware reference)."""

from collections import ChainMap

from . import names
from .errors import SourceError
from .operands import DESTINATIONS, Operand, alone, number, pair, width

# Operations of a destination and a source, by their first opcode.
BINARY = {
    "move": 0x01,
    "and": 0x07,
    "or": 0x0D,
    "mul": 0x1F,
    "div": 0x25,
    "add": 0x2B,
    "sub": 0x31,
    "compare": 0x3C,
    "test": 0x4A,
    "xor": 0x67,
    "shl": 0x6D,
    "shr": 0x73,
}
# The same, but only for parameters and the workspace.
BINARY32 = {"mul32": 0x7B, "div32": 0x7D}
SHIFT = {"shift_left": 0x13, "shift_right": 0x19}
CLEAR, MASK, SWITCH, CALL, SET_FB_BASE, SET_DATA_BLOCK, PROCESS_DS = 0x54, 0x5C, 0x42, 0x52, 0x3B, 0x66, 0x7A
JUMPS = {
    "jump": 0x43,
    "jump_equal": 0x44,
    "jump_below": 0x45,
    "jump_above": 0x46,
    "jump_below_or_equal": 0x47,
    "jump_above_or_equal": 0x48,
    "jump_not_equal": 0x49,
}
# Opcodes with a number of so many bytes.
NUMBERS = {
    "set_ati_port": (0x37, 2),
    "set_pci_port": (0x38, 1),
    "set_sys_io_port": (0x39, 1),
    "set_reg_block": (0x3A, 2),
    "delay_ms": (0x50, 1),
    "delay_us": (0x51, 1),
    "post_card": (0x62, 1),
    "debug": (0x79, 1),
}
PLAIN = {"repeat": 0x53, "nop": 0x5A, "eot": 0x5B, "beep": 0x63, "save_reg": 0x64, "restore_reg": 0x65}
CASE, CASE_END = 0x63, b"\x5a\x5a"


def _destination(operand, first, mnemonic, places=DESTINATIONS):
    if operand.place not in places:
        raise SourceError(f"{mnemonic} cannot have {operand.place or 'an immediate'} as destination")
    return first + places.index(operand.place)


class Encoder:
    """Encodes one instruction after the other; knows the switch that is open."""

    MNEMONICS = {
        *BINARY, *BINARY32, *SHIFT, *JUMPS, *NUMBERS, *PLAIN,
        "clear", "mask", "switch", "case", "end_switch", "call", "set_fb_base", "set_data_block", "process_ds",
    }  # fmt: skip

    def __init__(self, symbols):
        self._symbols = symbols
        # The lane of the switch that is open.
        self._switch = None

    def encode(self, mnemonic, arguments):
        """The bytes of an instruction."""
        if self._switch and mnemonic not in ("case", "end_switch"):
            raise SourceError(f"{mnemonic} between the cases of a switch: end_switch is missing")
        expected = self._arity(mnemonic)
        if expected is not None and len(arguments) != expected:
            raise SourceError(f"{mnemonic} has {expected} operands, not {len(arguments)}")
        return self._encode(mnemonic, arguments)

    def finish(self):
        """To be called at the end."""
        if self._switch:
            raise SourceError("end_switch is missing")

    def _label(self, text):
        return number(text, self._symbols, 2, "target")

    def _arity(self, mnemonic):
        if mnemonic in BINARY or mnemonic in BINARY32 or mnemonic in SHIFT or mnemonic == "case":
            return 2
        if mnemonic in PLAIN or mnemonic == "end_switch":
            return 0
        return {"mask": 3, "process_ds": None}.get(mnemonic, 1)

    def _encode(self, mnemonic, arguments):
        symbols = self._symbols
        if mnemonic in BINARY or mnemonic in BINARY32:
            destination, source, attributes = pair(*map(Operand.parse, arguments))
            if mnemonic in BINARY:
                opcode = _destination(destination, BINARY[mnemonic], mnemonic)
            else:
                opcode = _destination(destination, BINARY32[mnemonic], mnemonic, ("PS", "WS"))
            return bytes((opcode, attributes)) + destination.encode(symbols) + source.encode(symbols)
        if mnemonic in SHIFT:
            operand, attributes = alone(Operand.parse(arguments[0]))
            opcode = _destination(operand, SHIFT[mnemonic], mnemonic)
            return bytes((opcode, attributes)) + operand.encode(symbols) + number(arguments[1], symbols, 1, "count")
        if mnemonic in JUMPS:
            return bytes((JUMPS[mnemonic],)) + self._label(arguments[0])
        if mnemonic in NUMBERS:
            opcode, size = NUMBERS[mnemonic]
            return bytes((opcode,)) + number(arguments[0], symbols, size)
        if mnemonic in PLAIN:
            return bytes((PLAIN[mnemonic],))
        name = "begin_switch" if mnemonic == "switch" else mnemonic
        return getattr(self, "_" + name)(*arguments)

    def _clear(self, text):
        operand, attributes = alone(Operand.parse(text))
        return bytes((_destination(operand, CLEAR, "clear"), attributes)) + operand.encode(self._symbols)

    def _mask(self, destination, mask, source):
        destination, source, attributes = pair(Operand.parse(destination), Operand.parse(source))
        opcode = _destination(destination, MASK, "mask")
        mask = number(mask, self._symbols, width(source.lane), "mask")
        code = bytes((opcode, attributes)) + destination.encode(self._symbols) + mask
        return code + source.encode(self._symbols)

    def _switch_source(self, text):
        source = Operand.parse(text).with_lane("dword")
        return source, bytes((source.source_attributes,)) + source.encode(self._symbols)

    def _set_fb_base(self, text):
        return bytes((SET_FB_BASE,)) + self._switch_source(text)[1]

    def _case(self, value, label):
        if not self._switch:
            raise SourceError("case without switch")
        return bytes((CASE,)) + number(value, self._symbols, width(self._switch), "case") + self._label(label)

    def _end_switch(self):
        if not self._switch:
            raise SourceError("end_switch without switch")
        self._switch = None
        return CASE_END

    def _call(self, name):
        return bytes((CALL,)) + number(name, ChainMap(names.COMMANDS, self._symbols), 1, "table")

    def _set_data_block(self, name):
        return bytes((SET_DATA_BLOCK,)) + number(name, ChainMap({"self": 0xFF}, names.DATA, self._symbols), 1, "table")

    def _process_ds(self, *values):
        data = b"".join(number(value, self._symbols, 1) for value in values)
        return bytes((PROCESS_DS,)) + len(data).to_bytes(2, "little") + data

    def _begin_switch(self, text):
        source, code = self._switch_source(text)
        self._switch = source.lane
        return bytes((SWITCH,)) + code


class ProgramEncoder:
    """Encodes the programs of indirect I/O."""

    MNEMONICS = {
        "nop": (0, ()),
        "read": (2, (2,)),
        "write": (3, (2,)),
        "clear": (4, (1, 1)),
        "set": (5, (1, 1)),
        "move_index": (6, (1, 1, 1)),
        "move_attributes": (7, (1, 1, 1)),
        "move_data": (8, (1, 1, 1)),
        # The two bytes after it are for the VBIOS itself.
        "end": (9, ()),
    }

    def __init__(self, symbols):
        self._symbols = symbols

    def port(self, text):
        """The start of a program: `NUMBER read` or `NUMBER write`."""
        value, _, direction = text.rpartition(" ")
        if direction not in ("read", "write"):
            raise SourceError(".port wants a number and read or write")
        port = number(value, self._symbols, 1, "port")[0]
        if port > 0x7F:
            raise SourceError(f"port {port:#x} does not fit 7 bits")
        return bytes((1, port | (0x80 if direction == "write" else 0)))

    def encode(self, mnemonic, arguments):
        """The bytes of an operation."""
        opcode, sizes = self.MNEMONICS[mnemonic]
        if len(arguments) != len(sizes):
            raise SourceError(f"{mnemonic} has {len(sizes)} operands, not {len(arguments)}")
        values = [number(text, self._symbols, size) for text, size in zip(arguments, sizes, strict=True)]
        return bytes((opcode,)) + b"".join(values) + (b"\0\0" if mnemonic == "end" else b"")
