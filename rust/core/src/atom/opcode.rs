// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Opcodes: section 5.1 of the hardware reference, and 7b to 7e as amdgpu has them.

use super::operand::Place;

/// When a jump is taken, after a compare of a with b.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    Always,
    Equal,
    Below,
    Above,
    BelowOrEqual,
    AboveOrEqual,
    NotEqual,
}

/// An operation of a destination and a source that gives the destination a new value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    And,
    Or,
    Add,
    Sub,
    Xor,
}

/// An operation of two sources whose result is a register or a flag of the interpreter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Result2 {
    Mul,
    Div,
    Mul32,
    Div32,
    Compare,
    Test,
}

/// Direction of a shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Left,
    Right,
}

/// What an opcode does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Move(Place),
    Binary(Binary, Place),
    /// Shift of the lane by a count that follows.
    ShiftLane(Direction, Place),
    /// Shift of the whole dword by the source, of which the lane is kept.
    ShiftDword(Direction, Place),
    Result2(Result2, Place),
    Clear(Place),
    Mask(Place),
    SetAtiPort,
    SetPciPort,
    SetSystemIoPort,
    SetRegisterBlock,
    SetFramebufferBase,
    SetDataBlock,
    Switch,
    Jump(Condition),
    DelayMs,
    DelayUs,
    Call,
    /// POST_CARD and DEBUG: a byte for a display that is not there.
    Byte,
    /// NOP and BEEP.
    Nothing,
    /// PROCESS_DS: data that stand in the code.
    Skip,
    End,
    /// REPEAT, SAVE_REG and RESTORE_REG.
    Unsupported,
}

/// Destinations in the order in which an operation's six opcodes have them.
fn destination(opcode: u8, first: u8) -> Place {
    match opcode.wrapping_sub(first) {
        0 => Place::Register,
        1 => Place::Parameter,
        2 => Place::Workspace,
        3 => Place::Framebuffer,
        4 => Place::Pll,
        _ => Place::Mc,
    }
}

impl Op {
    /// `None` if there is no such opcode.
    pub(super) fn decode(opcode: u8) -> Option<Op> {
        let to = |first| destination(opcode, first);
        let only = |parameter| {
            if opcode == parameter {
                Place::Parameter
            } else {
                Place::Workspace
            }
        };
        Some(match opcode {
            0x01..=0x06 => Op::Move(to(0x01)),
            0x07..=0x0c => Op::Binary(Binary::And, to(0x07)),
            0x0d..=0x12 => Op::Binary(Binary::Or, to(0x0d)),
            0x13..=0x18 => Op::ShiftLane(Direction::Left, to(0x13)),
            0x19..=0x1e => Op::ShiftLane(Direction::Right, to(0x19)),
            0x1f..=0x24 => Op::Result2(Result2::Mul, to(0x1f)),
            0x25..=0x2a => Op::Result2(Result2::Div, to(0x25)),
            0x2b..=0x30 => Op::Binary(Binary::Add, to(0x2b)),
            0x31..=0x36 => Op::Binary(Binary::Sub, to(0x31)),
            0x37 => Op::SetAtiPort,
            0x38 => Op::SetPciPort,
            0x39 => Op::SetSystemIoPort,
            0x3a => Op::SetRegisterBlock,
            0x3b => Op::SetFramebufferBase,
            0x3c..=0x41 => Op::Result2(Result2::Compare, to(0x3c)),
            0x42 => Op::Switch,
            0x43 => Op::Jump(Condition::Always),
            0x44 => Op::Jump(Condition::Equal),
            0x45 => Op::Jump(Condition::Below),
            0x46 => Op::Jump(Condition::Above),
            0x47 => Op::Jump(Condition::BelowOrEqual),
            0x48 => Op::Jump(Condition::AboveOrEqual),
            0x49 => Op::Jump(Condition::NotEqual),
            0x4a..=0x4f => Op::Result2(Result2::Test, to(0x4a)),
            0x50 => Op::DelayMs,
            0x51 => Op::DelayUs,
            0x52 => Op::Call,
            0x53 | 0x64 | 0x65 => Op::Unsupported,
            0x54..=0x59 => Op::Clear(to(0x54)),
            0x5a | 0x63 => Op::Nothing,
            0x5b => Op::End,
            0x5c..=0x61 => Op::Mask(to(0x5c)),
            0x62 | 0x79 => Op::Byte,
            0x66 => Op::SetDataBlock,
            0x67..=0x6c => Op::Binary(Binary::Xor, to(0x67)),
            0x6d..=0x72 => Op::ShiftDword(Direction::Left, to(0x6d)),
            0x73..=0x78 => Op::ShiftDword(Direction::Right, to(0x73)),
            0x7a => Op::Skip,
            0x7b | 0x7c => Op::Result2(Result2::Mul32, only(0x7b)),
            0x7d | 0x7e => Op::Result2(Result2::Div32, only(0x7d)),
            _ => return None,
        })
    }
}
