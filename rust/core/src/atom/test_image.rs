// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Images and cards for the tests of AtomBIOS.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing
)]

use super::vbios::Image;
use super::{Bus, Interpreter, Limits, Memory, Refused, Space, Tables};
use super::{SCRATCH_DWORDS, WORKSPACE_DWORDS};

const PCIR: usize = 0x200;
const ATOM: usize = 0x240;
const COMMANDS: usize = 0x280;
const DATA: usize = 0x340;
const TABLES: usize = 0x400;
pub const LEN: usize = 0x1000;

/// An image in the making.
pub struct Builder {
    bytes: Vec<u8>,
    next: usize,
}

impl Builder {
    /// An image with firmware info (300 and 150 MHz) and no command table.
    pub fn new() -> Self {
        let mut b = Self {
            bytes: vec![0; LEN],
            next: TABLES,
        };
        b.put(0, &[0x55, 0xaa, (LEN / 512) as u8]);
        b.u16(0x18, PCIR);
        b.put(0x30, b" 761295520");
        b.u16(0x48, ATOM);
        b.put(PCIR, b"PCIR\x02\x10\x29\x69");
        b.u16(PCIR + 0x10, LEN / 512);
        b.put(ATOM + 4, b"ATOM");
        b.u16(ATOM + 0x1e, COMMANDS);
        b.u16(ATOM + 0x20, DATA);
        b.u16(COMMANDS, 4 + 2 * 0x51);
        b.u16(DATA, 4 + 2 * 0x24);
        let mut info = vec![0u8; 0x40];
        info[..2].copy_from_slice(&0x40u16.to_le_bytes());
        info[2..4].copy_from_slice(&[2, 2]);
        info[4..8].copy_from_slice(&0x0f32_0001u32.to_le_bytes());
        info[8..12].copy_from_slice(&30_000u32.to_le_bytes());
        info[12..16].copy_from_slice(&15_000u32.to_le_bytes());
        b.data(0x04, &info);
        b
    }

    pub fn put(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    pub fn u16(&mut self, at: usize, value: usize) {
        self.put(at, &(value as u16).to_le_bytes());
    }

    /// Adds a data table: all of its bytes.
    pub fn data(&mut self, index: u8, bytes: &[u8]) -> usize {
        self.place(DATA, index, bytes)
    }

    /// Points to where a command table shall be.
    pub fn command_at(&mut self, index: u8, offset: usize) {
        self.u16(COMMANDS + 4 + 2 * usize::from(index), offset);
    }

    /// Adds a command table with 16 dwords of workspace; its callees' parameters begin behind two dwords.
    pub fn command(&mut self, index: u8, code: &[u8]) -> usize {
        self.revised(index, (1, 2), code)
    }

    /// As `command`, with a revision.
    pub fn revised(&mut self, index: u8, revision: (u8, u8), code: &[u8]) -> usize {
        let mut bytes = ((code.len() + 6) as u16).to_le_bytes().to_vec();
        bytes.extend([revision.0, revision.1, 16, 8]);
        bytes.extend(code);
        self.place(COMMANDS, index, &bytes)
    }

    fn place(&mut self, master: usize, index: u8, bytes: &[u8]) -> usize {
        let at = self.next;
        self.put(at, bytes);
        self.u16(master + 4 + 2 * usize::from(index), at);
        self.next += bytes.len();
        at
    }

    /// The image with its checksum.
    pub fn build(&self) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        let sum = bytes.iter().fold(0u8, |s, x| s.wrapping_add(*x));
        bytes[LEN - 1] = bytes[LEN - 1].wrapping_sub(sum);
        bytes
    }

    /// Runs `f` with an interpreter of the image.
    pub fn run<T>(
        &self,
        card: &mut Card,
        limits: Limits,
        f: impl FnOnce(&mut Interpreter<'_, &mut Card>) -> T,
    ) -> T {
        let bytes = self.build();
        let image = Image::new(&bytes, 0x1002, 0x6929).unwrap();
        let mut workspace = vec![0xdead_beef; WORKSPACE_DWORDS];
        let mut scratch = vec![0; SCRATCH_DWORDS];
        let memory = Memory {
            workspace: &mut workspace,
            scratch: &mut scratch,
        };
        let tables = Tables::new(&image).unwrap();
        f(&mut Interpreter::new(tables, card, memory, limits))
    }
}

/// What a table did to a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    Read(Space, u32),
    Write(Space, u32, u32),
    Delay(u32),
}

/// A card on which every register holds what was last written, and 0 before.
#[derive(Default)]
pub struct Card {
    pub did: Vec<Did>,
    pub registers: std::collections::BTreeMap<(Space, u32), u32>,
    /// A register that it refuses.
    pub refuses: Option<u32>,
}

impl Bus for Card {
    fn read(&mut self, space: Space, index: u32) -> Result<u32, Refused> {
        if self.refuses == Some(index) {
            return Err(Refused("card is gone"));
        }
        self.did.push(Did::Read(space, index));
        Ok(self.registers.get(&(space, index)).copied().unwrap_or(0))
    }

    fn write(&mut self, space: Space, index: u32, value: u32) -> Result<(), Refused> {
        if self.refuses == Some(index) {
            return Err(Refused("card is gone"));
        }
        self.did.push(Did::Write(space, index, value));
        self.registers.insert((space, index), value);
        Ok(())
    }

    fn delay_us(&mut self, us: u32) {
        self.did.push(Did::Delay(us));
    }
}
