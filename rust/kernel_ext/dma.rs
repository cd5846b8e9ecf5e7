// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! DMA addressing, without the obligations of [`kernel::dma::Device`], and coherent memory in one form for all kernels.

use kernel::{
    device,
    dma::{
        Coherent,
        Device,
        DmaAddress,
        DmaMask, //
    },
    pci,
    prelude::*,
    ptr::KnownSize, //
};

/// [`kernel::io::io_read`] and [`kernel::io::io_write`], which had a form of their own for coherent memory before 7.3.
#[cfg(not(before_7_3))]
pub(crate) use kernel::io::{
    io_read as read,
    io_write as write, //
};

#[cfg(before_7_3)]
pub(crate) use kernel::{
    dma_read as read,
    dma_write as write, //
};

/// Says that the device can address `bits` bits, in streaming and coherent mappings. To be called at the beginning of
/// probe, before anything is mapped.
pub(crate) fn set_mask(dev: &pci::Device<device::Core<'_>>, bits: u32) -> Result {
    let mask = DmaMask::try_new(bits)?;
    // SAFETY: A `Core` reference exists only in callbacks of the driver core; in probe, which this is for, nobody else
    // has the device to map anything.
    unsafe { dev.dma_set_mask_and_coherent(mask) }
}

/// The address that the device has for coherent memory.
pub(crate) fn address<T: KnownSize + ?Sized>(memory: &Coherent<T>) -> DmaAddress {
    #[cfg(not(before_7_3))]
    return memory.dma_address();
    #[cfg(before_7_3)]
    memory.dma_handle()
}
