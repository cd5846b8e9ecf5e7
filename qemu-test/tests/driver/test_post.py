# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A card that the system's firmware has not initialised: the driver runs its VBIOS, loads firmware, and then all is as
on any other card. A VBIOS that is wrong gives one clear error, and probe unwinds.
"""

import itertools
import struct

import pytest

from testbed import MODULE, paths, program
from testbed.devices import vbios
from vbios import atomasm

COLD = {"module_files": (MODULE,), "warp": True, "append": "iomem=relaxed", "files": {"vfclient": program("vfclient")}}
# All but the first test, which has to do with everything else.
slow = pytest.mark.slow
SOURCES = paths.QEMU_TEST / "vbios" / "tables"
FIRMWARE = "/lib/firmware/gim/tonga_sriov.bin"
# Where the flash has firmware, and the reserved memory too: SMU, RLC-V, table of contents; and versions there.
SMU, RLCV, CONTENTS = 0x20000, 0x44008, 0x50000
SMU_VERSION, RLCV_VERSION = 0x00111900, 0x80
RESERVED = 8190 << 20

TABLES = {
    "bad-case": "at 0x0006, opcode 0x42 (switch): 0x64 instead of a case",
    "bad-data-table": "at 0x0006, opcode 0x66 (set_data_block): there is no data table 0xe0",
    "bad-parameter": "at 0x0006, opcode 0x03 (move): parameter 0x20 of 16",
    "bad-workspace": "at 0x0006, opcode 0x03 (move): workspace 0x3f of 4",
    "endless-loop": "at 0x0006, opcode 0x43 (jump): no progress in 65536 steps",
    "jump-outside": "at 0x0006, opcode 0x43 (jump): jump to 0x4000, out of the table's 0xa bytes",
    "mutual-recursion": "at 0x0006, opcode 0x52 (call): more than 32 tables call each other",
    "no-end": "at 0x0008: code goes on past the table's 0x8 bytes",
    "opcode-zero": "at 0x0006, opcode 0x00 (unknown): no such opcode",
    "outside-image": "at 0x000d, opcode 0x03 (move): read at 0x1fffe, past the end of the image",
    "recursion": "at 0x0006, opcode 0x52 (call): more than 32 tables call each other",
    "size-outside-image": "table 0x00 is wrong: its command table at 0x500 lies outside the image",
    "size-zero": "table 0x00 is wrong: there is no command table at 0x500",
    "sleeps-forever": "opcode 0x50 (delay_ms): waits for more than 10000 ms in all",
    "truncated": "at 0x000b, opcode 0x02 (move): code goes on past the table's 0xe bytes",
    "undefined-port": "at 0x0009, opcode 0x01 (move): indirect I/O port 0xc4 is not defined",
    "unknown-opcode": "at 0x0007, opcode 0xa5 (unknown): no such opcode",
    "unsupported": "at 0x0006, opcode 0x64 (save_reg): opcode not supported",
    "waits-forever": "opcode 0x4a (test): not done after 2000000 steps",
}
BAD = {f"table-{name}": text for name, text in TABLES.items()} | {
    "asic-init-offset": "table 0x00 is wrong: its command table at 0xffff lies outside the image"}


def writes(card, register):
    """How often the driver has written a register."""
    return card.json("register-counts").get(register, {}).get("writes", 0)


def reserved(gim, offset, name="card0"):
    """A dword of the memory behind what the card reports, through the PF's index registers."""
    line = gim.sh(f"sed -n 6p {gim.path(name)}/resource")
    base, at = int(line.split()[0], 16), RESERVED + offset
    return int(gim.sh(f"devmem {base + 0x18:#x} 32 {at >> 31}; devmem {base:#x} 32 {at & 0x7fffffff | 1 << 31:#x}; "
                      f"devmem {base + 4:#x}"), 16)


@pytest.mark.machine(cards=["posted=off"], **COLD)
def test_sixteen_guests_on_a_cold_card(gim, guests):
    card = gim.machine.card(0)
    assert not card.json("gpu")["posted"]
    card.set("counters-reset", True)
    gim.load("vf_num=16")
    assert card.json("gpu")["posted"] and gim.vfs() == 16
    # It was the VBIOS's tables: memory once, the mark of the exercise, the fan table of a board with an old I2C table.
    assert [writes(card, name) for name in ("CONFIG_MEMSIZE", "BIOS_SCRATCH_4", "BIOS_SCRATCH_2")] == [1, 1, 2]
    said = "\n".join(gim.said())
    assert "running its VBIOS" in said and "initialised by the driver: 8190 MB of memory" in said
    assert "no firmware file gim/tonga_sriov.bin" in said
    # The firmware is where the tables look for it, and BAR0 shows again what it did.
    assert reserved(gim, SMU + 0x14) == SMU_VERSION and reserved(gim, RLCV) == RLCV_VERSION
    assert reserved(gim, CONTENTS + 0xC9D8) == (CONTENTS >> 16) << 24 | 0xC9D8 // 4
    assert card.json("state")["HDP_NONSURFACE_BASE"] == 0xF4000000

    sixteen = guests()
    sixteen.do(*(f"{vf} start" for vf in range(1, 17)), limit=120)
    sixteen.do(*(f"{vf} work 3000" for vf in range(1, 17)), *(f"{vf} wait 5000" for vf in range(1, 17)), limit=120)
    assert all(card.json("work")[f"VF{vf}"]["done-us"] == 3000 for vf in range(1, 17))
    sixteen.do(*(f"{vf} end" for vf in range(1, 17)), limit=120)
    assert card.driver_errors() == 0, card.driver_error_log()

    # It stays initialised: whoever is next finds a card like any other.
    gim.unload()
    gim.load("vf_num=1")
    assert writes(card, "CONFIG_MEMSIZE") == 1


@slow
@pytest.mark.machine(cards=1, **COLD)
def test_a_card_that_is_posted_is_left_alone(gim):
    card = gim.machine.card(0)
    card.set("counters-reset", True)
    gim.load("vf_num=1")
    assert writes(card, "CONFIG_MEMSIZE") == 0
    assert not any("VBIOS" in line and "running" in line for line in gim.said())


@slow
# A machine has room for so many cards.
@pytest.mark.parametrize("batch", list(itertools.batched(BAD, 10, strict=False)), ids=itertools.count(1))
def test_bad_tables(boot, subtests, batch):
    gim = boot(cards=[f"posted=off,vbios={vbios(bad=bad)}" for bad in batch])
    for number, bad in enumerate(batch):
        with subtests.test(bad):
            gim.fails(number, "the card cannot be initialised: ASIC initialisation failed: command table 0x0", BAD[bad])
            address = gim.machine.address(f"card{number}")
            assert len([line for line in gim.said() if "cannot be initialised" in line and address in line]) == 1


@slow
def test_a_card_that_goes_while_it_is_posted(boot, subtests):
    # Within the tables, within the firmware; the image is read with 16387 accesses.
    after = (16_500, 17_500, 30_000, 60_000)
    gim = boot(cards=["posted=off"] * len(after))
    for number, accesses in enumerate(after):
        with subtests.test(f"after {accesses} accesses"):
            gim.mark()
            gim.machine.card(number).set("fault-gone", f"after={accesses}")
            result = gim.machine.run(f"echo {gim.machine.address(f'card{number}')} > /sys/bus/pci/drivers/gim/bind")
            assert result.status and not gim.bound(f"card{number}")
            assert any("the card does not answer" in line for line in gim.said())
    gim.unload()


@slow
def test_the_expansion_rom_stands_in_for_the_flash(boot):
    gim = boot(cards=["", "posted=off"])
    for number in range(2):
        gim.machine.card(number).set("fault-register", "SMC_IND_DATA_6=ffffffff")
        gim.mark()
        gim.bind(f"card{number}")
        assert gim.vfs(f"card{number}") == 2
        assert any("using that of the expansion ROM" in line for line in gim.said())
    assert any("no firmware loaded: the flash cannot be read" in line for line in gim.said())
    assert gim.machine.card(1).json("gpu")["posted"]


def firmware(smu, rlcv):
    """A firmware file with these versions, whose smc_init leaves a mark; its pieces are shorter than the flash's."""
    source = (SOURCES / "smc_init.atom").read_text()
    table = atomasm.assemble(source.replace("        set_ati_port SMC\n", "        move REG[0x5ce], 0x600d\n"
                                            "        set_ati_port SMC\n", 1))
    first = len(table) + 0x30
    pieces = [bytes(0x14) + struct.pack("<I", smu) + b"S" * 0x40, struct.pack("<I", rlcv) + b"R" * 0x3D, b"C" * 0x20]
    body, places = b"", [0, 0]
    for piece in pieces:
        places += [first + len(body), len(piece)]
        body += piece + bytes(-len(piece) % 4)
    return table + struct.pack("<HBB11I", 0x30, 2, 1, *places, 0, 0, 0) + body


@slow
def test_a_firmware_file(boot, subtests):
    newer, older = firmware(0x00111A00, 0x81), firmware(0x00111800, 0x7F)
    cases = {
        "newer": (newer, "firmware: SMU 00111a00 (flash 00111900), RLC-V 81 (flash 80)", 0x00111A00, 0x81, 1),
        # The table of contents comes from the file all the same, and smc_init with it.
        "older": (older, "firmware: SMU 00111900 (flash 00111900), RLC-V 80 (flash 80)", SMU_VERSION, RLCV_VERSION, 1),
        "cut off": (newer[:-0x30], "not usable, doing without it: its", SMU_VERSION, RLCV_VERSION, 0),
        "empty": (b"\0", "not usable, doing without it: it does not begin", SMU_VERSION, RLCV_VERSION, 0),
    }
    gim = boot(cards=["posted=off"] * len(cases), append="iomem=relaxed")
    gim.sh(f"mkdir -p $(dirname {FIRMWARE})")
    for number, (name, (data, text, smu, rlcv, marks)) in enumerate(cases.items()):
        with subtests.test(name):
            gim.machine.write(FIRMWARE, data)
            gim.mark()
            gim.bind(f"card{number}")
            assert any(text in line for line in gim.said()), gim.said()
            card, card_name = gim.machine.card(number), f"card{number}"
            assert reserved(gim, SMU + 0x14, card_name) == smu and reserved(gim, RLCV, card_name) == rlcv
            assert reserved(gim, CONTENTS, card_name) == (0x43434343 if marks else (CONTENTS >> 16) << 24)
            assert writes(card, "BIOS_SCRATCH_5") == marks
            assert gim.vfs(card_name) == 2 and card.driver_errors() == 0
