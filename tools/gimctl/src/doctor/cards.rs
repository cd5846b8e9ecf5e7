// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Each card: its capabilities, its place on the bus, who has it, its VFs.

use super::{
    config::{self, Config},
    Findings,
};
use crate::{
    card::Card,
    model::Status,
    system::{self, Root},
};
use gim_core::fb;
use std::path::{Path, PathBuf};

/// AMD FirePro S7150, S7150x2: the PF (as in the driver's table of devices).
const PF: (&str, &str) = ("0x1002", "0x6929");
const DEVICES: &str = "sys/bus/pci/devices";
/// VSEC id of GPU-IOV (section 2.1 of the hardware reference).
const GPU_IOV: u16 = 2;
/// `TOTAL_FB_AVAILABLE` in the GPU-IOV capability, MB (section 2.2).
const TOTAL_FB: usize = 0x24;
/// A resource that has got no address (the kernel's `IORESOURCE_UNSET`).
const UNSET: u64 = 0x2000_0000;
/// A resource of I/O ports (the kernel's `IORESOURCE_IO`).
const PORTS: u64 = 0x100;
/// The ROM among a device's resources: after six BARs.
const ROM: usize = 6;
/// The first VF BAR among a device's resources: after the ROM.
const VF_BARS: usize = 7;

/// The cards that gim could have, by address.
pub fn addresses(root: &Root) -> Vec<String> {
    let devices = root.at(DEVICES);
    let is_card = |address: &String| {
        let id = |name: &str| system::look(&devices.join(address).join(name)).unwrap_or_default();
        (id("vendor").as_str(), id("device").as_str()) == PF
    };
    let all = system::names(&devices).into_iter();
    all.filter(is_card).collect()
}

/// Looks at all of them.
pub fn examine(findings: &mut Findings) {
    let devices = findings.root.at(DEVICES);
    let addresses = addresses(findings.root);
    if addresses.is_empty() {
        findings.problem(
            "card",
            "no AMD FirePro S7150 (1002:6929) is on the bus",
            "check that the card is seated and powered, and that `lspci -d 1002:` shows it",
        );
    }
    for address in addresses {
        findings.card = Some(address.clone());
        let card = Card {
            device: devices.join(&address),
            address,
        };
        examine_card(findings, &card);
    }
    findings.card = None;
}

fn examine_card(findings: &mut Findings, card: &Card) {
    driver(findings, card);
    capabilities(findings, card);
    bars(findings, &card.device);
    link(findings, &card.device);
    operation(findings, card);
    vfs(findings, card);
}

fn driver(findings: &mut Findings, card: &Card) {
    let unbind = format!(
        "echo {0} > /sys/bus/pci/devices/{0}/driver/unbind; echo {0} > /sys/bus/pci/drivers/gim/bind",
        card.address
    );
    match system::link(&card.device.join("driver")).as_deref() {
        Some("gim") => findings.ok("driver", "gim has the card"),
        Some(other) => findings.problem(
            "driver",
            format!("{other} has the card"),
            &format!("keep {other} off it in /etc/modprobe.d and boot, or {unbind}"),
        ),
        None => findings.problem(
            "driver",
            "no driver has the card",
            "load gim; when it is loaded, the kernel's log says why it refuses the card",
        ),
    }
}

/// The bridge above a device.
fn bridge(device: &Path) -> Option<PathBuf> {
    let parent = device.canonicalize().ok()?.parent()?.to_owned();
    parent.join("config").exists().then_some(parent)
}

fn capabilities(findings: &mut Findings, card: &Card) {
    let Some(config) = Config::read(&card.device).filter(Config::is_whole) else {
        findings.note(
            "sriov",
            "the card's capabilities cannot be read",
            "run `gimctl doctor` as root",
        );
        return;
    };
    if config.extended(config::SRIOV, |_| true).is_none() {
        findings.problem(
            "sriov",
            "the card has no SR-IOV capability",
            "turn SR-IOV on in the firmware's setup; some boards have a switch for it, or need AMD's SR-IOV VBIOS",
        );
    } else if !card.device.join("sriov_totalvfs").exists() {
        findings.problem(
            "sriov",
            "the card has SR-IOV, which the kernel does not use",
            "boot a kernel with CONFIG_PCI_IOV=y, and without pci=nosriov",
        );
    } else {
        let total = system::look(&card.device.join("sriov_totalvfs")).unwrap_or_default();
        findings.ok("sriov", format!("the card can have {total} VFs"));
    }
    let is_gpu_iov = |at: usize| config.u16(at.saturating_add(4)) == Some(GPU_IOV);
    match config.extended(config::VENDOR, is_gpu_iov) {
        None => findings.problem(
            "gpu-iov",
            "the card has no GPU-IOV capability: it is no card for sharing, or its VBIOS does not know it",
            "see that the card is an S7150 with AMD's SR-IOV VBIOS",
        ),
        Some(at) => {
            findings.ok("gpu-iov", format!("GPU-IOV capability at {at:#x}"));
            memory(findings, card, config.u16(at.saturating_add(TOTAL_FB)).unwrap_or(0));
        }
    }
    ari(findings, card);
}

/// Whether the port above the card lets functions past the eighth through.
fn ari(findings: &mut Findings, card: &Card) {
    // Device Capabilities 2 and Device Control 2 of the PCI Express capability, bit 5: ARI forwarding.
    const CAPABILITIES: usize = 0x24;
    const CONTROL: usize = 0x28;
    const FORWARDING: u32 = 1 << 5;
    let Some(port) = bridge(&card.device) else {
        findings.note(
            "ari",
            "there is no port above the card to be asked",
            "run it on the host itself",
        );
        return;
    };
    let name = port
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let registers = Config::read(&port).and_then(|config| {
        let at = config.capability(config::EXPRESS)?;
        let bit = |offset| Some(config.u32(at + offset)? & FORWARDING != 0);
        Some((bit(CAPABILITIES)?, bit(CONTROL)?))
    });
    match registers {
        Some((_, true)) => findings.ok("ari", format!("on in the port {name}")),
        Some((true, false)) => findings.warning(
            "ari",
            format!("the port {name} can forward ARI and does not: VFs may need more bus numbers than there are"),
            "turn ARI on in the firmware's setup, and boot without pci=noari",
        ),
        Some((false, false)) => findings.warning(
            "ari",
            format!("the port {name} cannot forward ARI: VFs may need more bus numbers than there are"),
            "put the card into a slot of the CPU, or turn ARI on in the firmware's setup",
        ),
        None => findings.note("ari", format!("the port {name} cannot be asked"), "run `gimctl doctor` as root"),
    }
}

/// A device's resources: start, end, flags.
fn resources(device: &Path) -> Vec<(u64, u64, u64)> {
    let text = system::look(&device.join("resource")).unwrap_or_default();
    let number = |word: &str| u64::from_str_radix(word.trim_start_matches("0x"), 16).ok();
    let line = |line: &str| {
        let mut words = line.split_whitespace().map(number);
        Some((words.next()??, words.next()??, words.next()??))
    };
    text.lines()
        .map(|text| line(text).unwrap_or_default())
        .collect()
}

fn bars(findings: &mut Findings, device: &Path) {
    let resources = resources(device);
    // gim needs neither ports nor the ROM's window.
    let unset = |(i, &(start, _, flags)): &(usize, &(u64, u64, u64))| {
        let counts = *i != ROM && flags & PORTS == 0 && flags != 0;
        counts && (flags & UNSET != 0 || start == 0)
    };
    let lost: Vec<_> = resources
        .iter()
        .enumerate()
        .filter(unset)
        .map(|(i, _)| i)
        .collect();
    let vf_bars = resources.get(VF_BARS..).unwrap_or_default();
    let advice = "turn \"Above 4G decoding\" (and resizable or large BARs' space) on in the firmware's setup; \
                  pci=realloc on the kernel's command line may help";
    if let Some(lost) = lost.iter().find(|i| **i < VF_BARS) {
        findings.problem(
            "bar-space",
            format!("the card's BAR {lost} has got no address"),
            advice,
        );
    } else if !lost.is_empty() || vf_bars.iter().take(6).all(|(_, _, flags)| *flags == 0) {
        findings.problem(
            "bar-space",
            "the VFs' BARs have got no address space",
            advice,
        );
    } else {
        let size = |(start, end, _): &(u64, u64, u64)| end.saturating_sub(*start).saturating_add(1);
        let total: u64 = vf_bars
            .iter()
            .take(6)
            .filter(|r| r.2 != 0)
            .map(size)
            .fold(0, u64::saturating_add);
        findings.ok("bar-space", format!("{} MB for the VFs' BARs", total >> 20));
    }
}

/// What single VFs are to have once they are enabled. While they are, quotas say what they have.
fn quotas(card: &Card) -> fb::Quotas {
    let mut quotas = fb::Quotas::default();
    if system::number::<u16>(&card.device.join("sriov_numvfs")) == Some(0) {
        for vf in card.vfs() {
            let bytes: u64 = system::number(&card.vf(vf, "profile/vram_quota")).unwrap_or(0);
            if let Some(quota) = quotas.get_mut(vf.index()) {
                *quota = u32::try_from(bytes >> 20).unwrap_or(u32::MAX);
            }
        }
    }
    quotas
}

/// Whether memory holds the VFs that are asked for, each with as much as its aperture at least.
fn memory(findings: &mut Findings, card: &Card, total_mb: u16) {
    let resources = resources(&card.device);
    let size_mb = |i: usize| {
        let (start, end, _) = resources.get(i).copied().unwrap_or_default();
        u32::try_from(end.saturating_sub(start).saturating_add(1) >> 20).unwrap_or(u32::MAX)
    };
    let total_vfs: u32 = system::number(&card.device.join("sriov_totalvfs")).unwrap_or(0);
    let parameter = |name: &str| {
        let path = findings.root.at("sys/module/gim/parameters").join(name);
        system::number::<u32>(&path).unwrap_or(0)
    };
    let asked = match parameter("vf_num") {
        0 => total_vfs,
        n => n,
    };
    let request = fb::Request {
        total_mb: total_mb.into(),
        pf_aperture_mb: size_mb(0),
        vf_aperture_mb: size_mb(VF_BARS).checked_div(total_vfs).unwrap_or(0),
        vfs: asked,
        pf_fb_mb: parameter("pf_fb"),
        vf_fb_mb: parameter("vf_fb"),
        quotas_mb: quotas(card),
    };
    let advice = "ask for fewer VFs (vf_num), less for the PF (pf_fb) or smaller quotas";
    match fb::Partition::new(&request) {
        Ok(partition) if partition.vfs() < asked => findings.warning(
            "memory",
            format!(
                "{total_mb} MB of framebuffer hold {} VFs; {asked} are asked for",
                partition.vfs()
            ),
            advice,
        ),
        Ok(_) if asked > total_vfs => findings.warning(
            "memory",
            format!("{asked} VFs are asked for (vf_num), and the card can have {total_vfs}"),
            advice,
        ),
        Ok(_) => findings.ok(
            "memory",
            format!("{total_mb} MB of framebuffer are enough for {asked} VFs"),
        ),
        Err(e) => findings.problem("memory", e.to_string(), advice),
    }
}

fn link(findings: &mut Findings, device: &Path) {
    let read = |name: &str| system::look(&device.join(name)).unwrap_or_default();
    let now = (read("current_link_speed"), read("current_link_width"));
    let most = (read("max_link_speed"), read("max_link_width"));
    let show = |(speed, width): &(String, String)| format!("{speed} x{width}");
    if now == most {
        findings.ok("link", show(&now));
    } else {
        findings.note(
            "link",
            format!("{}, where the card can do {}", show(&now), show(&most)),
            "use another slot if speed matters",
        );
    }
}

fn operation(findings: &mut Findings, card: &Card) {
    match system::look(&card.admin("state")).as_deref() {
        None => {}
        Some("up") => findings.ok("operation", "the card is in operation"),
        Some("down") => findings.warning(
            "operation",
            "no VF is enabled",
            &format!("echo 16 > /sys/bus/pci/devices/{}/sriov_numvfs", card.address),
        ),
        Some("wedged") => findings.problem(
            "operation",
            "the GPU could not be reset and is given up",
            "keep `gimctl report`, then unbind and bind gim; if that does not help, power the host off and on",
        ),
        Some(state) => findings.problem(
            "operation",
            format!("the card is {state}"),
            "see the kernel's log; when the card does not answer, power the host off and on",
        ),
    }
}

fn vfs(findings: &mut Findings, card: &Card) {
    let status = Status::read(findings.root, std::slice::from_ref(card));
    let vfs = status.cards.iter().flat_map(|card| &card.vfs);
    let mut shared = Vec::new();
    for vf in vfs {
        let Some(address) = &vf.address else { continue };
        if let Some(driver @ ("amdgpu" | "radeon")) = vf.driver.as_deref() {
            findings.warning(
                "vf-driver",
                format!("the host's own {driver} has VF{} ({address})", vf.number),
                &format!("echo {address} > /sys/bus/pci/devices/{address}/driver/unbind, and keep {driver} off VFs"),
            );
        }
        if vf.state.as_deref() == Some("stopped") {
            findings.warning(
                "vf-stopped",
                format!(
                    "VF{} is kept off the GPU, by the guard or by the administrator",
                    vf.number
                ),
                &format!(
                    "see the kernel's log; `gimctl start --vf {}` lets it in again",
                    vf.number
                ),
            );
        }
        let group = card.device.join(format!(
            "virtfn{}/iommu_group/devices",
            vf.number.saturating_sub(1)
        ));
        if system::names(&group).len() > 1 {
            shared.push(vf.number.to_string());
        }
    }
    if !shared.is_empty() {
        findings.warning(
            "iommu-group",
            format!(
                "VFs {} are not alone in their IOMMU groups, and cannot go to different guests",
                shared.join(", ")
            ),
            "use a slot whose port has ACS",
        );
    }
}
