// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Indirect I/O: small programs in a data table that reach registers behind index and data pairs.
//!
//! A port has two programs, number n to read and n + 80 to write. They have no jumps, so each ends within the image.
//! Opcodes: section 5.1 of the hardware reference.

use super::bus::{Bus, Space};
use super::data::INDIRECT_IO;
use super::error::Kind;
use super::interpreter::Interpreter;
use super::tables::{Bytes, Tables};

const NOP: u8 = 0;
const START: u8 = 1;
const READ: u8 = 2;
const WRITE: u8 = 3;
const CLEAR: u8 = 4;
const SET: u8 = 5;
const MOVE_INDEX: u8 = 6;
const MOVE_ATTRIBUTES: u8 = 7;
const MOVE_DATA: u8 = 8;
const END: u8 = 9;

/// What a program starts with (amdgpu's value).
const INITIAL: u32 = 0xcdcd_cdcd;

/// Length of the common header, which precedes the programs.
const HEADER: usize = 4;

/// Length of an operation with its operands.
fn length(opcode: u8) -> Option<usize> {
    Some(match opcode {
        NOP => 1,
        START => 2,
        READ | WRITE | CLEAR | SET | END => 3,
        MOVE_INDEX | MOVE_ATTRIBUTES | MOVE_DATA => 4,
        _ => return None,
    })
}

/// Where the programs of all ports are: offset in the image, 0 for none.
#[derive(Clone, Debug)]
pub(super) struct Programs([u16; 256]);

impl Programs {
    /// Finds the programs, as far as they are well-formed; an image may have none at all.
    pub(super) fn find(tables: &Tables<'_>) -> Self {
        let mut programs = Self([0; 256]);
        let table = tables.data_offset(INDIRECT_IO).unwrap_or(0);
        if table != 0 {
            // Ends at what is no program; what came before it counts.
            let _ = programs.scan(tables.bytes(), table.saturating_add(HEADER));
        }
        programs
    }

    fn scan(&mut self, bytes: Bytes<'_>, mut at: usize) -> Option<()> {
        while bytes.u8(at)? == START {
            let port = bytes.u8(at.checked_add(1)?)?;
            let start = u16::try_from(at.checked_add(2)?).ok()?;
            at = usize::from(start);
            loop {
                let opcode = bytes.u8(at)?;
                at = at.checked_add(length(opcode)?)?;
                if opcode == END {
                    break;
                }
            }
            *self.0.get_mut(usize::from(port))? = start;
        }
        Some(())
    }

    fn start(&self, port: u8) -> Option<usize> {
        self.0
            .get(usize::from(port))
            .filter(|start| **start != 0)
            .map(|start| usize::from(*start))
    }
}

/// `len` ones at bit `shift`; `None` if the field is empty, longer than a dword, or starts outside of it.
fn ones(len: u8, shift: u8) -> Option<u32> {
    u32::MAX
        .checked_shr(32u32.checked_sub(u32::from(len))?)?
        .checked_shl(u32::from(shift))
}

/// Takes `len` bits at bit `from` of `value` to bit `to` of `old`.
fn move_bits(old: u32, value: u32, len: u8, from: u8, to: u8) -> Option<u32> {
    let bits = value.checked_shr(u32::from(from))? & ones(len, 0)?;
    Some(old & !ones(len, to)? | bits.checked_shl(u32::from(to))?)
}

impl<B: Bus> Interpreter<'_, B> {
    /// Runs the program of `port`: reads the register `index` (the result counts), or writes `data` to it.
    pub(super) fn indirect(&mut self, port: u8, index: u32, data: u32) -> Result<u32, Kind> {
        let mut at = self.programs.start(port).ok_or(Kind::Port { port })?;
        let mut value = INITIAL;
        loop {
            self.count_step()?;
            let opcode = self.image_u8(at)?;
            let bad = Kind::Program {
                port,
                offset: at,
                opcode,
            };
            let byte = |m: &Self, n: usize| m.image_u8(at.saturating_add(n));
            match opcode {
                NOP => {}
                READ => {
                    let register = self.image_u16(at.saturating_add(1))?;
                    value = self.bus_read(Space::Register, u32::from(register))?;
                }
                WRITE => {
                    let register = self.image_u16(at.saturating_add(1))?;
                    self.bus_write(Space::Register, u32::from(register), value)?;
                }
                CLEAR => value &= !ones(byte(self, 1)?, byte(self, 2)?).ok_or(bad)?,
                SET => value |= ones(byte(self, 1)?, byte(self, 2)?).ok_or(bad)?,
                MOVE_INDEX | MOVE_ATTRIBUTES | MOVE_DATA => {
                    let source = match opcode {
                        MOVE_INDEX => index,
                        MOVE_DATA => data,
                        _ => u32::from(self.state.attributes),
                    };
                    let (len, from, to) = (byte(self, 1)?, byte(self, 2)?, byte(self, 3)?);
                    value = move_bits(value, source, len, from, to).ok_or(bad)?;
                }
                END => return Ok(value),
                _ => return Err(bad),
            }
            at = at.saturating_add(length(opcode).ok_or(bad)?);
        }
    }
}
