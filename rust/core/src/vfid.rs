// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! A VF's number, checked once where it enters, and tables with one entry per VF.
//!
//! May not know what a VF is doing. People, PCI and this crate count VFs from 1; the card counts function ids from 0.

use super::fb::MAX_VFS;
use super::gpuiov::Function;
use core::fmt;

/// Most VFs, as a length.
pub const COUNT: usize = MAX_VFS as usize;

/// The number of a VF, 1 to [`MAX_VFS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VfId(u8);

impl VfId {
    /// VF1.
    pub const FIRST: VfId = VfId(1);

    /// `None` unless `number` is 1 to [`MAX_VFS`].
    pub fn new(number: u8) -> Option<Self> {
        (1..=MAX_VFS)
            .contains(&u32::from(number))
            .then_some(Self(number))
    }

    /// From the card's function id, which counts from 0; `None` if there is no such VF.
    pub fn from_index(index: u32) -> Option<Self> {
        Self::new(u8::try_from(index.checked_add(1)?).ok()?)
    }

    /// The number, from 1.
    pub fn number(self) -> u8 {
        self.0
    }

    /// The card's function id, from 0; always below [`COUNT`].
    pub fn index(self) -> usize {
        usize::from(self.0.saturating_sub(1))
    }

    /// This VF's bit in a mask of VFs: bit 0 is VF1.
    pub fn bit(self) -> u16 {
        1u16.checked_shl(u32::from(self.0.saturating_sub(1)))
            .unwrap_or(0)
    }

    /// The VF as a function of the card.
    pub fn function(self) -> Function {
        Function::Vf(self.0)
    }

    /// All numbers a VF can have, in order.
    pub fn all() -> impl Iterator<Item = VfId> {
        (1..=MAX_VFS as u8).map(VfId)
    }

    /// The VF after this one, VF1 after the last.
    pub fn successor(self) -> VfId {
        Self::new(self.0.saturating_add(1)).unwrap_or(Self::FIRST)
    }
}

impl fmt::Display for VfId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VF{}", self.0)
    }
}

/// One entry per VF.
#[derive(Clone, Copy, Debug)]
pub struct PerVf<T>([T; COUNT]);

impl<T: Copy> PerVf<T> {
    /// The same entry for each VF.
    pub const fn new(each: T) -> Self {
        Self([each; COUNT])
    }
}

impl<T> PerVf<T> {
    /// The entry of a VF.
    pub fn get(&self, vf: VfId) -> &T {
        // A VfId is always in range; the first entry stands in because nothing here may panic.
        let [first, ..] = &self.0;
        self.0.get(vf.index()).unwrap_or(first)
    }

    /// The entry of a VF, to change it.
    pub fn get_mut(&mut self, vf: VfId) -> &mut T {
        let [first, rest @ ..] = &mut self.0;
        match vf.index().checked_sub(1) {
            None => first,
            Some(index) => rest.get_mut(index).unwrap_or(first),
        }
    }

    /// Number and entry of each VF, in order.
    pub fn iter(&self) -> impl Iterator<Item = (VfId, &T)> {
        VfId::all().zip(self.0.iter())
    }

    /// Mask of the VFs whose entry is such: bit 0 for VF1. Quick enough for each step of a world switch.
    pub fn mask(&self, mut such: impl FnMut(&T) -> bool) -> u16 {
        let bits = self.0.iter().rev();
        bits.fold(0, |mask, each| mask << 1 | u16::from(such(each)))
    }

    /// Number and entry of each VF, in order, to change them.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (VfId, &mut T)> {
        VfId::all().zip(self.0.iter_mut())
    }
}

#[cfg(test)]
#[path = "vfid_tests.rs"]
mod tests;
