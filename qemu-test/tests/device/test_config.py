# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Configuration space of PF and VFs: sections 1.1 to 1.4 and 2.1 of the hardware reference."""

import pytest
from bare_card import wanted

pytestmark = wanted()

# id, offset
CAPABILITIES = [(0x09, 0x48), (0x01, 0x50), (0x10, 0x58), (0x05, 0xA0)]
EXTENDED = [(0x0B, 0x100), (0x02, 0x110), (0x03, 0x140), (0x01, 0x150), (0x15, 0x200), (0x04, 0x240), (0x16, 0x250),
            (0x19, 0x270), (0x0D, 0x2A0), (0x17, 0x2E0), (0x12, 0x2F0), (0x18, 0x320), (0x0E, 0x328), (0x10, 0x330),
            (0x0B, 0x400)]


def chain(pf):
    """All capabilities, by following their pointers."""
    found, at = [], pf.get("c1@34")
    while at:
        identity, following = pf.do(f"c1@{at:x}", f"c1@{at + 1:x}")
        found.append((identity, at))
        at = following
    return sorted(found)


def extended_chain(pf):
    found, at = [], 0x100
    while at:
        header = pf.get(f"c4@{at:x}")
        found.append((header & 0xFFFF, at))
        at = header >> 20
    return sorted(found, key=lambda c: c[1])


def test_identity(pf):
    assert pf.do("c4@0", "c4@8", "c4@2c", "c1@e") == [0x69291002, 0x03000000, 0x030C1002, 0]


def test_capabilities_are_where_the_real_part_has_them(pf):
    assert chain(pf) == sorted(CAPABILITIES)
    assert extended_chain(pf) == EXTENDED


def test_port_type_and_power_states(pf):
    express, pmc = pf.do("c2@5a", "c2@52")
    assert (express >> 4) & 0xF == 1, "legacy endpoint"
    assert pmc == 0xF603, "version 3, D1, D2, PME from D1, D2, D3hot, D3cold"


def test_one_msi_of_64_bits_without_mask(pf):
    assert pf.get("c2@a2") & 0x1FE == 0x80


@pytest.mark.parametrize(("offset", "size", "kind"), [(0x10, 256 << 20, 0xC), (0x18, 2 << 20, 0xC), (0x20, 256, 1),
                                                      (0x24, 256 << 10, 0), (0x30, 128 << 10, 0)])
def test_sizes_of_bars(pf, offset, size, kind):
    old, command = pf.do(f"c4@{offset:x}", "c2@4")
    # Not decoded while it is being sized; bit 0 enables a ROM.
    mask = pf.do("c2@4=0", f"c4@{offset:x}=fffffffe", f"c4@{offset:x}", f"c4@{offset:x}={old:x}",
                 f"c2@4={command:x}")[0]
    assert mask & 0xF == kind
    assert -(mask & ~0xF) & 0xFFFFFFFF == size


def test_sriov(pf):
    # The kernel sets the ARI bit, the reset before this test clears it.
    assert pf.do("c2@338=10", "c4@334", "c2@338", "c4@33c", "c2@340", "c1@342", "c2@344", "c2@346", "c2@34a",
                 "c4@34c", "c4@350") == [
        2, 0x10, 0x100010, 0, 0, 0x10, 1, 0x692F, 0x553, 1]


@pytest.mark.parametrize(("offset", "size", "kind"), [(0x354, 256 << 20, 0xC), (0x35C, 4 << 20, 0xC), (0x364, 0, 0),
                                                      (0x368, 4 << 20, 0)])
def test_sizes_of_vf_bars(pf, offset, size, kind):
    old = pf.get(f"c4@{offset:x}")
    mask = pf.do(f"c4@{offset:x}=ffffffff", f"c4@{offset:x}", f"c4@{offset:x}={old:x}")[0]
    assert mask & 0xF == kind
    assert -(mask & ~0xF) & 0xFFFFFFFF == size


def test_gpu_iov_is_found_by_its_id(pf):
    header, other = pf.do("c4@404", "c4@104")
    assert header & 0xFFFF == 2
    assert header >> 20 >= 0x6C, "its length"
    assert other & 0xFFFF != 2


def test_subsystem_ids_have_a_writable_alias(pf):
    assert pf.do("c4@2c=12345678", "c4@2c", "c4@4c=1d351028", "c4@2c", "c4@4c=30c1002", "c4@2c") == [
        0x030C1002, 0x1D351028, 0x030C1002]


def test_sixteen_vfs_follow_the_pf(pf):
    pf.enable(16)
    bus = pf.address.split(":")[1]
    assert pf.machine.sh("lspci -n -d 1002:692f | cut -d' ' -f1").split() == [
        f"{bus}:{n >> 3:02x}.{n & 7}" for n in range(16, 32)]
    assert pf.do("c2@338", "c2@340", "c4@408") == [0x19, 16, 0x100001]
    one = pf.vf(1)
    # Ids, class, subsystem, no I/O, a VF's AER masks read as zero whatever is written.
    assert one.do("c4@8", "c4@2c", "c2@4=3", "c2@4", "c4@158=ffffffff", "c4@158", "c4@164=ffffffff", "c4@164") == [
        0x03000000, 0x030C1002, 0, 0, 0]
    assert one.get("c4@5c") >> 28 & 1, "function level reset"
    pf.disable()


@pytest.mark.allow_driver_errors
def test_num_vfs_is_fixed_while_vfs_are_enabled(pf, card):
    pf.enable(4)
    assert pf.do("c2@340=8", "c2@340") == [4]
    assert "NumVFs" in card.driver_error_log()
    pf.disable()


@pytest.mark.allow_driver_errors
def test_vfs_enabled_with_the_wrong_strap(pf, card):
    pf.enable(1)
    pf.disable()
    assert card.driver_errors() == 0
    pf.do("b5@38=1500008", "b5@3c=200004", "c2@340=1", "c2@338=19", "c2@338=10", "c2@340=0")
    assert "strap" in card.driver_error_log()
