// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! A card made of numbers: a register that was never written reads as a hash of its address, so that two interpreters
//! see the same card.
//!
//! The same as in qemu-test/tests/vbios/amdgpu_atom/main.c, which must change with it.

use gim_core::atom::{Bus, Refused, Space};
use std::collections::HashMap;
use std::fmt::Write;

/// What a register holds that nobody has written; one in sixteen is all zeros, one all ones.
pub fn hash(seed: u32, space: u32, index: u32) -> u32 {
    let mut h = seed ^ space.wrapping_mul(0x9e37_79b1) ^ index.wrapping_mul(0x85eb_ca6b);
    h ^= h >> 15;
    h = h.wrapping_mul(0x2c1b_3c6d);
    h ^= h >> 12;
    h = h.wrapping_mul(0x297a_2d39);
    h ^= h >> 15;
    match h & 0xf {
        0 => 0,
        1 => u32::MAX,
        _ => h,
    }
}

/// The letter that a space has in the trace, and its number in the hash.
fn letter(space: Space) -> (char, u32) {
    match space {
        Space::Register => ('r', 0),
        Space::Pll => ('p', 1),
        Space::Mc => ('m', 2),
        Space::PciConfig => ('c', 3),
        Space::SystemIo => ('i', 4),
    }
}

/// The card, with a text of all that was done to it.
pub struct Card {
    /// What the hashes start from; without, unwritten registers are 0.
    seed: Option<u32>,
    written: HashMap<(u32, u32), u32>,
    /// One line for each access and delay.
    pub trace: String,
}

impl Card {
    /// A card on which nothing was written yet.
    pub fn new(seed: u32) -> Self {
        Self {
            seed: Some(seed),
            written: HashMap::new(),
            trace: String::new(),
        }
    }

    /// A card whose registers are all 0.
    pub fn cold() -> Self {
        Self {
            seed: None,
            ..Self::new(0)
        }
    }

    fn note(&mut self, line: std::fmt::Arguments<'_>) {
        self.trace
            .write_fmt(line)
            .expect("writing to a string cannot fail");
    }
}

impl Bus for Card {
    fn read(&mut self, space: Space, index: u32) -> Result<u32, Refused> {
        let (letter, number) = letter(space);
        let value = match self.written.get(&(number, index)) {
            Some(value) => *value,
            None => self.seed.map_or(0, |seed| hash(seed, number, index)),
        };
        self.note(format_args!("{letter} {index:x} {value:x}\n"));
        Ok(value)
    }

    fn write(&mut self, space: Space, index: u32, value: u32) -> Result<(), Refused> {
        let (letter, number) = letter(space);
        self.written.insert((number, index), value);
        let letter = letter.to_ascii_uppercase();
        self.note(format_args!("{letter} {index:x} {value:x}\n"));
        Ok(())
    }

    fn delay_us(&mut self, us: u32) {
        self.note(format_args!("d {us}\n"));
    }
}
