// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! `sriov_admin/vf<N>/stats/`: what a VF used and caused since it was enabled.

use super::{
    line,
    NS_PER_MS,
    NS_PER_US, //
};
use crate::{
    gim_core::{
        vf::{
            Milestone,
            Reason, //
        },
        vfid::VfId, //
    },
    gpu::Gpu,
    kernel_ext::{
        sysfs::{
            Attribute,
            Attributes,
            Text, //
        },
        time::unix_ns, //
    },
};
use kernel::{
    prelude::*,
    sync::Arc, //
};

pub(super) struct Stats<'a>(pub(super) Arc<Gpu<'a>>, pub(super) VfId);

/// Index of the first reason of resets, in the order of [`Reason::ALL`].
const FIRST_REASON: usize = 6;
/// Index of the first time at which something last happened, in the order of [`Milestone::ALL`].
const FIRST_TIME: usize = FIRST_REASON + Reason::ALL.len();

impl Attributes for Stats<'_> {
    const ALL: &'static [Attribute] = &[
        Attribute::ro(c"gpu_time_us"),
        Attribute::ro(c"exclusive_time_us"),
        Attribute::ro(c"runs"),
        Attribute::ro(c"exclusive_accesses"),
        Attribute::ro(c"messages"),
        Attribute::ro(c"refused_requests"),
        Attribute::ro(c"resets_idle"),
        Attribute::ro(c"resets_save"),
        Attribute::ro(c"resets_load"),
        Attribute::ro(c"resets_run"),
        Attribute::ro(c"resets_start"),
        Attribute::ro(c"resets_exclusive_timeout"),
        Attribute::ro(c"resets_guest"),
        Attribute::ro(c"resets_user"),
        Attribute::ro(c"resets_administrator"),
        Attribute::ro(c"resets_gpu"),
        Attribute::ro(c"last_init_start_ms"),
        Attribute::ro(c"last_init_end_ms"),
        Attribute::ro(c"last_fini_start_ms"),
        Attribute::ro(c"last_fini_end_ms"),
        Attribute::ro(c"last_reset_ms"),
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
            FIRST_REASON..FIRST_TIME => {
                let reason = Reason::ALL.get(index - FIRST_REASON).ok_or(EINVAL)?;
                stats.resets(*reason).into()
            }
            _ => {
                let what = Milestone::ALL.get(index - FIRST_TIME).ok_or(EINVAL)?;
                match stats.last(*what) {
                    0 => 0,
                    at => unix_ns(at) / NS_PER_MS,
                }
            }
        };
        line(to, value)
    }
}
