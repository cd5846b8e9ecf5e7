// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! `sriov_admin/pf/`: the PF's own part, with `profile/` and `stats/`.

use super::{
    choices,
    line,
    profile::PREEMPT_MAX_US,
    sensors::Sensors,
    PRIORITIES, //
};
use crate::{
    division::bytes,
    gpu::Gpu,
    identity::Identity,
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

fn optional(to: &mut Text<'_>, value: Option<&impl core::fmt::Display>) -> Result {
    match value {
        Some(value) => line(to, value),
        None => line(to, ""),
    }
}

/// `pf/`.
pub(super) struct Pf<'a> {
    pub(super) gpu: Arc<Gpu<'a>>,
    pub(super) sensors: Arc<Sensors<'a>>,
    pub(super) identity: Identity,
}

impl Attributes for Pf<'_> {
    const ALL: &'static [Attribute] = &[
        Attribute::ro(c"vram_total"),
        Attribute::ro(c"gpu_busy_percent"),
        Attribute::ro(c"dpm_level"),
        Attribute::ro(c"serial_number"),
        Attribute::ro(c"vbios_version"),
        Attribute::ro(c"vbios_part_number"),
        Attribute::ro(c"vbios_date"),
    ];

    fn show(&self, index: usize, to: &mut Text<'_>) -> Result {
        let Identity {
            serial_number,
            vbios_version,
            vbios_part_number,
            vbios_date,
        } = &self.identity;
        match index {
            0 => line(to, bytes(self.gpu.iov.total_fb_mb()?.into())),
            1 => line(to, self.sensors.readings()?.busy_percent?),
            2 => line(to, self.sensors.readings()?.sclk_level),
            3 => {
                let [high, low] = serial_number;
                line(to, format_args!("{high:016x}{low:016x}"))
            }
            4 => optional(to, vbios_version.as_ref()),
            5 => line(to, vbios_part_number.as_str()),
            _ => optional(to, vbios_date.as_ref()),
        }
    }
}

/// `pf/profile/`: nothing of it can be changed, as the PF only has the GPU for what it has to do.
pub(super) struct Profile<'a>(pub(super) Arc<Gpu<'a>>);

impl Attributes for Profile<'_> {
    const ALL: &'static [Attribute] = &[
        Attribute::ro(c"exec_quantum_ms"),
        Attribute::ro(c"preempt_timeout_us"),
        Attribute::ro(c"sched_priority"),
        Attribute::ro(c"vram_quota"),
    ];

    fn show(&self, index: usize, to: &mut Text<'_>) -> Result {
        match index {
            0 => line(to, 0),
            1 => line(to, PREEMPT_MAX_US),
            2 => choices(to, &PRIORITIES, "low"),
            _ => {
                let partition = self.0.division.partition();
                line(to, partition.map_or(0, |p| bytes(p.pf().size_mb)))
            }
        }
    }
}

/// `pf/stats/`.
pub(super) struct Stats<'a>(pub(super) Arc<Gpu<'a>>);

impl Attributes for Stats<'_> {
    const ALL: &'static [Attribute] =
        &[Attribute::ro(c"gpu_resets"), Attribute::ro(c"lost_events")];

    fn show(&self, index: usize, to: &mut Text<'_>) -> Result {
        match index {
            0 => line(to, self.0.engine.lock().gpu_resets()),
            _ => line(to, self.0.lost_events()),
        }
    }
}
