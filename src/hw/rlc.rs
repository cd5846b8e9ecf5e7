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
    /// Run control of RLC.
    RLC_CNTL(u32) @ 0x3b000 {
        0:0 enable_f32 => bool;
    }

    /// Threads of RLC that may run.
    RLC_GPM_THREAD_ENABLE(u32) @ 0x3b114 {
        31:0 value;
    }

    /// Run control of RLC-V.
    RLC_GPU_IOV_F32_CNTL(u32) @ 0x3ed18 {
        0:0 enable => bool;
    }

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

/// What clock gating is set to.
pub(crate) fn clock_gating(mmio: &Mmio<'_>) -> u32 {
    mmio.read(RLC_CGCG_CGLS_CTRL).into()
}

/// Sets it.
pub(crate) fn set_clock_gating(mmio: &Mmio<'_>, value: u32) {
    mmio.write_reg(RLC_CGCG_CGLS_CTRL::from(value));
}

/// Starts RLC and RLC-V, which a VF's reset stops (section 4.11, step 7).
pub(crate) fn enable(mmio: &Mmio<'_>) {
    mmio.write_reg(RLC_GPM_THREAD_ENABLE::from(ALL_THREADS));
    mmio.update(RLC_GPU_IOV_F32_CNTL, |r| r.with_enable(true));
    mmio.update(RLC_CNTL, |r| r.with_enable_f32(true));
}

/// All four threads.
const ALL_THREADS: u32 = 0xf;

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
    read: clock_gating,
    write: set_clock_gating,
    change: |_| CGCG_OFF,
};

/// Dwords of the scratch RAM that hold the state of a VF (section 4.9).
const STATE: usize = 256;

/// Dwords that are written back after a VF's function-level reset: first and last index of each range (section 4.11).
const RESTORED: [(usize, usize); 2] = [(0x00, 0x28), (0xb0, 0xce)];

/// What RLC-V keeps of a VF, as `SAVE_RLCV_STATE` leaves it in the scratch RAM.
#[derive(Clone, Copy)]
pub(crate) struct State([u32; STATE]);

impl State {
    /// Reads the state that `SAVE_RLCV_STATE` has just left.
    pub(crate) fn read(mmio: &Mmio<'_>) -> Self {
        let mut state = [0; STATE];
        select(mmio, 0);
        for dword in &mut state {
            *dword = mmio.read(RLC_GPU_IOV_SCRATCH_DATA).into();
        }
        Self(state)
    }

    /// The state, to be kept elsewhere.
    pub(crate) fn dwords(&self) -> &[u32] {
        &self.0
    }

    /// A state that was kept elsewhere; `None` if that is not its length.
    pub(crate) fn from_dwords(dwords: &[u32]) -> Option<Self> {
        Some(Self(dwords.try_into().ok()?))
    }

    /// Writes the state for `LOAD_RLCV_STATE`.
    pub(crate) fn write(&self, mmio: &Mmio<'_>) {
        for (first, last) in RESTORED {
            select(mmio, first as u32);
            for dword in &self.0[first..=last] {
                mmio.write_reg(RLC_GPU_IOV_SCRATCH_DATA::from(*dword));
            }
        }
    }
}
