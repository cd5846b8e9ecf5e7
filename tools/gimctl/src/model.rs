// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What is to be seen of gim and its cards, read once. This is what `status --json` prints; `status.schema.json` says so
//! field by field. Only reads.

use crate::{
    abi::{self, Attribute},
    card::{self, Card},
    system::{self, Root},
};
use gim_core::{options, vfid::VfId};
use serde::Serialize;
use serde_json::Value;
use std::{collections::BTreeMap, path::Path};

/// Raised when a reader of the former form could misunderstand it.
const FORM: u32 = 1;

/// Values by the names of their files.
pub type Values = BTreeMap<String, Value>;

/// All of it.
#[derive(Debug, Serialize)]
pub struct Status {
    /// The form of this report.
    pub form: u32,
    /// The module.
    pub module: Module,
    /// The cards that it has.
    pub cards: Vec<CardStatus>,
}

/// The module.
#[derive(Debug, Serialize)]
pub struct Module {
    /// Whether it is loaded.
    pub loaded: bool,
    /// The kernel's release.
    pub kernel: Option<String>,
    /// Its parameters in force.
    pub parameters: Values,
}

/// A card.
#[derive(Debug, Serialize)]
pub struct CardStatus {
    /// The PF's PCI address.
    pub address: String,
    /// Vendor and device, as `1002:6929`.
    pub id: String,
    /// `down`, `up`, `wedged`, `gone`; none for a device that has plain SR-IOV.
    pub state: Option<String>,
    /// VFs that the card can have.
    pub total_vfs: u16,
    /// VFs that are enabled.
    pub vfs_enabled: u16,
    /// What is set for the card, by the names in `sriov_admin/`.
    pub settings: Values,
    /// What is known of the card itself, by the names in `sriov_admin/pf/`: memory, load, VBIOS.
    pub hardware: Values,
    /// What happened to the whole card since gim has it.
    pub stats: Values,
    /// What the sensors read, by the names and in the units of hwmon.
    pub sensors: Values,
    /// The PCIe link: speed and width, now and at most.
    pub link: Values,
    /// Its VFs, enabled or not.
    pub vfs: Vec<VfStatus>,
}

/// A VF.
#[derive(Debug, Serialize)]
pub struct VfStatus {
    /// Its number, from 1.
    pub number: u8,
    /// Its PCI address, when it is enabled.
    pub address: Option<String>,
    /// The host's driver that has it, as `vfio-pci`.
    pub driver: Option<String>,
    /// What it is doing; none for plain SR-IOV.
    pub state: Option<String>,
    /// What is set for it.
    pub profile: Values,
    /// What it used and caused since it was enabled.
    pub stats: Values,
    /// How often it was reset, by reason.
    pub resets: BTreeMap<String, u64>,
}

impl Status {
    /// Reads all cards, or those that were chosen.
    pub fn read(root: &Root, cards: &[Card]) -> Self {
        Status {
            form: FORM,
            module: Module::read(root),
            cards: cards.iter().map(CardStatus::read).collect(),
        }
    }
}

impl Module {
    /// Reads what is known of the module.
    pub fn read(root: &Root) -> Self {
        let folder = root.at("sys/module/gim");
        let parameter = |spec: &&options::Spec| {
            let value: u64 = system::number(&folder.join("parameters").join(spec.name))?;
            Some((spec.name.to_owned(), value.into()))
        };
        Module {
            loaded: root.at(card::DRIVER).exists(),
            kernel: system::look(&root.at("proc/sys/kernel/osrelease")),
            parameters: options::ALL.iter().filter_map(parameter).collect(),
        }
    }
}

/// The attributes of a table that are there.
fn settings(folder: &Path, attributes: &[Attribute]) -> Values {
    let read = |a: &Attribute| Some((a.name.into(), a.json(&system::look(&folder.join(a.name))?)));
    attributes.iter().filter_map(read).collect()
}

/// A number as a number, anything else as text.
fn value(text: String) -> Value {
    text.parse::<i64>().map_or(text.into(), Into::into)
}

impl CardStatus {
    fn read(card: &Card) -> Self {
        let attribute = |name: &str| system::look(&card.device.join(name));
        let hexadecimal = |name| attribute(name).unwrap_or_default().replace("0x", "");
        let link = [
            "current_link_speed",
            "current_link_width",
            "max_link_speed",
            "max_link_width",
        ];
        CardStatus {
            address: card.address.clone(),
            id: format!("{}:{}", hexadecimal("vendor"), hexadecimal("device")),
            state: system::look(&card.admin("state")),
            total_vfs: system::number(&card.device.join("sriov_totalvfs")).unwrap_or(0),
            vfs_enabled: system::number(&card.device.join("sriov_numvfs")).unwrap_or(0),
            settings: settings(&card.admin(""), &abi::CARD),
            hardware: hardware(card),
            stats: all_of(&card.admin("pf/stats")),
            sensors: sensors(&card.device),
            link: link
                .into_iter()
                .filter_map(|name| Some((name.to_owned(), value(attribute(name)?))))
                .collect(),
            vfs: card.vfs().map(|vf| VfStatus::read(card, vf)).collect(),
        }
    }

    /// GPU time of a VF in us, in its turns and outside, as far as it is known.
    pub fn total_gpu_us(&self) -> u64 {
        self.vfs
            .iter()
            .map(VfStatus::gpu_us)
            .fold(0, u64::saturating_add)
    }
}

/// All files of a folder that can be read.
fn all_of(folder: &Path) -> Values {
    let read = |name: String| Some((name.clone(), value(system::look(&folder.join(name))?)));
    system::names(folder).into_iter().filter_map(read).collect()
}

fn hardware(card: &Card) -> Values {
    let mut all = all_of(&card.admin("pf"));
    if let Some(quota) = system::look(&card.admin("pf/profile/vram_quota")) {
        all.insert("vram_quota".into(), value(quota));
    }
    // Digits, and a number only by chance.
    if let Some(serial) = system::look(&card.admin("pf/serial_number")) {
        all.insert("serial_number".into(), serial.into());
    }
    all
}

/// All that the card's hwmon devices read.
fn sensors(device: &Path) -> Values {
    let hwmon = device.join("hwmon");
    let mut all = Values::new();
    for folder in system::names(&hwmon) {
        let folder = hwmon.join(folder);
        for name in system::names(&folder) {
            if name.ends_with("_input") || name.ends_with("_average") {
                // A sensor may be out of order; the others are not.
                if let Some(text) = system::look(&folder.join(&name)) {
                    all.insert(name, value(text));
                }
            }
        }
    }
    all
}

impl VfStatus {
    fn read(card: &Card, vf: VfId) -> Self {
        let mut stats = Values::new();
        let mut resets = BTreeMap::new();
        for (name, value) in all_of(&card.vf(vf, "stats")) {
            match (name.strip_prefix("resets_"), value.as_u64()) {
                (Some(reason), Some(times)) => _ = resets.insert(reason.to_owned(), times),
                _ => _ = stats.insert(name, value),
            }
        }
        let address = card.vf_address(vf);
        let function = card.device.join(format!("virtfn{}", vf.index()));
        VfStatus {
            number: vf.number(),
            driver: system::link(&function.join("driver")),
            address,
            state: system::look(&card.vf(vf, "state")),
            profile: settings(&card.vf(vf, "profile"), &abi::VF),
            stats,
            resets,
        }
    }

    /// A number of the statistics, 0 when it is not there.
    pub fn stat(&self, name: &str) -> u64 {
        self.stats.get(name).and_then(Value::as_u64).unwrap_or(0)
    }

    /// GPU time in us, in its turns and outside.
    pub fn gpu_us(&self) -> u64 {
        self.stat("gpu_time_us")
            .saturating_add(self.stat("exclusive_time_us"))
    }

    /// Resets for whatever reason.
    pub fn reset_count(&self) -> u64 {
        self.resets.values().copied().fold(0, u64::saturating_add)
    }

    /// A setting as text, or a dash.
    pub fn setting(&self, name: &str) -> String {
        shown(self.profile.get(name))
    }

    /// Its framebuffer in bytes.
    pub fn vram(&self) -> u64 {
        self.profile
            .get("vram_quota")
            .and_then(Value::as_u64)
            .unwrap_or(0)
    }
}

/// A value as text, or a dash.
pub fn shown(value: Option<&Value>) -> String {
    match value {
        None => "-".into(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
