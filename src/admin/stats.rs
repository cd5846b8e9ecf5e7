// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! `sriov_admin/vf<N>/stats/`: what a VF used and caused since it was enabled.

use super::line;
use crate::{
    gim_core::{
        vf::Reason,
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

pub(super) struct Stats<'a>(pub(super) Arc<Gpu<'a>>, pub(super) VfId);

const fn ro(name: &'static CStr) -> Attribute {
    Attribute { name, mode: 0o444 }
}

const NS_PER_US: u64 = 1000;
/// Index of the first reason of resets, in the order of [`Reason::ALL`].
const FIRST_REASON: usize = 6;

impl Attributes for Stats<'_> {
    const ALL: &'static [Attribute] = &[
        ro(c"gpu_time_us"),
        ro(c"exclusive_time_us"),
        ro(c"runs"),
        ro(c"exclusive_accesses"),
        ro(c"messages"),
        ro(c"refused_requests"),
        ro(c"resets_idle"),
        ro(c"resets_save"),
        ro(c"resets_load"),
        ro(c"resets_run"),
        ro(c"resets_start"),
        ro(c"resets_exclusive_timeout"),
        ro(c"resets_guest"),
        ro(c"resets_user"),
        ro(c"resets_administrator"),
        ro(c"resets_gpu"),
    ];

    fn show(&self, index: usize, to: &mut Text<'_>) -> Result {
        let stats = *self.0.engine.lock().stats(self.1);
        let value = match index {
            0 => stats.gpu_ns / NS_PER_US,
            1 => stats.exclusive_ns / NS_PER_US,
            2 => stats.runs,
            3 => stats.exclusives,
            4 => stats.messages,
            5 => stats.refused,
            _ => {
                let reason = Reason::ALL.get(index - FIRST_REASON).ok_or(EINVAL)?;
                stats.resets(*reason).into()
            }
        };
        line(to, value)
    }

    fn store(&self, _index: usize, _text: &str) -> Result {
        Err(EPERM)
    }
}
