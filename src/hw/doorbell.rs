// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The PF's doorbells (section 1.2 of the hardware reference).

use kernel::{
    io::Io,
    pci,
    sizes::SZ_2M, //
};

/// Number of the doorbell BAR.
pub(crate) const BAR: u32 = 2;

/// Its size in bytes.
pub(crate) const SIZE: usize = SZ_2M;

/// The doorbell BAR.
pub(crate) struct Doorbells<'a>(pub(crate) pci::Bar<'a, SIZE>);

impl Doorbells<'_> {
    /// Writes a doorbell, by its dword index; one outside the BAR is ignored.
    pub(crate) fn ring(&self, index: u32, value: u32) {
        // The indices in use are constants of the card, all of them inside.
        let _ = self.0.try_write32(value, index as usize * 4);
    }
}
