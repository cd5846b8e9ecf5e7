// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! `sriov_admin/vf<N>/profile/`: a VF's part in scheduling, and of the framebuffer.

use super::{
    choices,
    line,
    microseconds,
    priority,
    priority_name,
    quantum,
    weight,
    within,
    NS_PER_MS,
    NS_PER_US,
    PRIORITIES, //
};
use crate::{
    gim_core::{
        engine::Admin,
        gpuiov::Command,
        vf::Chore,
        vfid::VfId, //
    },
    gpu::Gpu,
    kernel_ext::sysfs::{
        Attribute,
        Attributes,
        Text, //
    },
};
use kernel::{
    prelude::*,
    sync::Arc, //
};

pub(super) struct Profile<'a>(pub(super) Arc<Gpu<'a>>, pub(super) VfId);

impl Attributes for Profile<'_> {
    const ALL: &'static [Attribute] = &[
        Attribute::rw(c"exec_quantum_ms"),
        Attribute::rw(c"preempt_timeout_us"),
        Attribute::rw(c"sched_priority"),
        Attribute::rw(c"weight"),
        Attribute::rw(c"vram_quota"),
    ];

    fn show(&self, index: usize, to: &mut Text<'_>) -> Result {
        let share = *self.0.engine.lock().settings().shares.get(self.1);
        match index {
            0 => line(to, share.quantum_ns / NS_PER_MS),
            1 => line(to, share.preempt_ns / NS_PER_US),
            2 => choices(to, &PRIORITIES, priority_name(share.priority)),
            3 => line(to, share.weight),
            _ => line(to, self.0.division.quota(self.1)),
        }
    }

    fn store(&self, index: usize, text: &str) -> Result {
        let vf = self.1;
        let admin = match setting(vf, index, text)? {
            Some(admin) => admin,
            None => match self.0.division.set_quota(vf, quota(text)?)? {
                Some(mb) => Admin::Chore(vf, Chore::Resize(mb)),
                None => return Ok(()),
            },
        };
        self.0.administrate(admin)
    }
}

/// What is asked for by writing to the attribute with this index; `None` for the quota.
pub(super) fn setting(vf: VfId, index: usize, text: &str) -> Result<Option<Admin>> {
    Ok(Some(match index {
        0 => Admin::Quantum(vf, quantum(text)?),
        1 => Admin::PreemptLimit(vf, microseconds(text, 0..=PREEMPT_MAX_US)?),
        2 => Admin::Priority(vf, priority(text)?),
        3 => Admin::Weight(vf, weight(text)?),
        _ => return Ok(None),
    }))
}

/// Reads a quota in bytes; whether there is room for it is told elsewhere.
pub(super) fn quota(text: &str) -> Result<u64> {
    within(text, 0..=1 << 36)
}

/// What the GPU may take at most to stop a function, in us (section 2.5 of the hardware reference).
pub(super) const PREEMPT_MAX_US: u64 = Command::Idle.limit_ms() as u64 * 1000;
