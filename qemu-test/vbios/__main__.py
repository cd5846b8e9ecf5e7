# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Makes the flash of the emulated card, a VBIOS image and firmware: `python3 qemu-test/vbios OUT [--bad WHAT]`."""

import argparse
import pathlib

import bad
import flash
import image
import tables

TABLE = "table-"


def main():
    """Writes the image that the command line asks for."""
    wrong_tables = {TABLE + name.replace("_", "-"): name for name in tables.bad()}
    parser = argparse.ArgumentParser(prog="vbios", description=__doc__)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--bad", choices=sorted([*bad.BAD, *wrong_tables]), metavar="WHAT",
                        help=f"an image with this wrong: {', '.join(sorted(bad.BAD))}; or a table that stands for "
                             f"asic_init: {', '.join(wrong_tables)}")
    parser.add_argument("--total-fb-mb", type=int, default=8190, help="the memory that asic_init reports (%(default)s)")
    options = parser.parse_args()
    made = image.Image()
    tables.add(made, options.total_fb_mb, wrong_tables.get(options.bad))
    data = made.finish()
    if options.bad in bad.BAD:
        data = bytes(bad.BAD[options.bad](bytearray(data)))
    options.out.write_bytes(flash.around(data))


main()
