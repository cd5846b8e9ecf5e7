// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Running a command table: code, calls, memory and limits.
//!
//! What the opcodes do is in `operations`, where operands are in `operand`.

use super::bus::{Bus, Space};
use super::error::{Error, Kind};
use super::iio::Programs;
use super::opcode::Op;
use super::tables::{Command, Tables, COMMAND_LEN};

/// Most tables that can be inside each other (amdgpu's limit).
pub const MAX_DEPTH: usize = 32;

/// Memory for workspaces with which no table fails, in dwords: the largest workspace at each depth.
pub const WORKSPACE_DWORDS: usize = MAX_DEPTH * 255;

/// Scratch memory that a VBIOS can count on, in dwords: the 20 KB that amdgpu gives it when it says nothing else.
pub const SCRATCH_DWORDS: usize = 20 * 1024 / 4;

/// Memory that tables work in; a caller keeps it off its stack.
#[derive(Debug)]
pub struct Memory<'m> {
    /// Workspaces of the tables that run, each cleared when its table starts: best [`WORKSPACE_DWORDS`].
    pub workspace: &'m mut [u32],
    /// What FB operands reach, from the window that is set: best [`SCRATCH_DWORDS`]. Keeps its content from one table
    /// to the next. Past its end reads give 0 and writes are lost.
    pub scratch: &'m mut [u32],
}

/// How long one [`Interpreter::execute`] may take, with all the tables that are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Opcodes, cases of switches, and operations of indirect I/O.
    pub steps: u32,
    /// Steps in a row without an access to the card or a delay.
    pub idle_steps: u32,
    /// Tables inside each other, at most [`MAX_DEPTH`].
    pub depth: usize,
    /// All delays together in microseconds.
    pub delay_us: u32,
}

impl Default for Limits {
    /// Ten million steps are ten seconds and more of a card being polled, and 65536 without an access are no work that
    /// a table has; delays may take the 20 s that amdgpu gives a loop.
    fn default() -> Self {
        Self {
            steps: 10_000_000,
            idle_steps: 1 << 16,
            depth: MAX_DEPTH,
            delay_us: 20_000_000,
        }
    }
}

/// What register operands mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mode {
    #[default]
    Memory,
    PciConfig,
    SystemIo,
    Indirect {
        /// Number of the port, seven bits.
        port: u8,
    },
}

/// The interpreter's registers: what all tables of one execution share.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct State {
    pub(super) mode: Mode,
    pub(super) data_block: u16,
    pub(super) register_block: u16,
    /// In bytes.
    pub(super) fb_base: u32,
    pub(super) attributes: u16,
    pub(super) shift: u8,
    pub(super) quotient: u32,
    pub(super) remainder: u32,
    pub(super) equal: bool,
    pub(super) above: bool,
}

/// What an execution has used of its limits.
#[derive(Clone, Copy, Debug, Default)]
struct Used {
    steps: u32,
    idle_steps: u32,
    delay_us: u32,
}

/// A table that runs.
#[derive(Clone, Copy, Debug)]
struct Frame {
    command: Command,
    /// Offset in the image of what comes next.
    at: usize,
    /// Offset in the image of the opcode that runs.
    opcode_at: usize,
    /// First dword of its workspace in [`Memory::workspace`].
    workspace: usize,
    /// First of its parameters.
    parameters: usize,
}

const NO_FRAME: Frame = Frame {
    command: Command {
        index: 0,
        offset: 0,
        size: 0,
        revision: (0, 0),
        workspace: 0,
        parameters: 0,
    },
    at: 0,
    opcode_at: 0,
    workspace: 0,
    parameters: 0,
};

/// How it goes on after an opcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Next,
    Call(u8),
    Return,
}

/// An interpreter for the command tables of one image and one card.
#[derive(Debug)]
pub struct Interpreter<'a, B: Bus> {
    pub(super) tables: Tables<'a>,
    pub(super) programs: Programs,
    pub(super) memory: Memory<'a>,
    pub(super) state: State,
    bus: B,
    limits: Limits,
    used: Used,
    frame: Frame,
    /// The callers of `frame`, outermost first.
    callers: [Frame; MAX_DEPTH],
    depth: usize,
}

impl<'a, B: Bus> Interpreter<'a, B> {
    /// An interpreter of about 3 KB.
    pub fn new(tables: Tables<'a>, bus: B, memory: Memory<'a>, limits: Limits) -> Self {
        Self {
            tables,
            programs: Programs::find(&tables),
            memory,
            state: State::default(),
            bus,
            limits,
            used: Used::default(),
            frame: NO_FRAME,
            callers: [NO_FRAME; MAX_DEPTH],
            depth: 0,
        }
    }

    /// The card.
    pub fn bus(&mut self) -> &mut B {
        &mut self.bus
    }

    /// The image's tables.
    pub fn tables(&self) -> &Tables<'a> {
        &self.tables
    }

    /// Runs a command table with `parameters`, which it may change.
    ///
    /// A table that others call takes its parameters from behind the caller's own: give more than the table itself
    /// takes.
    ///
    /// # Errors
    ///
    /// [`Error`] names the table, the offset and the opcode. What was done to the card stays done.
    pub fn execute(&mut self, table: u8, parameters: &mut [u32]) -> Result<(), Error> {
        self.state = State::default();
        self.used = Used::default();
        self.frame = NO_FRAME;
        self.depth = 0;
        let nowhere = |kind| Error {
            table,
            offset: 0,
            opcode: None,
            kind,
        };
        if !self.call(table).map_err(nowhere)? {
            return Err(nowhere(Kind::Missing));
        }
        while self.depth > 0 {
            self.step(parameters).map_err(|kind| self.located(kind))?;
        }
        Ok(())
    }

    /// The error with the place where the code stands.
    fn located(&self, kind: Kind) -> Error {
        Error {
            table: self.frame.command.index,
            offset: self
                .frame
                .opcode_at
                .saturating_sub(self.frame.command.offset),
            opcode: self
                .tables
                .bytes()
                .u8(self.frame.opcode_at)
                .filter(|_| self.frame.opcode_at < self.end()),
            kind,
        }
    }

    /// Runs one opcode.
    fn step(&mut self, parameters: &mut [u32]) -> Result<(), Kind> {
        self.frame.opcode_at = self.frame.at;
        self.count_step()?;
        let op = Op::decode(self.fetch_u8()?).ok_or(Kind::Unknown)?;
        match self.operate(parameters, op)? {
            Flow::Next => {}
            // A table that the image has not is not called, as in amdgpu.
            Flow::Call(index) => {
                self.call(index)?;
            }
            Flow::Return => {
                self.depth = self.depth.saturating_sub(1);
                if let Some(frame) = self.callers.get(self.depth) {
                    self.frame = *frame;
                }
            }
        }
        Ok(())
    }

    /// Enters a table; false if there is none.
    fn call(&mut self, index: u8) -> Result<bool, Kind> {
        let Some(command) = self
            .tables
            .command(index)
            .map_err(|error| Kind::Table { index, error })?
        else {
            return Ok(false);
        };
        let limit = self.limits.depth.min(MAX_DEPTH);
        let caller = self
            .callers
            .get_mut(..limit)
            .and_then(|c| c.get_mut(self.depth))
            .ok_or(Kind::Depth { limit })?;
        *caller = self.frame;
        let from = &self.frame;
        let workspace = from
            .workspace
            .saturating_add(usize::from(from.command.workspace));
        let frame = Frame {
            command,
            at: command.offset.saturating_add(COMMAND_LEN),
            opcode_at: command.offset,
            workspace,
            parameters: from
                .parameters
                .saturating_add(usize::from(from.command.parameters)),
        };
        self.memory
            .workspace
            .get_mut(workspace..)
            .and_then(|w| w.get_mut(..usize::from(command.workspace)))
            .ok_or(Kind::WorkspaceMemory)?
            .fill(0);
        self.frame = frame;
        self.depth = self.depth.saturating_add(1);
        Ok(true)
    }

    /// Counts what takes time, and stops what takes too much.
    pub(super) fn count_step(&mut self) -> Result<(), Kind> {
        let (used, limits) = (&mut self.used, &self.limits);
        used.steps = used.steps.saturating_add(1);
        used.idle_steps = used.idle_steps.saturating_add(1);
        if used.idle_steps > limits.idle_steps {
            return Err(Kind::Idle {
                limit: limits.idle_steps,
            });
        }
        if used.steps > limits.steps {
            return Err(Kind::Steps {
                limit: limits.steps,
            });
        }
        Ok(())
    }

    pub(super) fn delay_us(&mut self, us: u32) -> Result<(), Kind> {
        self.used.delay_us = self.used.delay_us.saturating_add(us);
        if self.used.delay_us > self.limits.delay_us {
            return Err(Kind::Delay {
                limit_us: self.limits.delay_us,
            });
        }
        if us > 0 {
            self.used.idle_steps = 0;
        }
        self.bus.delay_us(us);
        Ok(())
    }

    pub(super) fn bus_read(&mut self, space: Space, index: u32) -> Result<u32, Kind> {
        self.used.idle_steps = 0;
        self.bus.read(space, index).map_err(|reason| Kind::Bus {
            space,
            index,
            write: false,
            reason,
        })
    }

    pub(super) fn bus_write(&mut self, space: Space, index: u32, value: u32) -> Result<(), Kind> {
        self.used.idle_steps = 0;
        self.bus
            .write(space, index, value)
            .map_err(|reason| Kind::Bus {
                space,
                index,
                write: true,
                reason,
            })
    }

    /// Offset in the image of the end of the table that runs.
    fn end(&self) -> usize {
        let command = &self.frame.command;
        command.offset.saturating_add(command.size)
    }

    pub(super) fn frame_start(&self) -> usize {
        self.frame.command.offset
    }

    /// Takes `N` bytes from the code.
    fn fetch<const N: usize>(&mut self) -> Result<[u8; N], Kind> {
        let bytes = self.peek()?;
        self.skip(N);
        Ok(bytes)
    }

    fn peek<const N: usize>(&self) -> Result<[u8; N], Kind> {
        let left = self.end().saturating_sub(self.frame.at);
        let size = self.frame.command.size;
        self.tables
            .bytes()
            .get(self.frame.at, N.min(left))
            .and_then(|b| b.try_into().ok())
            .ok_or(Kind::End { size })
    }

    pub(super) fn fetch_u8(&mut self) -> Result<u8, Kind> {
        self.fetch::<1>().map(|[byte]| byte)
    }

    pub(super) fn fetch_u16(&mut self) -> Result<u16, Kind> {
        self.fetch().map(u16::from_le_bytes)
    }

    pub(super) fn fetch_u32(&mut self) -> Result<u32, Kind> {
        self.fetch().map(u32::from_le_bytes)
    }

    pub(super) fn peek_u16(&self) -> Result<u16, Kind> {
        self.peek().map(u16::from_le_bytes)
    }

    /// Leaves out `bytes` of the code; what comes then may be past the end.
    pub(super) fn skip(&mut self, bytes: usize) {
        self.frame.at = self.frame.at.saturating_add(bytes);
    }

    /// Goes on at `target`, counted from the start of the table.
    pub(super) fn jump(&mut self, target: u16) -> Result<(), Kind> {
        let size = self.frame.command.size;
        if usize::from(target) >= size {
            return Err(Kind::Jump { target, size });
        }
        self.frame.at = self
            .frame
            .command
            .offset
            .saturating_add(usize::from(target));
        Ok(())
    }

    pub(super) fn image_u8(&self, offset: usize) -> Result<u8, Kind> {
        self.tables.bytes().u8(offset).ok_or(Kind::Image { offset })
    }

    pub(super) fn image_u16(&self, offset: usize) -> Result<u16, Kind> {
        self.tables
            .bytes()
            .u16(offset)
            .ok_or(Kind::Image { offset })
    }

    /// What the table that runs can reach of the parameters.
    pub(super) fn parameters<'p>(&self, all: &'p [u32]) -> &'p [u32] {
        all.get(self.frame.parameters..).unwrap_or(&[])
    }

    /// As [`Interpreter::parameters`], to write.
    pub(super) fn parameters_mut<'p>(&self, all: &'p mut [u32]) -> &'p mut [u32] {
        all.get_mut(self.frame.parameters..).unwrap_or(&mut [])
    }

    /// A dword of the workspace of the table that runs.
    pub(super) fn workspace(&mut self, index: u8) -> Result<&mut u32, Kind> {
        let have = usize::from(self.frame.command.workspace);
        self.memory
            .workspace
            .get_mut(self.frame.workspace..)
            .and_then(|w| w.get_mut(..have))
            .and_then(|w| w.get_mut(usize::from(index)))
            .ok_or(Kind::Workspace { index, have })
    }
}

#[cfg(test)]
#[path = "interpreter_tests.rs"]
mod tests;
