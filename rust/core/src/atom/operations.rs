// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What the opcodes do.
//!
//! Order matters to a card: the destination is read before the source, and even where its old value is not needed
//! (CLEAR), as in amdgpu.

use super::bus::Bus;
use super::error::Kind;
use super::interpreter::{Flow, Interpreter, Mode};
use super::opcode::{Binary, Condition, Direction, Op, Result2};
use super::operand::{Attributes, Place};

/// Marks a case of a SWITCH.
const CASE: u8 = 0x63;
/// Ends the cases of a SWITCH.
const CASE_END: u16 = 0x5a5a;
/// Data block number that means the table itself.
const OWN_BLOCK: u8 = 0xff;

/// The attributes of an operation without source: the lane is where the source's would be.
fn lane_only(attributes: u8) -> Attributes {
    let alignment = attributes >> 3 & 7;
    let destination = match alignment {
        0 | 1 | 4 => 0,
        2 | 5 => 1,
        3 | 6 => 2,
        _ => 3,
    };
    Attributes(attributes & 0x38 | destination << 6)
}

/// As a processor of the x86 family shifts: by the count modulo 32.
fn shift(direction: Direction, value: u32, count: u8) -> u32 {
    match direction {
        Direction::Left => value.wrapping_shl(u32::from(count)),
        Direction::Right => value.wrapping_shr(u32::from(count)),
    }
}

impl<B: Bus> Interpreter<'_, B> {
    /// Does what `op` says, with operands from the code.
    pub(super) fn operate(&mut self, parameters: &mut [u32], op: Op) -> Result<Flow, Kind> {
        match op {
            Op::Move(to) => self.op_move(parameters, to)?,
            Op::Binary(what, to) => self.op_binary(parameters, what, to)?,
            Op::ShiftLane(direction, to) => {
                let attributes = lane_only(self.fetch_u8()?);
                let operand = self.operand(to, attributes)?;
                let old = self.read(parameters, operand)?;
                let count = self.fetch_u8()?;
                let lane = attributes.destination();
                let value = shift(direction, lane.take(old), count);
                self.write(parameters, operand, lane.put(value, old))?;
            }
            Op::ShiftDword(direction, to) => {
                let attributes = Attributes(self.fetch_u8()?);
                let operand = self.operand(to, attributes)?;
                let old = self.read(parameters, operand)?;
                let count = (self.source(parameters, attributes)? & 0xff) as u8;
                let lane = attributes.destination();
                let value = lane.take(shift(direction, old, count));
                self.write(parameters, operand, lane.put(value, old))?;
            }
            Op::Result2(what, of) => self.op_result(parameters, what, of)?,
            Op::Clear(to) => {
                let attributes = lane_only(self.fetch_u8()?);
                let operand = self.operand(to, attributes)?;
                let old = self.read(parameters, operand)?;
                self.write(parameters, operand, attributes.destination().put(0, old))?;
            }
            Op::Mask(to) => {
                let attributes = Attributes(self.fetch_u8()?);
                let operand = self.operand(to, attributes)?;
                let old = self.read(parameters, operand)?;
                let mask = self.immediate(attributes)?;
                let source = self.source(parameters, attributes)?;
                let lane = attributes.destination();
                let value = lane.take(old) & mask | source;
                self.write(parameters, operand, lane.put(value, old))?;
            }
            Op::SetAtiPort => {
                let port = self.fetch_u16()?;
                self.state.mode = match port {
                    0 => Mode::Memory,
                    // Ports have seven bits; bit 7 chooses between the programs to read and to write.
                    _ => Mode::Indirect {
                        port: (port & 0x7f) as u8,
                    },
                };
            }
            Op::SetPciPort => {
                self.fetch_u8()?;
                self.state.mode = Mode::PciConfig;
            }
            Op::SetSystemIoPort => {
                self.fetch_u8()?;
                self.state.mode = Mode::SystemIo;
            }
            Op::SetRegisterBlock => self.state.register_block = self.fetch_u16()?,
            Op::SetFramebufferBase => {
                let attributes = Attributes(self.fetch_u8()?);
                self.state.fb_base = self.source(parameters, attributes)?;
            }
            Op::SetDataBlock => self.op_set_data_block()?,
            Op::Switch => self.op_switch(parameters)?,
            Op::Jump(condition) => {
                let target = self.fetch_u16()?;
                if self.holds(condition) {
                    self.jump(target)?;
                }
            }
            Op::DelayMs => {
                let ms = self.fetch_u8()?;
                self.delay_us(u32::from(ms).saturating_mul(1000))?;
            }
            Op::DelayUs => {
                let us = self.fetch_u8()?;
                self.delay_us(u32::from(us))?;
            }
            Op::Call => {
                let index = self.fetch_u8()?;
                return Ok(Flow::Call(index));
            }
            Op::Byte => {
                self.fetch_u8()?;
            }
            Op::Nothing => {}
            Op::Skip => {
                let len = self.fetch_u16()?;
                self.skip(usize::from(len));
            }
            Op::End => return Ok(Flow::Return),
            Op::Unsupported => return Err(Kind::Unsupported),
        }
        Ok(Flow::Next)
    }

    fn op_move(&mut self, parameters: &mut [u32], to: Place) -> Result<(), Kind> {
        let attributes = Attributes(self.fetch_u8()?);
        let operand = self.operand(to, attributes)?;
        // A whole dword needs nothing of the old one. A word that becomes a dword does not either, but amdgpu reads.
        let old = if attributes.source_is_dword() {
            0
        } else {
            self.read(parameters, operand)?
        };
        let source = self.source(parameters, attributes)?;
        self.write(
            parameters,
            operand,
            attributes.destination().put(source, old),
        )
    }

    fn op_binary(&mut self, parameters: &mut [u32], what: Binary, to: Place) -> Result<(), Kind> {
        let attributes = Attributes(self.fetch_u8()?);
        let operand = self.operand(to, attributes)?;
        let old = self.read(parameters, operand)?;
        let source = self.source(parameters, attributes)?;
        let lane = attributes.destination();
        let value = lane.take(old);
        let value = match what {
            Binary::And => value & source,
            Binary::Or => value | source,
            Binary::Xor => value ^ source,
            Binary::Add => value.wrapping_add(source),
            Binary::Sub => value.wrapping_sub(source),
        };
        self.write(parameters, operand, lane.put(value, old))
    }

    fn op_result(&mut self, parameters: &[u32], what: Result2, of: Place) -> Result<(), Kind> {
        let attributes = Attributes(self.fetch_u8()?);
        let operand = self.operand(of, attributes)?;
        let a = attributes
            .destination()
            .take(self.read(parameters, operand)?);
        let b = self.source(parameters, attributes)?;
        let wide = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
        let s = &mut self.state;
        match what {
            Result2::Mul => s.quotient = a.wrapping_mul(b),
            Result2::Mul32 => {
                let product = u64::from(a).wrapping_mul(u64::from(b));
                (s.remainder, s.quotient) = ((product >> 32) as u32, product as u32);
            }
            Result2::Div => {
                s.quotient = a.checked_div(b).unwrap_or(0);
                s.remainder = a.checked_rem(b).unwrap_or(0);
            }
            // What was the remainder is the high half, before and after: a long division, dword by dword.
            Result2::Div32 => {
                let quotient = wide(s.remainder, a).checked_div(u64::from(b)).unwrap_or(0);
                (s.remainder, s.quotient) = ((quotient >> 32) as u32, quotient as u32);
            }
            Result2::Compare => (s.equal, s.above) = (a == b, a > b),
            Result2::Test => s.equal = a & b == 0,
        }
        Ok(())
    }

    fn op_set_data_block(&mut self) -> Result<(), Kind> {
        let index = self.fetch_u8()?;
        let offset = match index {
            0 => 0,
            OWN_BLOCK => self.frame_start(),
            _ => self.tables.data_offset(index).ok_or(Kind::Data { index })?,
        };
        // Both kinds of offsets come from 16-bit pointers.
        self.state.data_block = (offset & 0xffff) as u16;
        Ok(())
    }

    fn op_switch(&mut self, parameters: &[u32]) -> Result<(), Kind> {
        let attributes = Attributes(self.fetch_u8()?);
        let value = self.source(parameters, attributes)?;
        while self.peek_u16()? != CASE_END {
            // One switch can have thousands of cases.
            self.count_step()?;
            let byte = self.fetch_u8()?;
            if byte != CASE {
                return Err(Kind::Case { byte });
            }
            let case = self.immediate(attributes)?;
            let target = self.fetch_u16()?;
            if case == value {
                return self.jump(target);
            }
        }
        self.skip(2);
        Ok(())
    }

    fn holds(&self, condition: Condition) -> bool {
        let s = &self.state;
        match condition {
            Condition::Always => true,
            Condition::Equal => s.equal,
            Condition::NotEqual => !s.equal,
            Condition::Above => s.above,
            Condition::AboveOrEqual => s.above || s.equal,
            Condition::Below => !(s.above || s.equal),
            Condition::BelowOrEqual => !s.above,
        }
    }
}
