# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The assembler: what instructions become, and what it says of mistakes."""

import pytest

from vbios import atomasm

INSTRUCTIONS = """
    move REG[0x1234], 0x11223344        | 01 05 34 12 44 33 22 11
    move WS[2], 0x1234.word0            | 03 cd 02 34 12
    move PS[1].byte2, 0x56              | 02 a5 01 56
    move FB[3].word1, WS[4].word2       | 04 5a 03 04
    move PLL[5].byte0, MC[6].byte3      | 05 3f 05 06
    move MC[7], ID[0x0102]              | 06 04 07 02 01
    move WS[quotient], PS[0]            | 03 01 40 00
    move WS[0], PS[1].word1             | 03 d1 00 01
    and REG[1].word2, ~1                | 07 8d 01 00 fe ff
    or WS[1].byte1, 1 << 7 | 1          | 0f 65 01 81
    shift_left FB[1].byte3, 4           | 16 f8 01 04
    shift_right PS[1], 31               | 1a 00 01 1f
    mul PS[0], WS[1]                    | 20 02 00 01
    div MC[0], 3                        | 2a 05 00 03 00 00 00
    add PLL[1].word0, 2                 | 2f 0d 01 02 00
    sub WS[1], WS[2]                    | 33 02 01 02
    set_ati_port 0x105                  | 37 05 01
    set_pci_port 1                      | 38 01
    set_sys_io_port 2                   | 39 02
    set_reg_block 0x1122                | 3a 22 11
    set_fb_base WS[1].word0             | 3b 0a 01
    compare FB[0].byte1, WS[0]          | 3f 62 00 00
    test REG[1], 1                      | 4a 05 01 00 01 00 00 00
    delay_ms 5                          | 50 05
    delay_us 6                          | 51 06
    call smc_init                       | 52 1d
    call 0x7e                           | 52 7e
    repeat                              | 53
    clear WS[1].word1                   | 56 50 01
    nop                                 | 5a
    eot                                 | 5b
    mask REG[2].byte0, 0x0f, 0x10       | 5c 25 02 00 0f 10
    mask WS[1], 0xff, PS[2]             | 5e 01 01 ff 00 00 00 02
    post_card 0x10                      | 62 10
    beep                                | 63
    save_reg                            | 64
    restore_reg                         | 65
    set_data_block self                 | 66 ff
    set_data_block firmware_info        | 66 04
    xor PS[1], PS[2]                    | 68 01 01 02
    shl WS[1].byte0, 4                  | 6f 25 01 04
    shr MC[1], WS[shift]                | 78 02 01 43
    debug 1                             | 79 01
    process_ds 1, 2, 3                  | 7a 03 00 01 02 03
    mul32 PS[1], WS[2]                  | 7b 02 01 02
    mul32 WS[1], WS[2]                  | 7c 02 01 02
    div32 PS[1], 10                     | 7d 05 01 0a 00 00 00
    div32 WS[1], WS[2]                  | 7e 02 01 02
"""


@pytest.mark.parametrize("line", INSTRUCTIONS.strip().splitlines())
def test_an_instruction(line):
    source, _, code = line.partition("| ") if line.count("|") == 1 else line.rpartition("| ")
    assert atomasm.assemble(source)[6:].hex(" ") == code


def test_a_command_table_has_its_header():
    table = atomasm.table(".command smc_init\n.revision 2.1\n.workspace 0x0c\n.parameters 4\nnop\neot")
    assert table == atomasm.Table("command", 0x1D, bytes.fromhex("0800 0201 0c04 5a5b"))


def test_jumps_go_to_labels_in_both_directions():
    code = atomasm.assemble("start: jump_equal end\njump start\nend: jump_above_or_equal end\neot")
    assert code[6:].hex(" ") == "44 0c 00 43 06 00 48 0c 00 5b"


def test_a_switch():
    source = """
        switch PS[0].byte3
        case 0x42, end
        case 1, end
        end_switch
        end: eot
    """
    assert atomasm.assemble(source)[6:].hex(" ") == "42 39 00 63 42 13 00 63 01 13 00 5a 5a 5b"


def test_data_in_a_table_can_be_addressed():
    code = atomasm.assemble("move WS[0], ID[data + 1]\neot\ndata: .word data, 2\n.byte -1\n.dword 0x11223344")
    assert code[6:].hex(" ") == "03 04 00 0d 00 5b 0c 00 02 00 ff 44 33 22 11"


def test_sizes_can_be_wrong_on_purpose():
    assert atomasm.assemble(".size 0x1234\neot")[:2] == b"\x34\x12"
    assert len(atomasm.assemble("eot\n.pad 0x40")) == 0x40


def test_programs_of_indirect_io():
    source = """
        .indirect_io
        .port 5 read
            move_index 16, 0, 0
            move_attributes 16, 1, 16
            write 0x82
            read 0x183
            end
        .port 5 write
            set 1, 31
            clear 2, 3
            move_data 32, 0, 0
            nop
            end
    """
    table = atomasm.table(source)
    assert (table.kind, table.index) == ("data", 0x17)
    assert table.code.hex(" ") == (
        "27 00 01 01 01 05 06 10 00 00 07 10 01 10 03 82 00 02 83 01 09 00 00 "
        "01 85 05 01 1f 04 02 03 08 20 00 00 00 09 00 00"
    )


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("nop\nmoves WS[0], 1", "line 2: moves is no instruction"),
        ("move WS[0]", "line 1: move has 2 operands, not 1"),
        ("move ID[0], 1", "line 1: move cannot have ID as destination"),
        ("move 1, 2", "line 1: move cannot have an immediate as destination"),
        ("mul32 REG[1], 2", "line 1: mul32 cannot have REG as destination"),
        ("move XX[0], 1", "line 1: XX is none of REG, PS, WS, FB, ID, PLL, MC"),
        ("move WS[0].byte4, 1", "line 1: `.byte4` is none of .dword, .word0, .word1"),
        ("move WS[0x100], 1", "line 1: index 0x100 does not fit 8 bits"),
        ("move WS[0].byte0, 0x100", "line 1: immediate 0x100 does not fit 8 bits"),
        ("move WS[0], PS[0].byte1", "line 1: a byte can only go to a byte"),
        ("move WS[0].byte0, PS[0].word1", "line 1: source .word1 does not fit destination .byte0"),
        ("move WS[0].word0, PS[0].dword", "line 1: source .dword does not fit destination .word0"),
        ("jump nowhere", "line 1: nowhere is not defined"),
        ("a: nop\na: nop", "line 2: a is there twice"),
        (".equ A 1\n.equ A 2", "line 2: A is there twice"),
        ("switch PS[0]\nnop", "line 2: nop between the cases of a switch"),
        ("switch PS[0]", "end_switch is missing"),
        ("case 1, 2", "line 1: case without switch"),
        ("nop\n.command asic_init", "line 2: .command must come first"),
        (".data firmware_info\nnop", "line 2: nop in a data table"),
        (".indirect_io\n.port 0x80 read", "line 2: port 0x80 does not fit 7 bits"),
        ("delay_ms __import__('os')", "line 1: `__import__('os')` is not an expression"),
        (".pad 0x10000", "the table has 0x10000 bytes, at most 0xffff are possible"),
    ],
)
def test_a_mistake_is_named_with_its_line(source, text):
    with pytest.raises(atomasm.SourceError) as e:
        atomasm.assemble(source)
    assert str(e.value).startswith(text)
