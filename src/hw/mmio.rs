// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The register BAR, and settings that are undone.

use kernel::{
    alloc::AllocError,
    pci,
    prelude::*,
    sizes::SZ_256K, //
};

/// Number of the register BAR (section 1.2).
pub(crate) const BAR: u32 = 5;

/// Size of the PF's register BAR in bytes (section 1.2).
pub(crate) const SIZE: usize = SZ_256K;

/// The PF's registers.
pub(crate) type Mmio<'a> = pci::Bar<'a, SIZE>;

/// One thing of the card that the driver sets when it comes and puts back when it goes.
pub(crate) struct Setting {
    /// Reads it.
    pub(crate) read: fn(&Mmio<'_>) -> u32,
    /// Writes it.
    pub(crate) write: fn(&Mmio<'_>, u32),
    /// What it is to be, from what it is.
    pub(crate) change: fn(u32) -> u32,
}

/// What was changed, to be undone in the opposite order.
pub(crate) struct Undo(KVec<(&'static Setting, u32)>);

impl Undo {
    /// Nothing changed yet.
    pub(crate) fn new() -> Self {
        Self(KVec::new())
    }

    /// Changes a setting and keeps what was found.
    ///
    /// # Errors
    ///
    /// If there is no memory to remember it; nothing was changed then.
    pub(crate) fn change(
        &mut self,
        mmio: &Mmio<'_>,
        setting: &'static Setting,
    ) -> Result<(), AllocError> {
        self.0.reserve(1, GFP_KERNEL)?;
        let found = (setting.read)(mmio);
        (setting.write)(mmio, (setting.change)(found));
        self.0.push((setting, found), GFP_KERNEL)
    }

    /// Puts everything back.
    pub(crate) fn undo(&mut self, mmio: &Mmio<'_>) {
        while let Some((setting, found)) = self.0.pop() {
            (setting.write)(mmio, found);
        }
    }
}
