// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Operands: where a value is, which bytes of it count, and reading and writing it.
//!
//! The attribute byte after an opcode has the place of the source in bits 2:0, its alignment in bits 5:3, and that of
//! the destination in bits 7:6 (section 5.1 of the hardware reference).

use super::bus::{Bus, Space};
use super::error::Kind;
use super::interpreter::{Interpreter, Mode};

/// Where an operand is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// REG: a register of the port that is set.
    Register,
    /// PS: a parameter.
    Parameter,
    /// WS: the workspace, and the interpreter's own registers from 40 to 48.
    Workspace,
    /// FB: scratch memory, which older cards had in their framebuffer.
    Framebuffer,
    /// ID: the image, from the data block that is set.
    Image,
    /// IMM: in the code.
    Immediate,
    /// PLL.
    Pll,
    /// MC.
    Mc,
}

impl Place {
    fn of_source(attributes: u8) -> Self {
        match attributes & 7 {
            0 => Place::Register,
            1 => Place::Parameter,
            2 => Place::Workspace,
            3 => Place::Framebuffer,
            4 => Place::Image,
            5 => Place::Immediate,
            6 => Place::Pll,
            _ => Place::Mc,
        }
    }
}

/// The lane of a dword that an operation works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lane {
    /// Its bits in the dword.
    mask: u32,
    /// Its lowest bit.
    shift: u32,
}

const DWORD: Lane = Lane {
    mask: u32::MAX,
    shift: 0,
};

const fn word(shift: u32) -> Lane {
    Lane {
        mask: 0xffff << shift,
        shift,
    }
}

const fn byte(shift: u32) -> Lane {
    Lane {
        mask: 0xff << shift,
        shift,
    }
}

impl Lane {
    pub(super) fn take(self, value: u32) -> u32 {
        (value & self.mask) >> self.shift
    }

    /// `old` with `value` in this lane.
    pub(super) fn put(self, value: u32, old: u32) -> u32 {
        (value << self.shift) & self.mask | old & !self.mask
    }
}

/// The attribute byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attributes(pub(super) u8);

impl Attributes {
    fn source_alignment(self) -> u8 {
        self.0 >> 3 & 7
    }

    pub(super) fn source_place(self) -> Place {
        Place::of_source(self.0)
    }

    pub(super) fn source(self) -> Lane {
        match self.source_alignment() {
            0 => DWORD,
            1 => word(0),
            2 => word(8),
            3 => word(16),
            4 => byte(0),
            5 => byte(8),
            6 => byte(16),
            _ => byte(24),
        }
    }

    pub(super) fn source_is_dword(self) -> bool {
        self.source_alignment() == 0
    }

    /// The destination is as wide as the source; a word can also go to a whole dword.
    pub(super) fn destination(self) -> Lane {
        match (self.source_alignment(), self.0 >> 6) {
            (0, _) | (1..=3, 3) => DWORD,
            (1..=3, 0) => word(0),
            (1..=3, 1) => word(8),
            (1..=3, _) => word(16),
            (_, 0) => byte(0),
            (_, 1) => byte(8),
            (_, 2) => byte(16),
            (_, _) => byte(24),
        }
    }

    /// Length in bytes of an immediate of the source's width.
    fn immediate_len(self) -> usize {
        match self.source_alignment() {
            0 => 4,
            1..=3 => 2,
            _ => 1,
        }
    }
}

/// An operand that was decoded: a place and a number in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operand {
    pub(super) place: Place,
    /// Number of the register, parameter and so on; the value itself of an immediate.
    pub(super) index: u32,
}

// The interpreter's own registers in the workspace (section 5.1).
const QUOTIENT: u8 = 0x40;
const REMAINDER: u8 = 0x41;
const DATA_POINTER: u8 = 0x42;
const SHIFT: u8 = 0x43;
const OR_MASK: u8 = 0x44;
const AND_MASK: u8 = 0x45;
const FB_WINDOW: u8 = 0x46;
const ATTRIBUTES: u8 = 0x47;
const REGISTER_POINTER: u8 = 0x48;

/// The low half of `value`: what a 16-bit register keeps.
fn low16(value: u32) -> u16 {
    (value & 0xffff) as u16
}

impl<B: Bus> Interpreter<'_, B> {
    /// Decodes an operand in `place`; `attributes` say how wide an immediate is.
    pub(super) fn operand(
        &mut self,
        place: Place,
        attributes: Attributes,
    ) -> Result<Operand, Kind> {
        let index = match place {
            Place::Register | Place::Image => u32::from(self.fetch_u16()?),
            Place::Immediate => self.immediate(attributes)?,
            _ => u32::from(self.fetch_u8()?),
        };
        Ok(Operand { place, index })
    }

    /// Takes an immediate as wide as the source from the code.
    pub(super) fn immediate(&mut self, attributes: Attributes) -> Result<u32, Kind> {
        Ok(match attributes.immediate_len() {
            4 => self.fetch_u32()?,
            2 => u32::from(self.fetch_u16()?),
            _ => u32::from(self.fetch_u8()?),
        })
    }

    /// Decodes and reads the source.
    pub(super) fn source(
        &mut self,
        parameters: &[u32],
        attributes: Attributes,
    ) -> Result<u32, Kind> {
        let operand = self.operand(attributes.source_place(), attributes)?;
        let value = self.read(parameters, operand)?;
        Ok(match operand.place {
            // Was taken from the code with its own width, whichever lane the attributes name.
            Place::Immediate => value,
            _ => attributes.source().take(value),
        })
    }

    /// The whole dword of an operand.
    pub(super) fn read(&mut self, parameters: &[u32], operand: Operand) -> Result<u32, Kind> {
        let Operand { place, index } = operand;
        // All but registers, the image and immediates have numbers of eight bits.
        let small = (index & 0xff) as u8;
        match place {
            Place::Register => {
                let index = self.register(index);
                match self.state.mode {
                    Mode::Memory => self.bus_read(Space::Register, index),
                    Mode::PciConfig => self.bus_read(Space::PciConfig, index),
                    Mode::SystemIo => self.bus_read(Space::SystemIo, index),
                    Mode::Indirect { port } => self.indirect(port, index, 0),
                }
            }
            Place::Parameter => {
                let parameters = self.parameters(parameters);
                parameters
                    .get(usize::from(small))
                    .copied()
                    .ok_or(Kind::Parameter {
                        index: small,
                        have: parameters.len(),
                    })
            }
            Place::Workspace => self.read_workspace(small),
            Place::Framebuffer => Ok(self.scratch(small).map(|dword| *dword).unwrap_or(0)),
            Place::Image => {
                let offset = usize::from(self.state.data_block).saturating_add(index as usize);
                self.tables
                    .bytes()
                    .u32(offset)
                    .ok_or(Kind::Image { offset })
            }
            Place::Immediate => Ok(index),
            Place::Pll => self.bus_read(Space::Pll, index),
            Place::Mc => self.bus_read(Space::Mc, index),
        }
    }

    /// Writes the whole dword of a destination.
    pub(super) fn write(
        &mut self,
        parameters: &mut [u32],
        operand: Operand,
        value: u32,
    ) -> Result<(), Kind> {
        let Operand { place, index } = operand;
        let small = (index & 0xff) as u8;
        match place {
            Place::Register => {
                let index = self.register(index);
                match self.state.mode {
                    // MM_INDEX takes a byte offset, tables have dword indices.
                    Mode::Memory if index == 0 => {
                        self.bus_write(Space::Register, index, value << 2)
                    }
                    Mode::Memory => self.bus_write(Space::Register, index, value),
                    Mode::PciConfig => self.bus_write(Space::PciConfig, index, value),
                    Mode::SystemIo => self.bus_write(Space::SystemIo, index, value),
                    Mode::Indirect { port } => self.indirect(port | 0x80, index, value).map(|_| ()),
                }
            }
            Place::Parameter => {
                let parameters = self.parameters_mut(parameters);
                let have = parameters.len();
                let dword = parameters
                    .get_mut(usize::from(small))
                    .ok_or(Kind::Parameter { index: small, have })?;
                *dword = value;
                Ok(())
            }
            Place::Workspace => self.write_workspace(small, value),
            Place::Framebuffer => {
                // Beyond the scratch memory there is nothing, as with amdgpu; the C driver had none at all.
                if let Some(dword) = self.scratch(small) {
                    *dword = value;
                }
                Ok(())
            }
            Place::Pll => self.bus_write(Space::Pll, index, value),
            Place::Mc => self.bus_write(Space::Mc, index, value),
            // No opcode has these for a destination.
            Place::Image | Place::Immediate => Ok(()),
        }
    }

    /// A register's number with the block that is set: at most 1fffe.
    fn register(&self, index: u32) -> u32 {
        index.saturating_add(u32::from(self.state.register_block))
    }

    fn scratch(&mut self, index: u8) -> Option<&mut u32> {
        let word = (self.state.fb_base / 4).checked_add(u32::from(index))?;
        self.memory.scratch.get_mut(usize::try_from(word).ok()?)
    }

    fn read_workspace(&mut self, index: u8) -> Result<u32, Kind> {
        let s = &self.state;
        Ok(match index {
            QUOTIENT => s.quotient,
            REMAINDER => s.remainder,
            DATA_POINTER => u32::from(s.data_block),
            SHIFT => u32::from(s.shift),
            // As a processor of the x86 family shifts: modulo 32.
            OR_MASK => 1u32.wrapping_shl(u32::from(s.shift)),
            AND_MASK => !1u32.wrapping_shl(u32::from(s.shift)),
            FB_WINDOW => s.fb_base,
            ATTRIBUTES => u32::from(s.attributes),
            REGISTER_POINTER => u32::from(s.register_block),
            _ => *self.workspace(index)?,
        })
    }

    fn write_workspace(&mut self, index: u8, value: u32) -> Result<(), Kind> {
        let s = &mut self.state;
        match index {
            QUOTIENT => s.quotient = value,
            REMAINDER => s.remainder = value,
            DATA_POINTER => s.data_block = low16(value),
            SHIFT => s.shift = (value & 0xff) as u8,
            OR_MASK | AND_MASK => {}
            FB_WINDOW => s.fb_base = value,
            ATTRIBUTES => s.attributes = low16(value),
            REGISTER_POINTER => s.register_block = low16(value),
            _ => *self.workspace(index)? = value,
        }
        Ok(())
    }
}
