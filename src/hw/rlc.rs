// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! RLC, the run list controller, and RLC-V, its part for virtualization (section 3.7 of the hardware reference).

use super::mmio::{
    Mmio,
    Setting, //
};
use kernel::io::{
    register,
    Io, //
};

register! {
    /// Coarse-grain clock gating.
    RLC_CGCG_CGLS_CTRL(u32) @ 0x3b124 {
        31:0 value;
    }

    /// Index into the RLC-V scratch RAM; counts up by itself at each access to the data.
    RLC_GPU_IOV_SCRATCH_ADDR(u32) @ 0x3ed10 {
        8:0 addr;
    }

    /// The dword of the RLC-V scratch RAM at the index.
    RLC_GPU_IOV_SCRATCH_DATA(u32) @ 0x3ed14 {
        31:0 value;
    }
}

/// Scratch dword that limits how much framebuffer RLC-V clears at INIT.
const SCRATCH_CLEAR_LIMIT: u32 = 0x20;
/// The C driver's value for it (section 3.7).
const CLEAR_LIMIT: u32 = 0x0001_0000;

/// Clock gating off; with it on, RLC-V may hang as it enters safe mode (section 3.7).
const CGCG_OFF: u32 = 0x0020_003c;

fn select(mmio: &Mmio<'_>, index: u32) {
    mmio.write_reg(RLC_GPU_IOV_SCRATCH_ADDR::from(index));
}

/// A limit on the framebuffer that RLC-V clears itself.
pub(crate) static CLEAR_LIMITED: Setting = Setting {
    read: |mmio| {
        select(mmio, SCRATCH_CLEAR_LIMIT);
        mmio.read(RLC_GPU_IOV_SCRATCH_DATA).into()
    },
    write: |mmio, value| {
        select(mmio, SCRATCH_CLEAR_LIMIT);
        mmio.write_reg(RLC_GPU_IOV_SCRATCH_DATA::from(value));
    },
    change: |_| CLEAR_LIMIT,
};

/// Coarse-grain clock gating off.
pub(crate) static CLOCK_GATING_OFF: Setting = Setting {
    read: |mmio| mmio.read(RLC_CGCG_CGLS_CTRL).into(),
    write: |mmio, value| mmio.write_reg(RLC_CGCG_CGLS_CTRL::from(value)),
    change: |_| CGCG_OFF,
};
