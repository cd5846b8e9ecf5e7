# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Makes a VBIOS image for the emulated card: `python3 qemu-test/vbios OUT [--bad WHAT]`."""

import argparse
import pathlib

import bad
import image
import tables


def main():
    """Writes the image that the command line asks for."""
    parser = argparse.ArgumentParser(prog="vbios", description=__doc__)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--bad", choices=sorted(bad.BAD), help="an image with this wrong")
    parser.add_argument("--total-fb-mb", type=int, default=8190, help="the memory that asic_init reports (%(default)s)")
    options = parser.parse_args()
    made = image.Image()
    tables.add(made, options.total_fb_mb)
    data = made.finish()
    if options.bad:
        data = bytes(bad.BAD[options.bad](bytearray(data)))
    options.out.write_bytes(data)


main()
