# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The test ROM posts a cold card; ROMs that are wrong give one clear error."""

import atom_rom
import pytest
from atom_programs import TABLES

from vbios import atomasm

CONFIG_MEMSIZE, BIOS_SCRATCH_2, BIOS_SCRATCH_7 = 0x150A, 0x5CB, 0x5D0
SMC_INDEX, SMC_DATA = 0x82, 0x83
ASIC_INIT = "ASIC initialisation failed: command table 0x00 (asic_init) at "

# What is said of each table in tables/bad: offset, opcode, reason.
BAD = {
    "bad_case": "0x0006, opcode 0x42 (switch): 0x64 instead of a case",
    "bad_data_table": "0x0006, opcode 0x66 (set_data_block): there is no data table 0xe0",
    "bad_parameter": "0x0006, opcode 0x03 (move): parameter 0x20 of 16",
    "bad_workspace": "0x0006, opcode 0x03 (move): workspace 0x3f of 4",
    "endless_loop": "0x0006, opcode 0x43 (jump): no progress in 65536 steps",
    "jump_outside": "0x0006, opcode 0x43 (jump): jump to 0x4000, out of the table's 0xa bytes",
    "mutual_recursion": "0x0006, opcode 0x52 (call): more than 32 tables call each other",
    "no_end": "0x0008: code goes on past the table's 0x8 bytes",
    "opcode_zero": "0x0006, opcode 0x00 (unknown): no such opcode",
    "outside_image": "0x000d, opcode 0x03 (move): read at 0x1fffe, past the end of the image",
    "recursion": "0x0006, opcode 0x52 (call): more than 32 tables call each other",
    "size_outside_image": "0x0000: table 0x00 is wrong: its command table at {offset:#x} lies outside the image",
    "size_zero": "0x0000: table 0x00 is wrong: there is no command table at {offset:#x}",
    "sleeps_forever": "0x000e, opcode 0x50 (delay_ms): waits for more than 20000 ms in all",
    "truncated": "0x000b, opcode 0x02 (move): code goes on past the table's 0xe bytes",
    "undefined_port": "0x0009, opcode 0x01 (move): indirect I/O port 0xc4 is not defined",
    "unknown_opcode": "0x0007, opcode 0xa5 (unknown): no such opcode",
    "unsupported": "0x0006, opcode 0x64 (save_reg): opcode not supported",
    "waits_forever": "0x0006, opcode 0x4a (test): not done after 1000000 steps",
}


def write(register, value):
    return f"R {register:x} {value:x}"


def test_the_test_rom_posts_a_card(post):
    trace = post()
    assert trace[-1] == "posted: 8190 MB"
    # Memory, then "complete", then the table for boards with an old I2C table.
    order = [write(CONFIG_MEMSIZE, 8190), write(BIOS_SCRATCH_7, 0x200), write(BIOS_SCRATCH_2, 0xFA0)]
    assert sorted(order, key=trace.index) == order
    # The microcode comes with the second run: out of reset.
    assert trace.index(write(SMC_INDEX, 0x80000000)) > trace.index(write(BIOS_SCRATCH_2, 0xFA0))
    assert write(SMC_DATA, 0xE0008040) in trace


def test_a_fault_that_the_exercise_finds_is_reported(post):
    source = (TABLES / "exercise.atom").read_text()
    wrong = source.replace("compare WS[0], 0x00012077", "compare WS[0], 0x00012078")
    assert wrong != source
    trace = post({0x4F: atomasm.assemble(wrong)})
    assert trace[-1].startswith("asic_init ran but is not complete: BIOS_SCRATCH_7 is 0x00000000")
    assert write(0x5CA, 4) in trace


def test_smc_init_has_room_for_the_one_that_replaces_it(tables):
    assert len(tables[0][0x1D]) >= 0x6C0


@pytest.mark.parametrize("name", sorted(path.stem for path in (TABLES / "bad").glob("*.atom")))
def test_a_bad_table_gives_one_clear_error(post, name):
    replaced = {0: atomasm.assemble((TABLES / "bad" / f"{name}.atom").read_text())}
    if name == "mutual_recursion":
        replaced[2] = atomasm.assemble("call asic_init\neot")
    prefix = ASIC_INIT.replace("0x00 (asic_init)", "0x02") if name == "mutual_recursion" else ASIC_INIT
    offset = atom_rom.FIRST_COMMAND
    assert post(replaced)[-1] == prefix + BAD[name].format(offset=offset)


def test_a_bad_offset_of_a_table_is_named(post):
    def change(image):
        image = bytearray(image)
        at = atom_rom.TABLES + 4
        image[at : at + 2] = b"\xff\xff"
        return atom_rom.signed(image)

    wrong = "0x0000: table 0x00 is wrong: its command table at 0xffff lies outside the image"
    assert post(change=change)[-1] == ASIC_INIT + wrong


def test_an_image_that_is_cut_off_is_refused(post):
    assert post(change=lambda image: image[:-512])[-1].startswith("VBIOS not usable: its header says")
