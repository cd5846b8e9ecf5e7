// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The two DMA engines (section 3.8 of the hardware reference).

use super::mmio::Mmio;
use crate::kernel_ext::pci::VfWindow;
use kernel::{
    io::{
        register,
        Io, //
    },
    prelude::*,
    sizes::SZ_64K, //
};

register! {
    /// Run control of the first engine.
    SDMA0_F32_CNTL(u32) @ 0xd048 {
        0:0 halt => bool;
    }

    /// Run control of the second engine.
    SDMA1_F32_CNTL(u32) @ 0xd848 {
        0:0 halt => bool;
    }
}

/// Bytes of a VF's register BAR that [`release_vf`] needs.
pub(crate) const WINDOW: usize = SZ_64K;

/// Lets both engines go, as seen by the PF (section 4.9).
pub(crate) fn release(mmio: &Mmio<'_>) {
    mmio.write_reg(SDMA0_F32_CNTL::from(0));
    mmio.write_reg(SDMA1_F32_CNTL::from(0));
}

/// The same, as seen by a VF.
pub(crate) fn release_vf(registers: &VfWindow) -> Result {
    registers.write32(0, 0xd048)?;
    registers.write32(0, 0xd848)
}
