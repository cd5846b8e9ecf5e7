// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What the users of VFs do with them, as the driver that gives VFs to them (`vfio/`) tells: comes from elsewhere, goes to
//! the worker.

use crate::{
    gim_core::{
        engine::Event,
        vfid::VfId, //
    },
    gpu::Gpu,
    kernel_ext::vf_events::{
        Listener,
        VfEvent, //
    },
};
use kernel::prelude::*;

impl Listener for Gpu<'_> {
    fn vf_event(&self, index: u32, event: VfEvent) -> Result {
        let vf = VfId::from_index(index).ok_or(EINVAL)?;
        self.send(match event {
            VfEvent::Opened => Event::UserCame { vf },
            VfEvent::Closed => Event::UserLeft { vf },
            VfEvent::Reset if self.is_own_reset(vf) => return Ok(()),
            VfEvent::Reset => Event::UserReset { vf },
        });
        Ok(())
    }
}
