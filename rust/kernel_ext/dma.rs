// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! DMA addressing, without the obligations of [`kernel::dma::Device`].

use kernel::{
    device,
    dma::{
        Device,
        DmaMask, //
    },
    pci,
    prelude::*, //
};

/// Says that the device can address `bits` bits, in streaming and coherent mappings. To be called at the beginning of
/// probe, before anything is mapped.
pub(crate) fn set_mask(dev: &pci::Device<device::Core<'_>>, bits: u32) -> Result {
    let mask = DmaMask::try_new(bits)?;
    // SAFETY: A `Core` reference exists only in callbacks of the driver core; in probe, which this is for, nobody else
    // has the device to map anything.
    unsafe { dev.dma_set_mask_and_coherent(mask) }
}
