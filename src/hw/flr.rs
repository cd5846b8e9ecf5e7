// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Function-level reset of a VF, and the registers that it must not lose (section 4.11 of the hardware reference).

use super::{
    mmio::Mmio,
    rlc,
    strap, //
};
use crate::kernel_ext::pci::{
    reset_vf,
    VfWindow, //
};
use kernel::{
    device::Bound,
    pci,
    prelude::*,
    sizes::SZ_64K,
    time::{
        delay::fsleep,
        Delta, //
    },
};

/// What a guest has to notice that it will be reset.
const NOTICE: Delta = Delta::from_millis(10);

/// Bytes of a VF's register BAR that are needed.
pub(crate) const WINDOW: usize = SZ_64K;

/// SDMA0_DOORBELL, SDMA1_DOORBELL.
const DOORBELLS: [usize; 2] = [0xd248, 0xda48];
/// A doorbell that was rung, which is not to be written back.
const DOORBELL_CAPTURED: u32 = 1 << 30;
/// CP_CPC_IC_BASE_LO, _HI, _CNTL.
const INSTRUCTION_CACHE: [usize; 3] = [0xc2e4, 0xc2e8, 0xc2ec];

/// Registers of a VF that its reset must not lose.
pub(crate) struct Saved {
    doorbells: [u32; 2],
    instruction_cache: [u32; 3],
    clock_gating: u32,
}

impl Saved {
    fn read(mmio: &Mmio<'_>, vf: &VfWindow) -> Result<Self> {
        let mut saved = Self {
            doorbells: [0; 2],
            instruction_cache: [0; 3],
            clock_gating: rlc::clock_gating(mmio),
        };
        for (value, offset) in saved.doorbells.iter_mut().zip(DOORBELLS) {
            *value = vf.read32(offset)? & !DOORBELL_CAPTURED;
        }
        for (value, offset) in saved.instruction_cache.iter_mut().zip(INSTRUCTION_CACHE) {
            *value = vf.read32(offset)?;
        }
        Ok(saved)
    }

    /// Writes them back, once the VF's RLC-V state is loaded.
    pub(crate) fn write(&self, mmio: &Mmio<'_>, vf: &VfWindow) -> Result {
        for (value, offset) in self.instruction_cache.iter().zip(INSTRUCTION_CACHE) {
            vf.write32(*value, offset)?;
        }
        rlc::set_clock_gating(mmio, self.clock_gating);
        for (value, offset) in self.doorbells.iter().zip(DOORBELLS) {
            vf.write32(*value, offset)?;
        }
        Ok(())
    }
}

/// Resets the VF with index `index`, from 0, whose registers `vf` shows; what the PCI core keeps of a function stays.
///
/// # Errors
///
/// `ENODEV` if there is no such VF, `EAGAIN` if somebody else holds it, others of the PCI core.
pub(crate) fn reset(
    dev: &pci::Device<Bound>,
    mmio: &Mmio<'_>,
    vf: &VfWindow,
    index: u16,
) -> Result<Saved> {
    fsleep(NOTICE);
    let saved = Saved::read(mmio, vf)?;
    let straps = strap::allow_flr(mmio);
    let result = reset_vf(dev, index);
    straps.restore(mmio);
    result.map(|()| saved)
}
