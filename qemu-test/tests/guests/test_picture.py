# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What a VF's virtual display shows, taken out of the card's memory as a picture."""

import random

import pytest
from amdgpu import wanted

from testbed import png

pytestmark = [pytest.mark.guests, wanted()]


ROWS = 16


def tile(width, seed):
    """Rows of a picture that is found nowhere else: colours below a line of noise."""
    rng = random.Random(seed)
    rows = [b"".join(bytes((*rng.randbytes(3), 0)) for _ in range(width))]
    for y in range(1, ROWS):
        rows.append(b"".join(bytes((x * 255 // width, y * 255 // ROWS, 100 * seed, 0)) for x in range(width)))
    return b"".join(rows)


def test_pictures_of_two_displays(amdgpu):
    amdgpu.start(2)
    amdgpu.bind(1, 2)
    # The kernel's console would draw into the picture.
    amdgpu.gim.sh("for c in /sys/class/vtconsole/*; do ! grep -q 'frame buffer' $c/name || echo 0 > $c/bind; done")
    for vf in (1, 2):
        graphics = f"/sys/bus/pci/devices/{amdgpu.address(vf)}/graphics"
        name, size, stride = amdgpu.gim.sh(f"cd {graphics}/fb*; basename $PWD; cat virtual_size stride").split()
        width, height = map(int, size.split(","))
        assert int(stride) == 4 * width and height % ROWS == 0
        part = tile(width, vf)
        amdgpu.machine.write("/tmp/tile", part)
        amdgpu.gim.sh(f"i=0; while [ $i -lt {height // ROWS} ]; do cat /tmp/tile; i=$((i + 1)); done > /dev/{name}")
        drawn, (start, length) = part * (height // ROWS), amdgpu.vram.range_of(vf)
        at = amdgpu.wait(lambda p=part, s=start, n=length: amdgpu.vram.find(p, s, n))
        amdgpu.wait(lambda a=at, d=drawn: amdgpu.vram.read(a, len(d)) == d)
        shown = amdgpu.vram.read(at, len(drawn))
        (amdgpu.machine.log / f"display-vf{vf}.png").write_bytes(png(width, height, shown))
        # It is this VF's own.
        assert amdgpu.vram.find(part, *amdgpu.vram.range_of(3 - vf)) is None
