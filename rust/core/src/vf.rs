// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What the PF knows about one VF: its state, its settings, what it used.
//!
//! Data only; may not decide. The states and what leads from one to the next are drawn in `engine.rs`.

use super::guard::Guard;
use super::mailbox::{Request, Text};
use super::policy::Share;
use core::fmt;

/// What a VF is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not enabled.
    Disabled,
    /// Enabled; no guest driver runs on it.
    Available,
    /// The GPU is being made ready for its driver to start.
    Starting,
    /// It has the GPU alone, until it releases it or until the deadline.
    Exclusive {
        /// What it asked for.
        request: Request,
        /// When it will be ended, monotonic ns.
        deadline: u64,
    },
    /// Takes part in scheduling.
    Running,
    /// Is being taken off the GPU.
    Leaving,
    /// Is being reset.
    Resetting,
    /// Kept off the GPU: its requests are refused.
    Stopped {
        /// When it is let in again, monotonic ns; `None` when the administrator stopped it.
        until: Option<u64>,
    },
}

impl State {
    /// Its driver has started, or is about to.
    pub fn is_started(self) -> bool {
        matches!(
            self,
            State::Starting | State::Exclusive { .. } | State::Running
        )
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            State::Disabled => "disabled",
            State::Available => "available",
            State::Starting => "starting",
            State::Exclusive { .. } => "exclusive",
            State::Running => "running",
            State::Leaving => "leaving",
            State::Resetting => "resetting",
            State::Stopped { .. } => "stopped",
        })
    }
}

/// Why a VF is reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// IDLE failed: its engines could not be quiesced.
    Idle,
    /// SAVE failed.
    Save,
    /// LOAD failed.
    Load,
    /// RUN failed.
    Run,
    /// INIT, or another step of its start, failed.
    Start,
    /// It kept exclusive access for too long.
    ExclusiveTimeout,
    /// Its guest asked for it.
    Guest,
    /// Its user reset the function behind the PF's back (vfio).
    User,
    /// The administrator asked for it.
    Administrator,
    /// The whole GPU was reset.
    Gpu,
}

impl Reason {
    /// All reasons.
    pub const ALL: [Reason; 10] = [
        Reason::Idle,
        Reason::Save,
        Reason::Load,
        Reason::Run,
        Reason::Start,
        Reason::ExclusiveTimeout,
        Reason::Guest,
        Reason::User,
        Reason::Administrator,
        Reason::Gpu,
    ];

    /// The guest is told. A guest that asked waits for READY instead; one that was reset by its user is gone.
    pub(super) fn notifies(self) -> bool {
        !matches!(self, Reason::Guest | Reason::User)
    }

    /// The VF pays for it from its budget.
    pub(super) fn is_its_own(self) -> bool {
        !matches!(self, Reason::Administrator | Reason::Gpu)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::Idle => "its engines could not be stopped",
            Reason::Save => "its state could not be saved",
            Reason::Load => "its state could not be loaded",
            Reason::Run => "it could not be run",
            Reason::Start => "its start failed",
            Reason::ExclusiveTimeout => "it kept exclusive access for too long",
            Reason::Guest => "its guest asked for it",
            Reason::User => "its user reset the function",
            Reason::Administrator => "the administrator asked for it",
            Reason::Gpu => "the whole GPU was reset",
        })
    }
}

/// What a VF's framebuffer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Memory {
    /// Zeros.
    Clean,
    /// Data of the guest that uses the VF now.
    Used,
    /// Perhaps data of somebody else.
    Foreign,
}

/// What can be done with a VF while it is idle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chore {
    /// Fill its framebuffer with a byte.
    Fill(u8),
    /// Give it a framebuffer of so many MB.
    Resize(u32),
}

/// What becomes of a VF that is taken off the GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Available,
    Stopped { until: Option<u64> },
    Disabled,
}

/// A VF is to be taken off the GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Evict {
    /// By a reset, or by IDLE and SAVE.
    pub(super) reset: Option<Reason>,
    /// Clear its framebuffer at once.
    pub(super) clear: bool,
    pub(super) fate: Fate,
}

/// What a VF used and caused, since it was enabled. Times are ns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Time it had the GPU in its turns, from RUN until IDLE was done.
    pub gpu_ns: u64,
    /// Time it had the GPU for itself.
    pub exclusive_ns: u64,
    /// Times it was made to run.
    pub runs: u64,
    /// Exclusive accesses.
    pub exclusives: u64,
    /// Messages, whatever became of them.
    pub messages: u64,
    /// Requests that were refused.
    pub refused: u64,
    resets: [u32; Reason::ALL.len()],
    last: [u64; Milestone::ALL.len()],
}

/// What a VF last did at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Milestone {
    /// Its guest's driver began to start.
    InitStart,
    /// It had started.
    InitEnd,
    /// It began to end.
    FiniStart,
    /// It had ended.
    FiniEnd,
    /// The VF was reset.
    Reset,
}

impl Milestone {
    /// All of them.
    pub const ALL: [Milestone; 5] = [
        Milestone::InitStart,
        Milestone::InitEnd,
        Milestone::FiniStart,
        Milestone::FiniEnd,
        Milestone::Reset,
    ];
}

impl Stats {
    /// When something last happened, in monotonic ns; 0 for never.
    pub fn last(&self, what: Milestone) -> u64 {
        self.last.get(what as usize).copied().unwrap_or(0)
    }

    pub(super) fn note(&mut self, what: Milestone, now: u64) {
        if let Some(at) = self.last.get_mut(what as usize) {
            *at = now;
        }
    }

    /// Resets for a reason.
    pub fn resets(&self, reason: Reason) -> u32 {
        self.resets.get(reason as usize).copied().unwrap_or(0)
    }

    pub(super) fn set_resets(&mut self, reason: Reason, times: u32) {
        if let Some(n) = self.resets.get_mut(reason as usize) {
            *n = times;
        }
    }

    pub(super) fn count_reset(&mut self, reason: Reason, now: u64) {
        self.note(Milestone::Reset, now);
        if let Some(n) = self.resets.get_mut(reason as usize) {
            *n = n.saturating_add(1);
        }
    }
}

/// One VF.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vf {
    pub(super) state: State,
    pub(super) evict: Option<Evict>,
    /// What the administrator wants done while it is idle.
    pub(super) chore: Option<Chore>,
    pub(super) memory: Memory,
    /// Its RLC-V state was saved, which a reset needs.
    pub(super) rlcv_saved: bool,
    /// Its REQ_FINI was answered although it does not run: its release is no error.
    pub(super) courtesy: bool,
    /// Its interrupts are not wanted.
    pub(super) muted: bool,
    pub(super) guard: Guard,
    pub(super) text: Text,
    pub(super) stats: Stats,
}

impl Vf {
    pub(super) const DISABLED: Vf = Vf {
        state: State::Disabled,
        evict: None,
        chore: None,
        memory: Memory::Foreign,
        rlcv_saved: false,
        courtesy: false,
        muted: false,
        guard: Guard::NEW,
        text: Text::NEW,
        stats: Stats {
            gpu_ns: 0,
            exclusive_ns: 0,
            runs: 0,
            exclusives: 0,
            messages: 0,
            refused: 0,
            resets: [0; Reason::ALL.len()],
            last: [0; Milestone::ALL.len()],
        },
    };
}

/// Settings of the scheduler that hold for all VFs, and of each.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The policy.
    pub policy: super::policy::Kind,
    /// Quantum of VFs without one of their own in ns (`sched_interval`); 0 for that of each VF's level.
    pub quantum_ns: u64,
    /// How often a VF that nobody waits behind is checked for a hang, in ns.
    pub lone_check_ns: u64,
    /// Longest exclusive access in ns.
    pub exclusive_limit_ns: u64,
    /// Framebuffers are cleared when released and before a guest can see another one's data (`fb_clear`).
    pub fb_clear: bool,
    /// What each VF may do how often.
    pub budgets: super::guard::Budgets,
    /// Each VF's share.
    pub shares: super::vfid::PerVf<Share>,
}

impl Settings {
    /// The defaults.
    pub const DEFAULT: Settings = Settings {
        policy: super::policy::Kind::Solid,
        quantum_ns: 0,
        lone_check_ns: 500_000_000,
        exclusive_limit_ns: 5_000_000_000,
        fb_clear: true,
        budgets: super::guard::Budgets::DEFAULT,
        shares: super::vfid::PerVf::new(Share::DEFAULT),
    };
}
