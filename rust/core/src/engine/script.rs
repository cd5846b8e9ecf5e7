// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What the engine does on the card, as lists of steps (section 2.6 of the hardware reference).
//! Data only; each task begins when the step before it has ended.

use super::super::gpuiov::{Command, Function};
use super::super::mailbox::{Reply, Request};
use super::super::vf::{Chore, Reason};
use super::super::vfid::VfId;
use super::action::{Operation, Step};

/// A piece of work that is done as a whole or fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Make the clean register image: INIT, RUN, IDLE, SAVE of the PF.
    Boot,
    /// Take the GPU from a VF that runs: first half of a world switch.
    Vacate(VfId),
    /// Give the free GPU to a VF that has a saved state: second half.
    Enter(VfId),
    /// The same, for exclusive access.
    EnterFini(VfId),
    /// Give the free GPU to a VF without state.
    Start {
        vf: VfId,
        request: Request,
        /// The request may be tried again if this fails through no fault of the VF.
        again: bool,
    },
    /// Clear a VF's framebuffer; the GPU is free.
    Clear(VfId),
    /// What the administrator wants done with a VF of which nothing is on the GPU; a fill needs it free.
    Chore(VfId, Chore),
    /// Reset a VF that runs, is stuck, or of which nothing is on the GPU.
    Reset(VfId, Reason),
    /// Reset everything, then as at boot.
    ResetGpu,
    /// Find out who has work.
    Query,
    /// Write everything down for another driver.
    HandOver,
}

/// A step, or a message that is sent on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Card(Step),
    Reply(VfId, Reply),
}

/// The longest: a first start with a clear, 9.
const MOST: usize = 10;

/// Lines that are still to do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Script {
    lines: [Line; MOST],
    len: usize,
    next: usize,
}

impl Script {
    pub(super) const EMPTY: Script = Script {
        lines: [Line::Card(Step::Operate(Operation::QueryWork)); MOST],
        len: 0,
        next: 0,
    };

    fn push(&mut self, line: Line) {
        if let Some(place) = self.lines.get_mut(self.len) {
            *place = line;
            self.len = self.len.saturating_add(1);
        }
    }

    fn commands(&mut self, function: Function, commands: &[Command]) {
        for &command in commands {
            self.push(Line::Card(Step::Command(command, function)));
        }
    }

    fn operate(&mut self, operation: Operation) {
        self.push(Line::Card(Step::Operate(operation)));
    }

    pub(super) fn next(&mut self) -> Option<Line> {
        let line = self.lines.get(..self.len)?.get(self.next).copied()?;
        self.next = self.next.saturating_add(1);
        Some(line)
    }

    pub(super) fn boot(reset: bool) -> Self {
        use Command::*;
        let mut s = Self::EMPTY;
        if reset {
            s.operate(Operation::ResetGpu);
        }
        s.commands(Function::Pf, &[Init, Run, Idle, Save]);
        s
    }

    pub(super) fn vacate(vf: VfId) -> Self {
        let mut s = Self::EMPTY;
        s.commands(vf.function(), &[Command::Idle, Command::Save]);
        s
    }

    pub(super) fn enter(vf: VfId) -> Self {
        let mut s = Self::EMPTY;
        s.commands(vf.function(), &[Command::Load, Command::Run]);
        s
    }

    /// Through the PF, whose clean registers INIT starts from.
    pub(super) fn start(vf: VfId, clear: bool, save_rlcv: bool) -> Self {
        let mut s = Self::through_pf(clear.then_some(vf));
        s.commands(vf.function(), &[Command::Init]);
        s.operate(Operation::Prepare(vf));
        s.commands(vf.function(), &[Command::Run]);
        if save_rlcv {
            s.operate(Operation::SaveRlcv(vf));
        }
        s
    }

    /// The PF has the GPU for a moment, and clears a framebuffer in it.
    pub(super) fn through_pf(clear: Option<VfId>) -> Self {
        Self::with_pf(clear.map(Operation::Clear))
    }

    fn with_pf(operation: Option<Operation>) -> Self {
        let mut s = Self::EMPTY;
        s.commands(Function::Pf, &[Command::Load, Command::Run]);
        if let Some(operation) = operation {
            s.operate(operation);
        }
        s.commands(Function::Pf, &[Command::Idle, Command::Save]);
        s
    }

    pub(super) fn chore(vf: VfId, chore: Chore) -> Self {
        match chore {
            Chore::Fill(byte) => Self::with_pf(Some(Operation::Fill(vf, byte))),
            Chore::Resize(mb) => Self::one(Operation::Resize(vf, mb)),
        }
    }

    pub(super) fn reset(vf: VfId, notify: bool) -> Self {
        let mut s = Self::EMPTY;
        if notify {
            s.push(Line::Reply(vf, Reply::FlrNotification));
        }
        s.operate(Operation::Flr(vf));
        s.operate(Operation::RestoreRlcv(vf));
        s.commands(vf.function(), &[Command::Idle, Command::Save]);
        if notify {
            s.push(Line::Reply(vf, Reply::FlrCompletion));
        }
        s
    }

    pub(super) fn one(operation: Operation) -> Self {
        let mut s = Self::EMPTY;
        s.operate(operation);
        s
    }
}
