# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Secure Boot as on a real machine: Debian's OVMF, which trusts Microsoft's keys, starts Debian's shim, that starts
GRUB, and that the kernel, each if it is signed. The kernel gets the keys that the machine's owner has enrolled.
"""

import shutil
import struct
import uuid

from . import debian

# OVMF's variables: where the header of the volume has its length, and the length of that of the store.
VOLUME_LENGTH, STORE = 0x30, 28
# A variable (AUTHENTICATED_VARIABLE_HEADER of edk2): mark, state, attributes, sizes of name and data, owner.
VARIABLE = struct.Struct("<HBxI28xII16s")
MARK, ADDED = 0x55AA, 0x3F
NON_VOLATILE, BOOT_SERVICE = 1, 2
# EFI_SIGNATURE_LIST with one certificate.
SIGNATURES = struct.Struct("<16sIII16s")
X509 = uuid.UUID("a5c059a1-94e4-4aa7-87b5-ab155c2bf072").bytes_le
SHIM = uuid.UUID("605dab50-e046-4300-abb6-3dd810dd8b23").bytes_le


def _with_variable(variables, name, owner, data):
    """OVMF's file of variables with one more, which only boot loaders see."""
    volume, = struct.unpack_from("<H", variables, VOLUME_LENGTH)
    at = volume + STORE
    while struct.unpack_from("<H", variables, at)[0] == MARK:
        _, _, _, name_size, data_size, _ = VARIABLE.unpack_from(variables, at)
        at += VARIABLE.size + name_size + data_size
        at += -at % 4
    name = f"{name}\0".encode("utf-16-le")
    new = VARIABLE.pack(MARK, ADDED, NON_VOLATILE | BOOT_SERVICE, len(name), len(data), owner) + name + data
    return variables[:at] + new + variables[at + len(new):]


def _enrolled(variables, certificate):
    """A file of variables in which the owner has enrolled a certificate, as MokManager does it."""
    size = 16 + len(certificate)
    signatures = SIGNATURES.pack(X509, SIGNATURES.size + len(certificate), 0, size, SHIM) + certificate
    return _with_variable(variables, "MokList", SHIM, signatures)


def arguments(scratch, kernel, initrd, append, certificate):
    """QEMU's arguments for a machine that starts a kernel so.

    scratch: an empty folder for what the machine has; certificate: that of the key that was enrolled (DER).
    """
    ovmf = debian.package("ovmf") / "usr" / "share" / "OVMF"
    variables, esp = scratch / "variables", scratch / "esp"
    variables.write_bytes(_enrolled((ovmf / "OVMF_VARS_4M.ms.fd").read_bytes(), certificate))
    grub = debian.package("grub-efi-amd64-signed") / "usr" / "lib" / "grub" / "x86_64-efi-signed" / "grubx64.efi.signed"
    for path, source in (("EFI/BOOT/BOOTX64.EFI", debian.package("shim-signed") / "usr/lib/shim/shimx64.efi.signed"),
                         ("EFI/BOOT/grubx64.efi", grub), ("vmlinuz", kernel), ("initrd", initrd)):
        (esp / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, esp / path)
    config = esp / "EFI" / "debian" / "grub.cfg"
    config.parent.mkdir()
    config.write_text(f"linux /vmlinuz {append}\ninitrd /initrd\nboot\n")
    # OVMF keeps its variables where only it can write, from system management mode.
    return ["-machine", "smm=on", "-global", "driver=cfi.pflash01,property=secure,value=on",
            "-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={ovmf / 'OVMF_CODE_4M.secboot.fd'}",
            "-drive", f"if=pflash,unit=1,format=raw,file={variables}",
            "-drive", f"if=none,id=esp,format=raw,read-only=on,file=fat:{esp}",
            "-device", "virtio-blk,drive=esp,bootindex=1"]
