// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! `sriov_admin/.bulk_profile/`: the profiles of all VFs at once.

use super::profile::{
    quota,
    setting, //
};
use crate::{
    gim_core::vfid::VfId,
    gpu::Gpu,
    kernel_ext::sysfs::{
        Attribute,
        Attributes, //
    },
};
use kernel::{
    prelude::*,
    sync::Arc, //
};

pub(super) struct Bulk<'a>(pub(super) Arc<Gpu<'a>>);

impl Attributes for Bulk<'_> {
    // In the order of `Profile`.
    const ALL: &'static [Attribute] = &[
        Attribute::wo(c"exec_quantum_ms"),
        Attribute::wo(c"preempt_timeout_us"),
        Attribute::wo(c"sched_priority"),
        Attribute::wo(c"weight"),
        Attribute::wo(c"vram_quota"),
    ];

    fn store(&self, index: usize, text: &str) -> Result {
        for vf in VfId::all() {
            match setting(vf, index, text)? {
                Some(admin) => self.0.administrate(admin)?,
                None => return self.0.division.set_quotas(quota(text)?),
            }
        }
        Ok(())
    }
}
