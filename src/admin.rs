// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What an administrator sees in sysfs: `sriov_admin` under the PF, with the names and meanings of Intel's xe where it has
//! the same things.
//!
//! ```text
//! sriov_admin/
//! |-- policy, default_quantum_us, state, reset, fb_clear, exclusive_timeout_ms, lone_check_ms, guard_*
//! |-- .bulk_profile/          exec_quantum_ms, preempt_timeout_us, sched_priority, weight, vram_quota   of all VFs
//! |-- pf/                     device, vram_total, gpu_busy_percent, dpm_level, serial_number, vbios_*
//! |   |-- profile/            exec_quantum_ms, preempt_timeout_us, sched_priority, vram_quota
//! |   `-- stats/              gpu_resets, lost_events
//! `-- vf<N>/                  device, state, stop, reset, clear
//!     |-- profile/            exec_quantum_ms, preempt_timeout_us, sched_priority, weight, vram_quota
//!     `-- stats/              gpu_time_us, exclusive_time_us, ...
//! ```
//!
//! Documented in `Documentation/ABI/testing/sysfs-driver-gim`. Nothing here decides: what is written becomes an event for
//! the engine, what is read is the engine's own.

mod bulk;
mod card;
mod debug;
mod pf;
mod profile;
mod sensors;
mod stats;
mod vf;

pub(crate) use self::debug::TOP as DEBUGFS;

use crate::{
    gim_core::{
        policy::{
            Priority,
            WEIGHT_MAX,
            WEIGHT_MIN, //
        },
        vfid::VfId,
    },
    gpu::Gpu,
    identity::Identity,
    kernel_ext::{
        hwmon::Hwmon,
        pci::find_vf,
        sysfs::{
            number,
            Folder,
            Link,
            Text, //
        },
    },
};
use core::{
    fmt::Write,
    ops::RangeInclusive, //
};
use kernel::{
    device::Bound,
    new_mutex, pci,
    prelude::*,
    str::CString,
    sync::{
        Arc,
        Mutex, //
    },
};

/// The whole tree. Fields are dropped in the order in which they stand here: what is inside a folder first.
pub(crate) struct Tree<'a> {
    _debug: debug::Debug<'a>,
    _hwmon: Option<Hwmon<sensors::Chip<'a>>>,
    /// To the devices of the VFs that are enabled.
    links: Pin<KBox<Mutex<KVec<Link>>>>,
    _pf_link: Link,
    _profiles: KVec<Folder<profile::Profile<'a>>>,
    _stats: KVec<Folder<stats::Stats<'a>>>,
    vfs: KVec<Folder<vf::Vf<'a>>>,
    _pf_profile: Folder<pf::Profile<'a>>,
    _pf_stats: Folder<pf::Stats<'a>>,
    _pf: Folder<pf::Pf<'a>>,
    _bulk: Folder<bulk::Bulk<'a>>,
    _card: Folder<card::Card<'a>>,
    dev: &'a pci::Device<Bound>,
}

/// Name of the links to devices.
const DEVICE: &CStr = c"device";

impl<'a> Tree<'a> {
    /// Makes the tree for a PF with `total_vfs` VFs, and its sensors.
    pub(crate) fn new(gpu: &Arc<Gpu<'a>>, total_vfs: u16, identity: Identity) -> Result<Self> {
        let sensors = sensors::Sensors::new(gpu)?;
        // A kernel without hwmon does as well.
        let hwmon = Hwmon::new(gpu.dev.as_ref(), sensors::Chip(sensors.clone())).ok();
        let card = Folder::new(gpu.dev, c"sriov_admin", card::Card(gpu.clone()))?;
        let bulk = Folder::new(&card, c".bulk_profile", bulk::Bulk(gpu.clone()))?;
        let pf = pf::Pf {
            gpu: gpu.clone(),
            sensors,
            identity,
        };
        let pf = Folder::new(&card, c"pf", pf)?;
        let pf_profile = Folder::new(&pf, c"profile", pf::Profile(gpu.clone()))?;
        let pf_stats = Folder::new(&pf, c"stats", pf::Stats(gpu.clone()))?;
        let pf_link = Link::new(&pf, DEVICE, gpu.dev)?;
        let mut vfs = KVec::new();
        let mut profiles = KVec::new();
        let mut stats = KVec::new();
        for vf in VfId::all().take(total_vfs.into()) {
            let name = CString::try_from_fmt(fmt!("vf{}", vf.number()))?;
            // It has to outlive what is in it, also when something fails.
            vfs.push(
                Folder::new(&card, &name, vf::Vf(gpu.clone(), vf))?,
                GFP_KERNEL,
            )?;
            let folder = vfs.last().ok_or(EINVAL)?;
            profiles.push(
                Folder::new(folder, c"profile", profile::Profile(gpu.clone(), vf))?,
                GFP_KERNEL,
            )?;
            stats.push(
                Folder::new(folder, c"stats", stats::Stats(gpu.clone(), vf))?,
                GFP_KERNEL,
            )?;
        }
        Ok(Self {
            _debug: debug::Debug::new(gpu)?,
            _hwmon: hwmon,
            links: KBox::pin_init(new_mutex!(KVec::new(), "Tree::links"), GFP_KERNEL)?,
            _pf_link: pf_link,
            _profiles: profiles,
            _stats: stats,
            vfs,
            _pf_profile: pf_profile,
            _pf_stats: pf_stats,
            _pf: pf,
            _bulk: bulk,
            _card: card,
            dev: gpu.dev,
        })
    }

    /// Links the first `n` VFs to their devices.
    pub(crate) fn vfs_enabled(&self, n: u16) -> Result {
        let mut links = KVec::new();
        for (index, folder) in (0..n).zip(&self.vfs) {
            let device = find_vf(self.dev, index)?;
            links.push(Link::new(folder, DEVICE, &device)?, GFP_KERNEL)?;
        }
        *self.links.lock() = links;
        Ok(())
    }

    /// Removes these links.
    pub(crate) fn vfs_go(&self) {
        let links = core::mem::take(&mut *self.links.lock());
        drop(links);
    }
}

const NS_PER_US: u64 = 1_000;
const NS_PER_MS: u64 = 1_000_000;

/// Writes a value and a newline.
fn line(to: &mut Text<'_>, value: impl core::fmt::Display) -> Result {
    writeln!(to, "{value}").map_err(|_| EINVAL)
}

/// Writes all choices, the one in force in brackets, as xe does.
fn choices(to: &mut Text<'_>, all: &[&str], chosen: &str) -> Result {
    for (i, choice) in all.iter().enumerate() {
        let space = if i == 0 { "" } else { " " };
        if *choice == chosen {
            write!(to, "{space}[{choice}]").map_err(|_| EINVAL)?;
        } else {
            write!(to, "{space}{choice}").map_err(|_| EINVAL)?;
        }
    }
    line(to, "")
}

/// Reads a number within a range.
fn within(text: &str, range: RangeInclusive<u64>) -> Result<u64> {
    let n = number(text)?;
    if !range.contains(&n) {
        return Err(EINVAL);
    }
    Ok(n)
}

/// Reads milliseconds within a range; gives ns.
fn milliseconds(text: &str, range: RangeInclusive<u64>) -> Result<u64> {
    Ok(within(text, range)? * NS_PER_MS)
}

/// Reads microseconds within a range; gives ns.
fn microseconds(text: &str, range: RangeInclusive<u64>) -> Result<u64> {
    Ok(within(text, range)? * NS_PER_US)
}

/// Reads a quantum in ms; gives ns. 0 is for that of the VF's level.
fn quantum(text: &str) -> Result<u64> {
    milliseconds(text, 0..=2000)
}

fn weight(text: &str) -> Result<u16> {
    let weight = within(text, WEIGHT_MIN.into()..=WEIGHT_MAX.into())?;
    Ok(u16::try_from(weight)?)
}

const PRIORITIES: [&str; 3] = ["low", "normal", "high"];

fn priority_name(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "low",
        Priority::Normal => "normal",
        Priority::High => "high",
    }
}

fn priority(text: &str) -> Result<Priority> {
    match text {
        "low" => Ok(Priority::Low),
        "normal" => Ok(Priority::Normal),
        "high" => Ok(Priority::High),
        _ => Err(EINVAL),
    }
}
