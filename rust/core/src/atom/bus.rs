// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What a command table can reach: the one trait between the interpreter and a card.
//!
//! Indirect I/O has no method of its own: its programs are part of the image and come down to registers.

use core::fmt;

/// An address space of the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Space {
    /// MMIO registers, by dword index: up to 1fffe, more than the 10000 behind the PF's BAR5.
    Register,
    /// PLL registers, by number up to ff. amdgpu reads 0 and ignores writes: this card's are reached by other ways.
    Pll,
    /// Memory controller registers, by number up to ff; as for [`Space::Pll`].
    Mc,
    /// The PCI configuration space: what a table names after SET_PCI_PORT.
    PciConfig,
    /// I/O ports: what a table names after SET_SYS_IO_PORT.
    SystemIo,
}

impl Space {
    /// Its name as a person reads it.
    pub fn name(self) -> &'static str {
        match self {
            Space::Register => "register",
            Space::Pll => "PLL register",
            Space::Mc => "MC register",
            Space::PciConfig => "PCI configuration register",
            Space::SystemIo => "I/O port",
        }
    }
}

/// The bus does not do what a table wants; the text says why, as in "refused: {reason}".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused(pub &'static str);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A card, as command tables see it.
///
/// A refusal ends the table. Besides registers out of reach it is for cards that went away and for a deadline of the
/// caller's: the interpreter counts steps and delays, but has no clock.
pub trait Bus {
    /// Reads a register.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the register cannot be reached or the table shall end.
    fn read(&mut self, space: Space, index: u32) -> Result<u32, Refused>;

    /// Writes a register.
    ///
    /// # Errors
    ///
    /// As for [`Bus::read`].
    fn write(&mut self, space: Space, index: u32, value: u32) -> Result<(), Refused>;

    /// Waits for at least so many microseconds, at most 255,000; may sleep.
    fn delay_us(&mut self, us: u32);
}

impl<B: Bus + ?Sized> Bus for &mut B {
    fn read(&mut self, space: Space, index: u32) -> Result<u32, Refused> {
        (**self).read(space, index)
    }

    fn write(&mut self, space: Space, index: u32, value: u32) -> Result<(), Refused> {
        (**self).write(space, index, value)
    }

    fn delay_us(&mut self, us: u32) {
        (**self).delay_us(us);
    }
}
