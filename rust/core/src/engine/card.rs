// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Where the card is in the legal order of commands (section 2.6 of the hardware reference), as far as the engine knows.
//! May not decide what comes next.

use super::super::gpuiov::{Command, Function};
use super::super::vfid::VfId;
use super::action::{Operation, Step};

/// What the GPU holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// No function's state: INIT and LOAD are legal.
    Nothing,
    /// A function's state, not running: RUN is legal.
    Ready(Function),
    /// A function that runs.
    Running(Function),
    /// A function that was quiesced: SAVE is legal.
    Idle(Function),
    /// A VF of which a step failed: a reset of that VF is legal.
    Stuck(VfId),
    /// Nobody knows: only a reset of the GPU is legal.
    Unknown,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Card {
    pub(super) holds: Holds,
}

impl Card {
    pub(super) const NEW: Card = Card {
        holds: Holds::Nothing,
    };

    /// The VF that runs.
    pub(super) fn running_vf(&self) -> Option<VfId> {
        match self.holds {
            Holds::Running(Function::Vf(number)) => VfId::new(number),
            _ => None,
        }
    }

    /// A step is done.
    pub(super) fn done(&mut self, step: Step) {
        self.holds = match step {
            Step::Command(Command::Init | Command::Load, f) => Holds::Ready(f),
            Step::Command(Command::Run, f) => Holds::Running(f),
            Step::Command(Command::Idle, f) => Holds::Idle(f),
            Step::Command(Command::Save, _) => Holds::Nothing,
            Step::Operate(Operation::ResetGpu) => Holds::Nothing,
            Step::Operate(Operation::RestoreRlcv(vf)) => Holds::Running(vf.function()),
            // Parts of the operations above; no script has them alone.
            Step::Command(Command::SaveRlcv | Command::LoadRlcv, _) => self.holds,
            Step::Operate(_) => self.holds,
        };
    }
}
