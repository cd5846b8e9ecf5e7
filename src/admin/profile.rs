// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! `sriov_admin/vf<N>/profile/`: a VF's part in scheduling, and of the framebuffer.

use super::{
    choices,
    line,
    priority,
    priority_name,
    quantum,
    weight,
    NS_PER_MS,
    PRIORITIES, //
};
use crate::{
    gim_core::{
        engine::Admin,
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
    sizes::SZ_1M,
    sync::Arc, //
};

pub(super) struct Profile<'a>(pub(super) Arc<Gpu<'a>>, pub(super) VfId);

const fn rw(name: &'static CStr) -> Attribute {
    Attribute { name, mode: 0o644 }
}

impl Attributes for Profile<'_> {
    const ALL: &'static [Attribute] = &[
        rw(c"exec_quantum_ms"),
        rw(c"sched_priority"),
        rw(c"weight"),
        Attribute {
            name: c"vram_quota",
            mode: 0o444,
        },
    ];

    fn show(&self, index: usize, to: &mut Text<'_>) -> Result {
        let share = *self.0.engine.lock().settings().shares.get(self.1);
        match index {
            0 => line(to, share.quantum_ns / NS_PER_MS),
            1 => choices(to, &PRIORITIES, priority_name(share.priority)),
            2 => line(to, share.weight),
            _ => {
                let range = self.0.iov.vf_range(self.1)?;
                line(to, range.map_or(0, |r| u64::from(r.size_mb) * SZ_1M as u64))
            }
        }
    }

    fn store(&self, index: usize, text: &str) -> Result {
        let vf = self.1;
        self.0.administrate(match index {
            0 => Admin::Quantum(vf, quantum(text)?),
            1 => Admin::Priority(vf, priority(text)?),
            _ => Admin::Weight(vf, weight(text)?),
        })
    }
}
