# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Random command tables that both interpreters must understand alike.

Every opcode, place, alignment and lane comes up. Tables always end: jumps go forward, but for loops with a counter of
their own, and tables call only those of the next level. Left out is what amdgpu's interpreter does not do, or only by
accident:

* opcode 0 and those from 7f: amdgpu ends the table as if it were done; ours fails
* REPEAT, SAVE_REG, RESTORE_REG: not implemented in amdgpu, which does not know their operands; ours fails
* registers after SET_PCI_PORT and SET_SYS_IO_PORT, and of ports that are not defined: not implemented in amdgpu, which
  reads 0; ours asks the bus or fails
* parameters and workspace out of range: amdgpu goes on with cdcdcdcd; ours fails
* something else than a case in a SWITCH, jumps out of the table, and code without end: amdgpu runs what is there
* more than 32 tables inside each other, and endless loops: limits differ (amdgpu has 20 s)
* the dword right behind the scratch memory, which amdgpu takes for a part of it, and windows near 4 GB, where its sum
  overflows: it reads memory that is not its own
* bit fields of indirect I/O that are empty or not within 32 bits: undefined in C

Shifts by 32 and more are undefined in C, too, but come up: processors take the count modulo 32, and so does ours.
"""

import random
import struct

import atom_rom as rom

REG, PS, WS, FB, ID, IMM, PLL, MC = range(8)
DESTINATIONS = (REG, PS, WS, FB, PLL, MC)
# First opcode of the operations that have one for each destination.
WITH_SOURCE = (0x01, 0x07, 0x0D, 0x1F, 0x25, 0x2B, 0x31, 0x3C, 0x4A, 0x67, 0x6D, 0x73)
WITH_COUNT = (0x13, 0x19)
MASK, CLEAR, COMPARE, SUB, MOVE = 0x5C, 0x54, 0x3C, 0x31, 0x01
MUL32, DIV32 = (0x7B, 0x7C), (0x7D, 0x7E)
SET_ATI_PORT, SET_PCI_PORT, SET_SYS_IO_PORT, SET_REG_BLOCK, SET_FB_BASE = range(0x37, 0x3C)
SWITCH, JUMP, JUMP_NOT_EQUAL, DELAY_MS, DELAY_US, CALL = 0x42, 0x43, 0x49, 0x50, 0x51, 0x52
NOP, END, POST_CARD, BEEP, SET_DATA_BLOCK, DEBUG, PROCESS_DS = 0x5A, 0x5B, 0x62, 0x63, 0x66, 0x79, 0x7A
QUOTIENT, FB_WINDOW = 0x40, 0x46
PARAMETERS = 16
LEVELS = 5
PORTS = (1, 2, 5, 0x7F)
# Offsets of ID are at most this much, so that with any data block they stay in the largest image.
LARGEST_ID = rom.LARGEST - 0xFFFF - 4


class Table:
    """One command table in the making."""

    def __init__(self, rng, level, callees):
        self.rng = rng
        self.callees = callees
        # All tables of a level take as many parameters, so that a table knows how many its callers leave.
        self.parameters = 2 * 4
        self.have = PARAMETERS - 2 * level
        self.workspace = rng.choice((0, 4, 8, 12, 0x40, 0x60, 0xFF))
        self.code = bytearray(6)
        # The last dwords of the workspace count loops, and nothing else may write them.
        self.counters = 2

    def table(self):
        """The finished table."""
        self.block(self.rng.randint(4, 40), 0)
        self.emit(END)
        struct.pack_into("<HBBBB", self.code, 0, len(self.code), 1, 1, self.workspace, self.parameters)
        return bytes(self.code)

    def emit(self, *values):
        self.code += bytes(values)

    def emit16(self, value):
        self.code += struct.pack("<H", value)

    def block(self, length, depth):
        for _ in range(length):
            kind = self.rng.random()
            if kind < 0.84 or depth == 3:
                self.operation()
            elif kind < 0.90:
                self.conditional(depth)
            elif kind < 0.93:
                self.switch(depth)
            elif kind < 0.97:
                self.loop(depth)
            elif self.callees:
                self.emit(CALL, self.rng.choice(self.callees))
                # Each call of a level multiplies the time that a table takes.
                self.callees = self.callees if self.rng.random() < 0.3 else ()

    def forward(self, opcode):
        """A jump whose target comes later: gives where it has to be written."""
        self.emit(opcode)
        self.emit16(0)
        return len(self.code) - 2

    def land(self, *jumps):
        for jump in jumps:
            struct.pack_into("<H", self.code, jump, len(self.code))

    def conditional(self, depth):
        skip = self.forward(self.rng.randint(JUMP, JUMP_NOT_EQUAL))
        self.block(self.rng.randint(1, 4), depth + 1)
        if self.rng.random() < 0.1:
            self.emit(END)
        self.land(skip)

    def switch(self, depth):
        attributes = self.attributes()
        self.emit(SWITCH, attributes)
        self.source(attributes)
        # One case that the value can well be, and random ones.
        cases = []
        for value in self.rng.sample((0, 0xFFFFFFFF, self.rng.getrandbits(32), 1, 0x7F), self.rng.randint(0, 4)):
            self.emit(0x63)
            self.immediate(attributes, value)
            cases.append(len(self.code))
            self.emit16(0)
        self.emit16(0x5A5A)
        ends = []
        for case in [None, *cases]:
            if case:
                self.land(case)
            self.block(self.rng.randint(0, 3), depth + 1)
            ends.append(self.forward(JUMP))
        self.land(*ends)

    def loop(self, depth):
        counter = self.workspace - 1 - min(depth, self.counters - 1)
        if depth >= self.counters or counter < 0 or 0x40 <= counter <= 0x48:
            return
        callees, self.callees = self.callees, ()
        self.emit(MOVE + 2, IMM, counter)
        self.code += struct.pack("<I", self.rng.randint(1, 5))
        start = len(self.code)
        self.block(self.rng.randint(1, 5), depth + 1)
        self.emit(SUB + 2, IMM | 4 << 3, counter, 1)
        self.emit(COMPARE + 2, IMM | 4 << 3, counter, 0)
        self.emit(JUMP_NOT_EQUAL)
        self.emit16(start)
        self.callees = callees

    def attributes(self):
        return self.rng.getrandbits(8)

    def register(self):
        # A few registers come up again and again, so that values come back.
        self.emit16(self.rng.choice((0, 1, 2, 3, 0x5D0, 0x5D0, 0x1503, 0xFFFF, self.rng.getrandbits(16))))

    def workspace_index(self, write):
        others = self.workspace - self.counters if write else self.workspace
        own = others <= 0 or self.rng.random() < 0.3
        index = self.rng.randint(0x40, 0x48) if own else self.rng.randrange(others)
        # The window may not be everywhere: it has its own instructions.
        return QUOTIENT if write and index == FB_WINDOW else index

    def operand(self, place, write=False):
        if place == REG:
            self.register()
        elif place == ID:
            self.emit16(self.rng.choice((self.rng.randrange(64), self.rng.randrange(LARGEST_ID))))
        elif place == PS:
            self.emit(self.rng.randrange(self.have))
        elif place == WS:
            self.emit(self.workspace_index(write))
        else:
            self.emit(self.rng.getrandbits(8) if self.rng.random() < 0.3 else self.rng.randrange(4))

    def immediate(self, attributes, value=None):
        align = attributes >> 3 & 7
        size = 4 if align == 0 else 2 if align < 4 else 1
        if value is None:
            value = self.rng.choice((0, 1, 0xFFFFFFFF, 0x80000000, self.rng.getrandbits(32), self.rng.getrandbits(8)))
        self.code += value.to_bytes(4, "little")[:size]

    def source(self, attributes):
        if attributes & 7 == IMM:
            self.immediate(attributes)
        else:
            self.operand(attributes & 7)

    def operation(self):
        rng = self.rng
        attributes = self.attributes()
        destination = rng.randrange(6)
        kind = rng.random()
        if kind < 0.64:
            self.emit(rng.choice(WITH_SOURCE) + destination, attributes)
            self.operand(DESTINATIONS[destination], write=True)
            self.source(attributes)
        elif kind < 0.70:
            self.emit(rng.choice(WITH_COUNT) + destination, attributes)
            self.operand(DESTINATIONS[destination], write=True)
            self.emit(rng.randrange(40))
        elif kind < 0.74:
            self.emit(CLEAR + destination, attributes)
            self.operand(DESTINATIONS[destination], write=True)
        elif kind < 0.78:
            self.emit(MASK + destination, attributes)
            self.operand(DESTINATIONS[destination], write=True)
            self.immediate(attributes)
            self.source(attributes)
        elif kind < 0.86:
            place = rng.randrange(2)
            self.emit(rng.choice((MUL32, DIV32))[place], attributes)
            self.operand((PS, WS)[place])
            self.source(attributes)
        else:
            rng.choice((self.port, self.other_port, self.blocks, self.window, self.delay, self.bytes))()

    def port(self):
        self.emit(SET_ATI_PORT)
        # Seven bits count, whatever else is set.
        self.emit16(self.rng.choice((0, 0, *PORTS, 0x80 | PORTS[0], 0x100 | PORTS[1])))

    def other_port(self):
        self.emit(self.rng.choice((SET_PCI_PORT, SET_SYS_IO_PORT)), self.rng.getrandbits(8))
        self.port()

    def blocks(self):
        if self.rng.random() < 0.5:
            self.emit(SET_REG_BLOCK)
            self.emit16(self.rng.choice((0, 0, 0x10, self.rng.getrandbits(16))))
        else:
            self.emit(SET_DATA_BLOCK, self.rng.choice((0, 0xFF, rom.FIRMWARE_INFO, self.rng.randrange(rom.DATA))))

    def window(self):
        kind = self.rng.random()
        # Beyond the scratch memory there is nothing, but right behind it there is what must not be tried.
        base = self.rng.choice((0, 4, 7, 64, 1024, 20480 - 4 * 256, 20480 + 8, 1 << 20))
        if kind < 0.5:
            self.emit(SET_FB_BASE, IMM)
            self.code += struct.pack("<I", base)
        elif kind < 0.8:
            self.emit(MOVE + 2, IMM, FB_WINDOW)
            self.code += struct.pack("<I", base)
        else:
            # A byte of anything.
            attributes = self.attributes() | 4 << 3
            self.emit(SET_FB_BASE, attributes)
            self.source(attributes)

    def delay(self):
        self.emit(self.rng.choice((DELAY_MS, DELAY_US)), self.rng.getrandbits(8))

    def bytes(self):
        kind = self.rng.randrange(4)
        if kind == 0:
            self.emit(self.rng.choice((NOP, BEEP)))
        elif kind == 1:
            self.emit(self.rng.choice((POST_CARD, DEBUG)), self.rng.getrandbits(8))
        else:
            length = self.rng.randrange(9)
            self.emit(PROCESS_DS)
            self.emit16(length)
            self.code += self.rng.randbytes(length)


def program(rng, port):
    """A program of indirect I/O."""
    code = bytearray((1, port))
    for _ in range(rng.randint(1, 8)):
        kind = rng.randrange(10)
        field = rng.choice((8, 16, 32, rng.randint(1, 32)))
        if kind == 0:
            code += b"\0"
        elif kind < 3:
            code += struct.pack("<BH", 2, rng.choice((0, 0xE, 0xF, rng.getrandbits(16))))
        elif kind < 6:
            code += struct.pack("<BH", 3, rng.choice((0, 0xE, 0xF, rng.getrandbits(16))))
        elif kind < 8:
            code += bytes((rng.choice((4, 5)), field, rng.randrange(32)))
        else:
            code += bytes((rng.choice((6, 7, 8)), field, rng.randrange(32), rng.randrange(32)))
    return bytes(code) + b"\x09" + rng.randbytes(2)


def image(rng):
    """An image full of tables. The next level's are those with the next number, modulo the levels."""
    commands = {}
    numbers = rng.sample(range(rom.COMMANDS), rom.COMMANDS - 3)
    for number in numbers:
        level = number % LEVELS
        # A table that is missing may be called, too.
        callees = () if level == LEVELS - 1 else range(level + 1, rom.COMMANDS, LEVELS)
        commands[number] = Table(rng, level, callees).table()
    ports = [*PORTS, *(port | 0x80 for port in PORTS)]
    rng.shuffle(ports)
    # A program that is not well-formed ends the list: what came before counts.
    programs = b"".join(program(rng, port) for port in ports) + b"\x01\x33\x0a"
    data = {number: rom.data_table(rng.randbytes(rng.randint(0, 64))) for number in rng.sample(range(rom.DATA), 12)}
    data[rom.INDIRECT_IO] = rom.data_table(programs)
    data[rom.FIRMWARE_INFO] = rom.firmware_info()
    return rom.image(commands, data, rom.LARGEST, rng.randbytes(997))


def images(seed, tables):
    """Images with at least as many tables, each with the seed of its registers."""
    rng = random.Random(seed)
    per_image = rom.COMMANDS - 3
    return [(rng.getrandbits(32), image(rng)) for _ in range(-(-tables // per_image))]
