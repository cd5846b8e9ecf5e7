// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! A host around the planted card on which all is well, for `gimctl doctor`.

use super::planted::{self, file, link, ADDRESS, PORT};
use std::path::Path;

pub const RELEASE: &str = "7.3.4+deb13-amd64";
/// Where the PF's capabilities are on the real card (sections 0 and 2 of the references).
pub const SRIOV_AT: usize = 0x330;
pub const GPU_IOV_AT: usize = 0x400;
/// The port's PCI Express capability, and its registers for ARI.
const EXPRESS_AT: usize = 0x40;
const ARI: u32 = 1 << 5;

/// Bytes that are changed at an offset.
pub fn poke(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

/// The header of an extended capability.
pub fn header(id: u32, next: usize) -> u32 {
    id | 1 << 16 | u32::try_from(next).unwrap() << 20
}

/// The PF's configuration space.
pub fn pf_config() -> Vec<u8> {
    let mut bytes = vec![0; 4096];
    poke(&mut bytes, 0, 0x6929_1002);
    poke(&mut bytes, 0x100, header(0x01, SRIOV_AT));
    poke(&mut bytes, SRIOV_AT, header(0x10, GPU_IOV_AT));
    poke(&mut bytes, GPU_IOV_AT, header(0x0b, 0));
    poke(&mut bytes, GPU_IOV_AT + 4, 2);
    poke(&mut bytes, GPU_IOV_AT + 0x24, 8190);
    bytes
}

/// The port's, which can forward ARI and does, or not.
pub fn port_config(can: bool, does: bool) -> Vec<u8> {
    let mut bytes = vec![0; 4096];
    bytes[0x34] = EXPRESS_AT as u8;
    bytes[EXPRESS_AT] = 0x10;
    poke(&mut bytes, EXPRESS_AT + 0x24, if can { ARI } else { 0 });
    poke(&mut bytes, EXPRESS_AT + 0x28, if does { ARI } else { 0 });
    bytes
}

/// The PF's resources: six BARs, the ROM, six BARs of the VFs.
pub fn resources(vf_bars: bool) -> String {
    let line = |start: u64, size: u64, flags: u64| {
        format!("{start:#018x} {:#018x} {flags:#018x}\n", start + size - 1)
    };
    let none = "0x0000000000000000 0x0000000000000000 0x0000000000000000\n".to_owned();
    let mut lines = vec![none.clone(); 13];
    lines[0] = line(0x40_0000_0000, 256 << 20, 0x0014_220c);
    lines[5] = line(0xfe00_0000, 256 << 10, 0x0004_0200);
    if vf_bars {
        lines[7] = line(0x41_0000_0000, 16 * (256 << 20), 0x0014_220c);
        lines[12] = line(0xfd00_0000, 16 * (256 << 10), 0x0004_0200);
    }
    lines.concat()
}

/// A file of the card's.
pub fn pf(name: &str) -> String {
    format!("sys/bus/pci/devices/{ADDRESS}/{name}")
}

/// Plants it all.
pub fn healthy(root: &Path) {
    planted::tree(root, 16);
    file(root, &pf("config"), pf_config());
    file(root, &pf("resource"), resources(true));
    file(
        root,
        &format!("sys/devices/pci0000:00/{PORT}/config"),
        port_config(true, true),
    );
    file(root, "sys/class/iommu/dmar0/devices", "");
    for vf in 0..16 {
        let address = planted::vf_address(vf);
        file(
            root,
            &format!("sys/kernel/iommu_groups/{vf}/devices/{address}"),
            "",
        );
        let group = format!("../../../../kernel/iommu_groups/{vf}");
        link(
            root,
            &format!("sys/bus/pci/devices/{address}/iommu_group"),
            &group,
        );
    }
    file(
        root,
        &format!("boot/config-{RELEASE}"),
        "CONFIG_RUST=y\nCONFIG_PCI_IOV=y\n",
    );
    file(root, "proc/cmdline", "root=/dev/vda1 intel_iommu=on\n");
    file(
        root,
        &format!("lib/modules/{RELEASE}/kernel/amdgpu.ko.xz"),
        "",
    );
    file(
        root,
        "etc/modprobe.d/gim.conf",
        "options gim vf_num=16 \\\n  fb_clear=1\nsoftdep amdgpu pre: gim\n",
    );
}
