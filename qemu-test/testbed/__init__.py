# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The test bed: virtual machines with emulated cards, for pytest (`qemu-test/tests`) and for people (`qemu-test/vm`).

    with Machine(cards=1, modules=["vfio-pci"], module_files=["gim.ko"]) as m:
        m.sh("insmod gim.ko vf_num=4")
        assert m.card(0).driver_errors() == 0
"""

from . import debian, devices, nested, screen
from .agent import Result
from .card import Card
from .errors import CommandFailed, GuestCrash, GuestError, GuestTimeout
from .machine import Machine
from .paths import MODULE, VFIO_MODULE, SetupError, kernel
from .png import png
from .programs import program
from .vram import Vram

__all__ = ["MODULE", "VFIO_MODULE", "Card", "CommandFailed", "GuestCrash", "GuestError", "GuestTimeout", "Machine",
           "Result", "SetupError", "Vram", "debian", "devices", "kernel", "nested", "png", "program", "screen"]
