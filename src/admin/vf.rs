// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! `sriov_admin/vf<N>/`: what a VF is doing, and how to stop and reset it.

use super::line;
use crate::{
    gim_core::{
        engine::Admin,
        vf::{
            Chore,
            State, //
        },
        vfid::VfId, //
    },
    gpu::Gpu,
    kernel_ext::sysfs::{
        number,
        truth,
        Attribute,
        Attributes,
        Text, //
    },
};
use kernel::{
    prelude::*,
    sync::Arc, //
};

pub(super) struct Vf<'a>(pub(super) Arc<Gpu<'a>>, pub(super) VfId);

impl Attributes for Vf<'_> {
    const ALL: &'static [Attribute] = &[
        Attribute::ro(c"state"),
        Attribute::wo(c"stop"),
        Attribute::wo(c"reset"),
        Attribute::wo(c"clear"),
    ];

    fn show(&self, _index: usize, to: &mut Text<'_>) -> Result {
        line(to, self.0.engine.lock().state(self.1))
    }

    fn store(&self, index: usize, text: &str) -> Result {
        let vf = self.1;
        if index == 3 {
            let byte = u8::try_from(number(text)?)?;
            if self.0.engine.lock().state(vf) == State::Disabled {
                return Err(ENODEV);
            }
            return self.0.administrate(Admin::Chore(vf, Chore::Fill(byte)));
        }
        self.0.administrate(match (index, truth(text)?) {
            (1, true) => Admin::Stop(vf),
            (1, false) => Admin::Allow(vf),
            (_, true) => Admin::Reset(vf),
            (_, false) => return Err(EINVAL),
        })
    }
}
