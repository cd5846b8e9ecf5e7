// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! HDP, the way from the bus to video memory: which part of it the PF's framebuffer BAR shows (section 3.9 of the
//! hardware reference).

use super::{
    bars,
    mmio::Mmio, //
};
use crate::gim_core::atom::firmware::RESERVED_BYTES;
use kernel::{
    device::Bound,
    io::{
        register,
        Io, //
    },
    pci,
    prelude::*, //
};

register! {
    /// How accesses from the bus are done.
    HDP_HOST_PATH_CNTL(u32) @ 0x2c00 {
        22:21 write_combining;
    }

    /// What of the memory controller's addresses BAR0 shows, in units of 256 bytes.
    HDP_NONSURFACE_BASE(u32) @ 0x2c04 {
        31:0 base;
    }

    /// Video memory in MB, without the reserved part at its end (section 3.1).
    CONFIG_MEMSIZE(u32) @ 0x5428 {
        31:0 mb;
    }

    /// A write has what came before it arrive in memory.
    HDP_MEM_COHERENCY_FLUSH_CNTL(u32) @ 0x5480 {
        31:0 value;
    }
}

/// Bytes of the window.
const LEN: usize = RESERVED_BYTES as usize;
/// Units of HDP_NONSURFACE_BASE in a MB, as a shift.
const MB_SHIFT: u32 = 12;

/// BAR0 shows the part of video memory that is reserved for firmware while this lives; nobody else may use BAR0.
pub(crate) struct Reserved<'r, 'a> {
    mmio: &'r Mmio<'a>,
    window: pci::Bar<'r, LEN>,
    base: u32,
}

impl<'r, 'a> Reserved<'r, 'a> {
    /// Opens the window of a card that knows its memory (section 4.4, steps 2 and 4).
    ///
    /// # Errors
    ///
    /// `EBUSY` if somebody else has BAR0, `ENOMEM` if it cannot be mapped.
    pub(crate) fn new(dev: &'r pci::Device<Bound>, mmio: &'r Mmio<'a>) -> Result<Self> {
        let window = dev.iomap_region_sized::<LEN>(bars::FRAMEBUFFER, c"gim")?;
        mmio.update(HDP_HOST_PATH_CNTL, |r| r.with_const_write_combining::<0>());
        let base = u32::from(mmio.read(HDP_NONSURFACE_BASE));
        let mb = u32::from(mmio.read(CONFIG_MEMSIZE));
        mmio.write_reg(HDP_NONSURFACE_BASE::from(base.wrapping_add(mb << MB_SHIFT)));
        Ok(Self { mmio, window, base })
    }

    /// Writes a dword at a byte offset.
    ///
    /// # Errors
    ///
    /// `EINVAL` outside the window.
    pub(crate) fn write(&self, value: u32, offset: u32) -> Result {
        self.window.try_write32(value, offset as usize)
    }

    /// Reads a dword at a byte offset.
    ///
    /// # Errors
    ///
    /// `EINVAL` outside the window.
    pub(crate) fn read(&self, offset: u32) -> Result<u32> {
        self.window.try_read32(offset as usize)
    }

    /// Has what was written arrive in memory.
    pub(crate) fn flush(&self) {
        // The read has the writes before it leave the way to the card.
        let _ = self.window.try_read32(0);
        self.mmio.write_reg(HDP_MEM_COHERENCY_FLUSH_CNTL::from(1));
    }
}

impl Drop for Reserved<'_, '_> {
    fn drop(&mut self) {
        self.flush();
        self.mmio.write_reg(HDP_NONSURFACE_BASE::from(self.base));
        // BAR0 shows what it did before when this returns.
        let _ = self.mmio.read(HDP_NONSURFACE_BASE);
    }
}
