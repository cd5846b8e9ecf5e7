// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What can happen to the engine. Data only.

use super::super::gpuiov::Failure;
use super::super::guard::{Budget, Kind as Budgeted};
use super::super::mailbox::Message;
use super::super::policy::{Kind, Priority};
use super::super::vf::Chore;
use super::super::vfid::VfId;

/// A timer of the engine; each has at most one deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// The turn of the VF that runs ends, or an idle slot does.
    Quantum,
    /// Exclusive access reaches its limit.
    Exclusive,
    /// A VF that the guard stopped is let in again.
    Guard,
}

/// Why an action on the card failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A command failed or timed out. [`Failure::Gone`] is understood as [`Event::Gone`].
    Command(Failure),
    /// An operation did not succeed within its own bounds.
    Operation,
}

/// Something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The card is initialised and free; no function has a saved state. First event, and first after [`Event::Shutdown`]; after
    /// [`Event::Gone`] it says that the card is back.
    Boot,
    /// The action on the card is done.
    Done,
    /// The action on the card failed.
    Failed(Fault),
    /// Answer to `Operation::QueryWork`: mask of the VFs that have work, bit 0 for VF1. A VF of which it is not known has
    /// its bit set.
    Work(u16),
    /// A deadline passed.
    Expired(Timer),
    /// A message of a VF was read and acknowledged.
    Message {
        /// From whom.
        vf: VfId,
        /// Which.
        message: Message,
    },
    /// A VF interrupted the host without a message that could be read: it acknowledged one of the PF, or took its own back.
    Interrupts {
        /// Which VF.
        vf: VfId,
        /// How often.
        times: u16,
    },
    /// The user of a VF reset the function (FLR through vfio).
    UserReset {
        /// Which VF.
        vf: VfId,
    },
    /// A VF has a new user, who begins with a clean record.
    UserCame {
        /// Which VF.
        vf: VfId,
    },
    /// A VF has no user any more, so that whatever runs on it can go.
    UserLeft {
        /// Which VF.
        vf: VfId,
    },
    /// A VF is there.
    Enable {
        /// Which.
        vf: VfId,
    },
    /// A VF is to go: done when its state is disabled.
    Disable {
        /// Which.
        vf: VfId,
    },
    /// The administrator wants something.
    Admin(Admin),
    /// The card does not answer, or was removed.
    Gone,
    /// Free the GPU and stop: done with `Report::Down`.
    Shutdown,
    /// Write down what there is with `Operation::HandOver` and leave it alone: done with `Report::HandedOver`.
    HandOver,
    /// Go on where another engine has left the card, after `Engine::take_over`; in place of [`Event::Boot`].
    TakeOver,
}

/// What an administrator can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admin {
    /// Another policy, from the next turn on.
    Policy(Kind),
    /// Quantum of VFs without one of their own in ns; 0 for that of the level.
    CommonQuantum(u64),
    /// Quantum of one VF in ns; 0 for the common one.
    Quantum(VfId, u64),
    /// How long one VF may take to stop in ns; 0 for what the GPU may take at most.
    PreemptLimit(VfId, u64),
    /// Quantum level of one VF.
    Level(VfId, u8),
    /// Weight of one VF.
    Weight(VfId, u16),
    /// Priority of one VF.
    Priority(VfId, Priority),
    /// How often a VF that nobody waits behind is checked, in ns.
    LoneCheck(u64),
    /// Longest exclusive access in ns, from the next one on.
    ExclusiveLimit(u64),
    /// Whether framebuffers are cleared.
    FbClear(bool),
    /// A budget of the guard.
    Budget(Budgeted, Budget),
    /// Take a VF off the GPU and keep it off.
    Stop(VfId),
    /// Let a VF in that was stopped.
    Allow(VfId),
    /// Reset a VF.
    Reset(VfId),
    /// Do something with a VF that nobody's driver runs on; refused with `Report::Denied` otherwise.
    Chore(VfId, Chore),
    /// Reset the whole GPU; also tries again when it was given up.
    ResetGpu,
}
