// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The register BAR, and settings that are undone.

use kernel::{
    io::Io,
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

enum Step {
    Setting(&'static Setting),
    /// A register by its offset in bytes.
    Register(usize),
}

/// What was changed, to be undone in the opposite order.
pub(crate) struct Undo(KVec<(Step, u32)>);

impl Undo {
    /// Nothing changed yet.
    pub(crate) fn new() -> Self {
        Self(KVec::new())
    }

    /// Changes a setting and keeps what was found.
    ///
    /// # Errors
    ///
    /// `ENOMEM` if it cannot be remembered; nothing was changed then.
    pub(crate) fn change(&mut self, mmio: &Mmio<'_>, setting: &'static Setting) -> Result {
        let found = (setting.read)(mmio);
        self.0.push((Step::Setting(setting), found), GFP_KERNEL)?;
        (setting.write)(mmio, (setting.change)(found));
        Ok(())
    }

    /// Keeps what a register has, by its offset in bytes, before somebody else changes it.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; `EINVAL` for an offset outside the BAR.
    pub(crate) fn remember(&mut self, mmio: &Mmio<'_>, offset: usize) -> Result {
        let found = mmio.try_read32(offset)?;
        Ok(self.0.push((Step::Register(offset), found), GFP_KERNEL)?)
    }

    /// What was found, in order.
    pub(crate) fn values(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().map(|(_, found)| *found)
    }

    /// Puts what another driver has found in place of what this one has, unless it had changed other things.
    pub(crate) fn replace(&mut self, values: &[u32]) {
        if values.len() == self.0.len() {
            for ((_, found), value) in self.0.iter_mut().zip(values) {
                *found = *value;
            }
        }
    }

    /// Puts everything back.
    pub(crate) fn undo(&mut self, mmio: &Mmio<'_>) {
        while let Some((step, found)) = self.0.pop() {
            match step {
                Step::Setting(setting) => (setting.write)(mmio, found),
                // It was read there.
                Step::Register(offset) => drop(mmio.try_write32(found, offset)),
            }
        }
    }
}
