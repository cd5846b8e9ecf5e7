// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What an administrator sees in sysfs: `sriov_admin` under the PF, with the names and meanings of Intel's xe where it has
//! the same things.
//!
//! ```text
//! sriov_admin/
//! |-- policy, state, reset, fb_clear, exclusive_timeout_ms, lone_check_ms, guard_*
//! |-- .bulk_profile/          exec_quantum_ms, sched_priority, weight      of all VFs at once
//! `-- vf<N>/                  state, stop, reset
//!     |-- profile/            exec_quantum_ms, sched_priority, weight, vram_quota
//!     `-- stats/              gpu_time_us, exclusive_time_us, ...
//! ```
//!
//! Documented in `Documentation/ABI/testing/sysfs-driver-gim`. Nothing here decides: what is written becomes an event for
//! the engine, what is read is the engine's own.

mod bulk;
mod pf;
mod profile;
mod stats;
mod vf;

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
    kernel_ext::sysfs::{
        number,
        Folder,
        Text, //
    },
};
use core::fmt::Write;
use kernel::{
    prelude::*,
    str::CString,
    sync::Arc, //
};

/// The whole tree. Fields are dropped in the order in which they stand here: folders inside first.
pub(crate) struct Tree<'a> {
    _profiles: KVec<Folder<profile::Profile<'a>>>,
    _stats: KVec<Folder<stats::Stats<'a>>>,
    _vfs: KVec<Folder<vf::Vf<'a>>>,
    _bulk: Folder<bulk::Bulk<'a>>,
    _pf: Folder<pf::Pf<'a>>,
}

impl<'a> Tree<'a> {
    /// Makes the tree for a PF with `total_vfs` VFs.
    pub(crate) fn new(gpu: &Arc<Gpu<'a>>, total_vfs: u16) -> Result<Self> {
        let pf = Folder::new(gpu.dev, c"sriov_admin", pf::Pf(gpu.clone()))?;
        let bulk = Folder::new(&pf, c".bulk_profile", bulk::Bulk(gpu.clone()))?;
        let mut vfs = KVec::new();
        let mut profiles = KVec::new();
        let mut stats = KVec::new();
        for vf in VfId::all().take(total_vfs.into()) {
            let name = CString::try_from_fmt(fmt!("vf{}", vf.number()))?;
            let folder = Folder::new(&pf, &name, vf::Vf(gpu.clone(), vf))?;
            profiles.push(
                Folder::new(&folder, c"profile", profile::Profile(gpu.clone(), vf))?,
                GFP_KERNEL,
            )?;
            stats.push(
                Folder::new(&folder, c"stats", stats::Stats(gpu.clone(), vf))?,
                GFP_KERNEL,
            )?;
            vfs.push(folder, GFP_KERNEL)?;
        }
        Ok(Self {
            _profiles: profiles,
            _stats: stats,
            _vfs: vfs,
            _bulk: bulk,
            _pf: pf,
        })
    }
}

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

/// Reads milliseconds within a range; gives ns.
fn milliseconds(text: &str, range: core::ops::RangeInclusive<u64>) -> Result<u64> {
    let ms = number(text)?;
    if !range.contains(&ms) {
        return Err(EINVAL);
    }
    Ok(ms * NS_PER_MS)
}

/// Reads a quantum in ms; gives ns. 0 is for that of the VF's level.
fn quantum(text: &str) -> Result<u64> {
    milliseconds(text, 0..=2000)
}

fn weight(text: &str) -> Result<u16> {
    let weight = u16::try_from(number(text)?)?;
    if !(WEIGHT_MIN..=WEIGHT_MAX).contains(&weight) {
        return Err(EINVAL);
    }
    Ok(weight)
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
