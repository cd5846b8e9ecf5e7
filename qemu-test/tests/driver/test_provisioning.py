# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""How much framebuffer VFs get: by themselves, and as the administrator wants it. The checks of Intel's tests
xe_sriov_auto_provisioning and xe_sriov_vram, on these attributes."""

import random

import pytest
from gim_module import ONE_CARD

pytestmark = ONE_CARD

MB = 1 << 20
FIRST, END, TOTAL_VFS = 272, 8176, 16
MEMSIZE, MM_INDEX, MM_DATA, MM_INDEX_HI = 0x5428, 0, 4, 0x18


@pytest.fixture
def quotas(gim):
    """The quotas of the loaded module's card, in MB."""
    gim.load("vf_num=1")
    gim.set_vfs(0)

    class Quotas:
        root = f"{gim.path()}/sriov_admin"

        def file(self, vf):
            return f"{self.root}/vf{vf}/profile/vram_quota"

        def get(self):
            seen = gim.sh(f"for i in $(seq {TOTAL_VFS}); do cat {self.root}/vf$i/profile/vram_quota; done").split()
            assert all(int(n) % (16 * MB) == 0 for n in seen)
            return [int(n) // MB for n in seen]

        def set(self, vf, mb):
            gim.sh(f"echo {mb * MB} > {self.file(vf)}")

        def refuses(self, vf, mb, errno, reason):
            gim.mark()
            result = gim.machine.run(f"echo {mb * MB} > {self.file(vf)}")
            assert result.status and errno in result.output
            assert any(reason in line for line in gim.said()), gim.said()

        def ranges(self):
            """What the card's own registers say: offset and size of each VF in MB."""
            out = gim.sh(f"sed -n 's/^VF[0-9]*: framebuffer \\(.*\\) MB at \\(.*\\) MB/\\1 \\2/p' "
                         f"/sys/kernel/debug/gim/{gim.machine.address('card0')}/hardware")
            return [tuple(map(int, line.split()))[::-1] for line in out.splitlines()]

    return Quotas()


def check(quotas, n):
    """Whether the first n VFs have ranges of their own, as large as their quotas say, and no others have any."""
    sizes = quotas.get()
    ranges = quotas.ranges()[:n]
    assert [size for _, size in ranges] == sizes[:n] and not any(sizes[n:])
    end = FIRST
    for offset, size in sorted(ranges):
        assert offset >= end, f"{ranges} overlap"
        end = offset + size
    assert end <= END
    return ranges


def sees(crowd, vf):
    """The framebuffer that a VF's own driver is told of, in MB."""
    return int(crowd.do(f"{vf} read {MEMSIZE}")[0][-1], 16)


def reach(crowd, vf, at):
    """What a VF reads at a byte of its framebuffer after it has written there."""
    crowd.do(f"{vf} write {MM_INDEX_HI}={at >> 31}", f"{vf} write {MM_INDEX}={0x80000000 | at & 0x7fffffff}",
             f"{vf} write {MM_DATA}={0x5EED0000 + vf}")
    return int(crowd.do(f"{vf} read {MM_DATA}")[0][-1], 16)


def test_shares_are_equal_exclusive_and_given_back(gim, guests, quotas):
    for n in (1, 3, 16, 7):
        gim.set_vfs(n)
        ranges = check(quotas, n)
        assert len({size for _, size in ranges}) == 1
        # What is left could not have been shared in units of 16 MB.
        assert END - FIRST - sum(size for _, size in ranges) < 16 * n + 16
        if n == 3:
            crowd = guests()
            assert [sees(crowd, vf) for vf in range(1, n + 1)] == [size for _, size in ranges]
            crowd.close()
        gim.set_vfs(0)
        assert quotas.get() == [0] * TOTAL_VFS


def test_quotas_come_first_and_the_rest_is_shared(gim, quotas):
    quotas.set(1, 1024)
    quotas.set(3, 4100)
    assert quotas.get() == [1024, 0, 4096, *[0] * 13]
    gim.set_vfs(4)
    ranges = check(quotas, 4)
    assert [size for _, size in ranges] == [1024, 1392, 4096, 1392]
    gim.set_vfs(0)
    # They were for once.
    assert quotas.get() == [0] * TOTAL_VFS
    gim.set_vfs(4)
    assert quotas.get()[:4] == [1968] * 4


def test_bulk(gim, quotas):
    bulk = f"{quotas.root}/.bulk_profile/vram_quota"
    gim.sh(f"echo {300 * MB} > {bulk}")
    assert quotas.get() == [288] * TOTAL_VFS
    gim.set_vfs(6)
    assert quotas.get()[:7] == [288] * 6 + [0]
    result = gim.machine.run(f"echo {512 * MB} > {bulk}")
    assert result.status and "busy" in result.output


def test_refusals_say_why(gim, quotas):
    quotas.refuses(1, 255, "nvalid argument", "no such framebuffer for VF1: 240 MB are less than the VF's aperture")
    quotas.refuses(1, 8000, "o space left", "8000 MB asked for, there is room for 7904 MB")
    quotas.set(1, 7904)
    gim.mark()
    assert gim.refuses_vfs(2, "o space left")
    assert any("8160 MB asked for, there is room for 7904 MB" in line for line in gim.said())
    # What was asked for stays, and can be mended.
    assert quotas.get()[0] == 7904
    quotas.set(1, 0)
    gim.set_vfs(2)
    check(quotas, 2)
    quotas.refuses(3, 512, "busy", "no framebuffer for VF3: it is not enabled and others are")
    quotas.refuses(1, 4096, "o space left", "there is room for 3952 MB")
    result = gim.machine.run(f"echo 0 > {quotas.file(1)}")
    assert result.status and "nvalid" in result.output
    check(quotas, 2)


def test_a_vf_reaches_its_quota_and_nothing_beyond(gim, guests, quotas):
    quotas.set(1, 512)
    quotas.set(2, 2304)
    gim.set_vfs(3)
    crowd = guests()
    crowd.do("1 start", "2 start", "3 start")
    for vf, (_, size) in enumerate(check(quotas, 3), 1):
        assert sees(crowd, vf) == size
        assert [reach(crowd, vf, at) for at in (1 << 20, (size << 20) - 4)] == [0x5EED0000 + vf] * 2
        assert reach(crowd, vf, size << 20) == 0xFFFFFFFF
    # Nobody has written to what is another's.
    before = [int(crowd.do(f"{vf} read {MM_DATA}")[0][-1], 16) for vf in (1, 2, 3)]
    assert before == [0xFFFFFFFF] * 3


def test_a_running_vf_keeps_what_it_has_and_others_can_change(gim, guests, quotas):
    gim.set_vfs(3)
    crowd = guests()
    crowd.do("1 start", "1 work 100000000", "2 start")
    [first, second, third] = check(quotas, 3)
    quotas.refuses(1, 512, "busy", "nothing was done with VF1, which is running: end its guest's driver first")
    assert check(quotas, 3) == [first, second, third]
    gim.machine.card(0).set("counters-reset", True)
    quotas.set(3, 1024)
    assert check(quotas, 3) == [first, second, (third[0], 1024)]
    # Nobody has had to make way for that.
    assert "PF" not in gim.machine.card(0).json("commands")
    crowd.do("2 end")
    quotas.set(2, 256)
    quotas.set(3, 4096)
    assert check(quotas, 3) == [first, (second[0], 256), (second[0] + 256, 4096)]
    crowd.do("3 start", "2 start")
    assert (sees(crowd, 2), sees(crowd, 3)) == (256, 4096)
    # It has what was another's: cleared before its start, but for the VBIOS.
    at = (third[0] - second[0] - 256) << 20
    crowd.do(f"3 write {MM_INDEX_HI}={at >> 31}", f"3 write {MM_INDEX}={0x80000000 | at & 0x7fffffff}")
    assert int(crowd.do(f"3 read {MM_DATA}")[0][-1], 16) == 0
    assert (reach(crowd, 2, (256 << 20) - 4), reach(crowd, 2, 256 << 20)) == (0x5EED0002, 0xFFFFFFFF)


def test_two_hundred_quotas_at_random(gim, quotas):
    rng = random.Random(3)
    gim.set_vfs(8)
    script = "".join(f"echo {rng.randrange(256, 2048, 8) * MB} > {quotas.file(rng.randint(1, 8))} 2>/dev/null && "
                     "n=$((n + 1))\n" for _ in range(200))
    taken = int(gim.sh(f"n=0\n{script}\necho $n", limit=120))
    assert 20 < taken < 180
    check(quotas, 8)


def test_a_fill_is_seen_and_takes_the_gpu_for_a_moment(gim, guests, quotas):
    quotas.set(2, 256)
    gim.set_vfs(2)
    crowd = guests()
    crowd.do("1 start", "1 work 100000000")
    clear = f"{quotas.root}/vf2/clear"
    for byte in (0xA5, 255, 0):
        gim.sh(f"echo {byte} > {clear}")
        assert content(gim, 2) == [byte * 0x01010101] * 3
    result = gim.machine.run(f"echo 0 > {quotas.root}/vf1/clear")
    assert result.status and "busy" in result.output
    result = gim.machine.run(f"echo 0 > {quotas.root}/vf5/clear")
    assert result.status and "o such device" in result.output
    crowd.do("2 start")


def content(gim, vf):
    """What is in a VF's framebuffer at its beginning, somewhere, and at the end of its aperture."""
    start = int(gim.sh(f"head -n 1 {gim.path()}/virtfn{vf - 1}/resource").split()[0], 16)
    gim.sh(f"echo 1 > {gim.path()}/virtfn{vf - 1}/enable")
    values = [int(gim.sh(f"devmem {start + at:#x}"), 16) for at in (0, 0x123456 & ~3, 256 * MB - 4)]
    gim.sh(f"echo 0 > {gim.path()}/virtfn{vf - 1}/enable")
    return values
