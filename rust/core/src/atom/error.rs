// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Why a command table did not end well, and where.

use super::bus::{Refused, Space};
use super::names::{command_name, opcode_name};
use super::vbios;
use core::fmt;

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The image has no such command table.
    Missing,
    /// The table that was to be run or called does not lie inside the image, or is shorter than its header.
    Table {
        /// Its number.
        index: u8,
        /// What is wrong.
        error: vbios::Error,
    },
    /// No such opcode.
    Unknown,
    /// An opcode whose operands nobody has described.
    Unsupported,
    /// The code goes on past the end of the table.
    End {
        /// Length of the table in bytes.
        size: usize,
    },
    /// A jump out of the table.
    Jump {
        /// Where to, from the start of the table.
        target: u16,
        /// Length of the table in bytes.
        size: usize,
    },
    /// Something else than a case in the list of a SWITCH.
    Case {
        /// What is there.
        byte: u8,
    },
    /// A read past the end of the image.
    Image {
        /// Offset in the image.
        offset: usize,
    },
    /// A data table number past the end of the master data table.
    Data {
        /// The number.
        index: u8,
    },
    /// A parameter that the table does not have.
    Parameter {
        /// Its number in dwords.
        index: u8,
        /// How many there are.
        have: usize,
    },
    /// A place in the workspace that the table does not have.
    Workspace {
        /// Its number in dwords.
        index: u8,
        /// How many there are.
        have: usize,
    },
    /// The memory for workspaces is used up by the tables that call each other.
    WorkspaceMemory,
    /// No indirect I/O program for the port.
    Port {
        /// Number of the port; bit 7 is set for writes.
        port: u8,
    },
    /// An indirect I/O program with a bad opcode or a bit field that is not within 32 bits.
    Program {
        /// Number of the port; bit 7 is set for writes.
        port: u8,
        /// Where in the image.
        offset: usize,
        /// The opcode.
        opcode: u8,
    },
    /// The bus refused.
    Bus {
        /// Which space.
        space: Space,
        /// Which register.
        index: u32,
        /// Whether it was to be written.
        write: bool,
        /// Why.
        reason: Refused,
    },
    /// Tables call each other too deeply.
    Depth {
        /// The limit.
        limit: usize,
    },
    /// Too many steps: most likely a loop waits for something that does not happen.
    Steps {
        /// The limit.
        limit: u32,
    },
    /// Too many steps in a row without an access to the card or a delay: nothing will ever change.
    Idle {
        /// The limit.
        limit: u32,
    },
    /// Delays add up to too much.
    Delay {
        /// The limit in microseconds.
        limit_us: u32,
    },
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Kind::Missing => f.write_str("the VBIOS has no such table"),
            Kind::Table { index, error } => write!(f, "table {index:#04x} is wrong: {error}"),
            Kind::Unknown => f.write_str("no such opcode"),
            Kind::Unsupported => f.write_str("opcode not supported"),
            Kind::End { size } => write!(f, "code goes on past the table's {size:#x} bytes"),
            Kind::Jump { target, size } => {
                write!(f, "jump to {target:#x}, out of the table's {size:#x} bytes")
            }
            Kind::Case { byte } => write!(f, "{byte:#04x} instead of a case"),
            Kind::Image { offset } => write!(f, "read at {offset:#x}, past the end of the image"),
            Kind::Data { index } => write!(f, "there is no data table {index:#04x}"),
            Kind::Parameter { index, have } => {
                write!(f, "parameter {index:#04x} of {have}")
            }
            Kind::Workspace { index, have } => {
                write!(f, "workspace {index:#04x} of {have}")
            }
            Kind::WorkspaceMemory => f.write_str("no memory left for the table's workspace"),
            Kind::Port { port } => write!(f, "indirect I/O port {port:#04x} is not defined"),
            Kind::Program {
                port,
                offset,
                opcode,
            } => write!(
                f,
                "program of indirect I/O port {port:#04x} is wrong at {offset:#x}: {opcode:#04x}"
            ),
            Kind::Bus {
                space,
                index,
                write,
                reason,
            } => {
                let what = if write { "write to" } else { "read of" };
                write!(f, "{what} {} {index:#x} refused: {reason}", space.name())
            }
            Kind::Depth { limit } => write!(f, "more than {limit} tables call each other"),
            Kind::Steps { limit } => write!(f, "not done after {limit} steps"),
            Kind::Idle { limit } => write!(f, "no progress in {limit} steps"),
            Kind::Delay { limit_us } => {
                write!(f, "waits for more than {} ms in all", limit_us / 1000)
            }
        }
    }
}

/// A command table did not end well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// Number of the command table: the innermost, if tables called each other.
    pub table: u8,
    /// Offset of the opcode from the start of the table.
    pub offset: usize,
    /// The opcode; `None` if it did not come to one.
    pub opcode: Option<u8>,
    /// What went wrong.
    pub kind: Kind,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "command table {:#04x}", self.table)?;
        match command_name(self.table) {
            "" => {}
            name => write!(f, " ({name})")?,
        }
        write!(f, " at {:#06x}", self.offset)?;
        if let Some(opcode) = self.opcode {
            write!(f, ", opcode {opcode:#04x} ({})", opcode_name(opcode))?;
        }
        write!(f, ": {}", self.kind)
    }
}
