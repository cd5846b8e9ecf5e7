// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What the engine wants done. Data only.

use super::super::gpuiov::{Command, Function};
use super::super::guard::Kind as Budgeted;
use super::super::mailbox::{Reply, Request};
use super::super::vf::{Reason, State};
use super::super::vfid::VfId;
use super::event::{Fault, Timer};
use core::fmt;

/// Work on the card that is more than one command. Each ends in `Event::Done` or `Event::Failed` within a bound of its
/// own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// After INIT, before RUN: copy the VBIOS to the start of the VF's framebuffer, un-halt SDMA (section 4.9).
    Prepare(VfId),
    /// While the PF runs: fill the VF's framebuffer with zeros and check that (section 4.13).
    Clear(VfId),
    /// The same with a byte of the administrator's choice.
    Fill(VfId, u8),
    /// Give the VF another range of the framebuffer, of so many MB; nothing of it is on the GPU. That there is no room is
    /// no failure of the card: whoever asked is told, and the operation is done.
    Resize(VfId, u32),
    /// While the VF runs: SAVE_RLCV_STATE, read the scratch RAM.
    SaveRlcv(VfId),
    /// FLR with straps, 10 ms after the notification; transactions pending are waited for (section 4.11, 2 to 6).
    Flr(VfId),
    /// Start RLC-V, restore its scratch RAM if it was saved, LOAD_RLCV_STATE, restore registers (section 4.11, 7 to 9).
    RestoreRlcv(VfId),
    /// Reset through the bridge, post, configuration, SR-IOV, interrupts (section 4.12, 2 to 10).
    ResetGpu,
    /// Find out which VFs have work; ends in `Event::Work` instead of `Event::Done`.
    QueryWork,
    /// Write the engine and what is known of the VFs where another driver finds it.
    HandOver,
}

/// One thing to do on the card; never more than one at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// One command.
    Command(Command, Function),
    /// More than that.
    Operate(Operation),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Command(command, function) => write!(f, "{command} {function}"),
            Step::Operate(Operation::Prepare(vf)) => write!(f, "VBIOS copy for {vf}"),
            Step::Operate(Operation::Clear(vf)) => write!(f, "framebuffer clear of {vf}"),
            Step::Operate(Operation::Fill(vf, byte)) => {
                write!(f, "framebuffer fill of {vf} with {byte:02x}")
            }
            Step::Operate(Operation::Resize(vf, mb)) => {
                write!(f, "framebuffer of {mb} MB for {vf}")
            }
            Step::Operate(Operation::SaveRlcv(vf)) => write!(f, "RLC-V save of {vf}"),
            Step::Operate(Operation::RestoreRlcv(vf)) => write!(f, "RLC-V restore of {vf}"),
            Step::Operate(Operation::Flr(vf)) => write!(f, "FLR of {vf}"),
            Step::Operate(Operation::ResetGpu) => f.write_str("GPU reset"),
            Step::Operate(Operation::QueryWork) => f.write_str("query of work"),
            Step::Operate(Operation::HandOver) => f.write_str("hand-over"),
        }
    }
}

/// Something to do, in the order given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Do this on the card, then report with `Event::Done`, `Work` or `Failed`. Always the last action; no other comes
    /// before the report.
    Card(Step),
    /// Send a message to a VF.
    Reply {
        /// To whom.
        vf: VfId,
        /// Which.
        reply: Reply,
    },
    /// Send `Event::Expired` at the deadline (monotonic ns); replaces the timer's deadline.
    Arm {
        /// Which timer.
        timer: Timer,
        /// When.
        deadline: u64,
    },
    /// The timer is not wanted any more.
    Disarm {
        /// Which timer.
        timer: Timer,
    },
    /// Ignore the VF's messages and acknowledgements as cheaply as possible, or listen again.
    Mute {
        /// Which VF.
        vf: VfId,
        /// Ignore.
        on: bool,
    },
    /// Something an administrator, a trace or a statistic may want to know.
    Report(Report),
}

/// Why a request is refused. The guest gets no answer and gives up after its own time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The VF is not enabled.
    Disabled,
    /// The VF is stopped.
    Stopped,
    /// The VF is just being started for the same request: one answer is for both.
    Duplicate,
    /// The VF sent another request before this one was served.
    Superseded,
    /// The VF released what it had not got yet.
    Withdrawn,
    /// The VF was reset by its user.
    Reset,
    /// The GPU could not be given to the VF.
    Failed,
    /// The GPU is not in operation.
    NotUp,
}

/// Why the whole GPU is reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A step that no VF has to do with failed.
    Step(Step),
    /// The reset of a VF failed.
    VfReset(VfId),
    /// The administrator asked for it.
    Administrator,
}

/// Something happened that is worth a line in a log or a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// The GPU is in operation.
    Up,
    /// The GPU is free; nothing will be done any more.
    Down,
    /// The card is gone.
    Gone,
    /// The VFs are left to another driver.
    HandedOver,
    /// The VFs of another driver were taken over.
    TakenOver,
    /// The GPU could not be reset and is given up.
    Wedged,
    /// A VF's state changed.
    State {
        /// Which VF.
        vf: VfId,
        /// The new state.
        state: State,
    },
    /// A request is refused.
    Refused {
        /// Whose.
        vf: VfId,
        /// Which.
        request: Request,
        /// Why.
        why: Refusal,
    },
    /// A step on the card failed.
    Failed {
        /// Which.
        step: Step,
        /// How.
        fault: Fault,
    },
    /// A VF is being reset.
    Reset {
        /// Which VF.
        vf: VfId,
        /// Why.
        reason: Reason,
    },
    /// The GPU is being reset.
    GpuReset {
        /// Why.
        cause: Cause,
    },
    /// What the administrator asked for cannot be done with a VF as it is.
    Denied {
        /// Which VF.
        vf: VfId,
        /// What it is doing.
        state: State,
    },
    /// A VF exceeded a budget and is stopped.
    OverBudget {
        /// Which VF.
        vf: VfId,
        /// Which budget.
        kind: Budgeted,
    },
    /// A VF released what it had not got.
    StrayRelease {
        /// Which VF.
        vf: VfId,
    },
    /// A VF sent a line of text: see `Engine::line`.
    Text {
        /// Which VF.
        vf: VfId,
    },
    /// A VF reported an error.
    LogError {
        /// Which VF.
        vf: VfId,
        /// Its code.
        code: u32,
    },
    /// A VF sent a message that means nothing.
    Unknown {
        /// Which VF.
        vf: VfId,
        /// `DW0`.
        id: u32,
    },
}

/// Most actions one event can lead to. The most are those of an event after which all of 16 VFs are found to be over their
/// budgets: that report, two states, a refusal and a mute for each.
pub(super) const ACTIONS_MAX: usize = 160;
/// Places that only actions other than reports may take.
const RESERVED: usize = 40;

/// A list of actions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Actions {
    list: [Action; ACTIONS_MAX],
    len: usize,
}

impl Actions {
    pub(super) const fn new() -> Self {
        Self {
            list: [Action::Disarm {
                timer: Timer::Quantum,
            }; ACTIONS_MAX],
            len: 0,
        }
    }

    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    pub(super) fn push(&mut self, action: Action) {
        let room = match action {
            Action::Report(_) => ACTIONS_MAX - RESERVED,
            _ => ACTIONS_MAX,
        };
        if self.len >= room {
            return;
        }
        if let Some(place) = self.list.get_mut(self.len) {
            *place = action;
            self.len = self.len.saturating_add(1);
        }
    }

    pub(super) fn as_slice(&self) -> &[Action] {
        self.list.get(..self.len).unwrap_or(&[])
    }
}
