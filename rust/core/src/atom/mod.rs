// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! AtomBIOS: what the card's own VBIOS says about the card, and the interpreter of its command tables.
//!
//! Everything here reads bytes nobody vouches for and answers with an error that names the place; no image can make it
//! panic, hang or leave the image. It reaches the card through [`Bus`] alone. Section 5 of the hardware reference.
//!
//! ```text
//! vbios::Image --> Tables --> Interpreter::new(tables, bus, memory, limits) --> post::init(..), post::verify(..)
//!                        \--> data::GpuVirt --> firmware::Plan
//! ```
//!
//! The meaning of a table is what Linux's amdgpu makes of it, and a test holds both interpreters against each other.
//! What differs, all of it in tables that amdgpu itself misreads or gives up on:
//!
//! * An unknown opcode (0, and all from 7f), a bad case of a SWITCH, parameters and workspace out of range, undefined
//!   ports, and REPEAT, SAVE_REG and RESTORE_REG (nobody knows their operands) are errors; amdgpu goes on with an
//!   invented value, or ends the table as if it were done.
//! * A table ends where its header says; code that runs or jumps out of it is an error.
//! * Registers of the PCI configuration space and system I/O go to the bus, which may refuse; amdgpu reads them as 0.
//! * [`Limits`] stand instead of amdgpu's 20 s in one loop.
//! * Nothing is left over from one table to the next but the scratch memory; amdgpu keeps flags, shift and attributes.

mod bus;
pub mod data;
mod error;
pub mod firmware;
mod iio;
mod interpreter;
mod names;
mod opcode;
mod operand;
mod operations;
pub mod post;
pub mod strings;
mod tables;
#[cfg(test)]
mod test_image;

use super::vbios;

pub use bus::{Bus, Refused, Space};
pub use error::{Error, Kind};
pub use interpreter::{Interpreter, Limits, Memory, MAX_DEPTH, SCRATCH_DWORDS, WORKSPACE_DWORDS};
pub use names::{command_name, opcode_name};
pub use tables::{Command, Data, Tables};
