// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! `sriov_admin/.bulk_profile/`: the profiles of all VFs at once.

use super::{
    priority,
    quantum,
    weight, //
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
    sync::Arc, //
};

pub(super) struct Bulk<'a>(pub(super) Arc<Gpu<'a>>);

const fn wo(name: &'static CStr) -> Attribute {
    Attribute { name, mode: 0o200 }
}

impl Attributes for Bulk<'_> {
    const ALL: &'static [Attribute] =
        &[wo(c"exec_quantum_ms"), wo(c"sched_priority"), wo(c"weight")];

    fn show(&self, _index: usize, _to: &mut Text<'_>) -> Result {
        Err(EPERM)
    }

    fn store(&self, index: usize, text: &str) -> Result {
        for vf in VfId::all() {
            self.0.administrate(match index {
                0 => Admin::Quantum(vf, quantum(text)?),
                1 => Admin::Priority(vf, priority(text)?),
                _ => Admin::Weight(vf, weight(text)?),
            })?;
        }
        Ok(())
    }
}
