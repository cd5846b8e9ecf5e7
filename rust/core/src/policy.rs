// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Scheduling policies: whose turn is next, and for how long.
//!
//! Each policy is a pure choice among the VFs on the run list; none may issue a command or know how a world switch is
//! done. Times are monotonic nanoseconds. Source: sections 5.2 and 5.3 of the behaviour reference; `fair` is new.

mod fair;
mod liquid;
mod predictable;
mod solid;

use super::runlist::RunList;
use super::vfid::{PerVf, VfId};
use core::fmt;

const NS_PER_US: u64 = 1_000;
const NS_PER_MS: u64 = 1_000_000;

/// Shortest quantum that is obeyed, 100 us: a world switch takes about as long.
pub const QUANTUM_MIN_NS: u64 = 100 * NS_PER_US;
/// Longest quantum that is obeyed, 2 s, as for `sched_interval`.
pub const QUANTUM_MAX_NS: u64 = 2_000 * NS_PER_MS;
/// Smallest, default and largest weight of a VF, as for `cpu.weight` of control groups.
pub const WEIGHT_MIN: u16 = 1;
/// See [`WEIGHT_MIN`].
pub const WEIGHT_DEFAULT: u16 = 100;
/// See [`WEIGHT_MIN`].
pub const WEIGHT_MAX: u16 = 10_000;

/// Which policy decides (parameter `sched_option`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 0: every started VF in turn, one quantum each.
    Solid,
    /// 1: every enabled VF in turn; the GPU is idle in the slots of VFs that are not started.
    Predictable,
    /// 2: only VFs that have work, in turn.
    Liquid,
    /// 3: GPU time by weight, with priorities.
    Fair,
}

impl Kind {
    /// The policy of a value of `sched_option`.
    pub fn from_option(value: u32) -> Option<Self> {
        [Kind::Solid, Kind::Predictable, Kind::Liquid, Kind::Fair]
            .into_iter()
            .find(|&kind| kind as u32 == value)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Solid => "solid",
            Kind::Predictable => "predictable",
            Kind::Liquid => "liquid",
            Kind::Fair => "fair",
        })
    }
}

/// When a VF is considered by [`Kind::Fair`], as xe's `sched_priority` defines it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Only when it has work.
    Low,
    /// Always.
    Normal,
    /// As soon as the present turn ends when it has work, else as normal.
    High,
}

/// A VF's part in scheduling; an administrator's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The VF's own quantum in ns (`exec_quantum_ms`); 0 for the common one.
    pub quantum_ns: u64,
    /// How long the VF may take to stop in ns (`preempt_timeout_us`); 0 for what the command may take.
    pub preempt_ns: u64,
    /// Quantum level 0 to 3, for 4, 6, 8 and 7 ms, when neither it nor the common quantum is set.
    pub level: u8,
    /// Relative share of GPU time for [`Kind::Fair`], [`WEIGHT_MIN`] to [`WEIGHT_MAX`].
    pub weight: u16,
    /// For [`Kind::Fair`].
    pub priority: Priority,
}

impl Share {
    /// What a VF has that was started by its guest: level 1, default weight.
    pub const DEFAULT: Share = Share {
        quantum_ns: 0,
        preempt_ns: 0,
        level: 1,
        weight: WEIGHT_DEFAULT,
        priority: Priority::Normal,
    };

    /// How long the VF may take to stop in ns, if it has a limit of its own.
    pub fn preempt_limit(&self) -> Option<u64> {
        (self.preempt_ns != 0).then_some(self.preempt_ns.max(NS_PER_MS))
    }

    /// The quantum in ns: the VF's own, else the common one, else that of the level.
    pub fn quantum(&self, common_ns: u64) -> u64 {
        let ns = if self.quantum_ns != 0 {
            self.quantum_ns
        } else if common_ns != 0 {
            common_ns
        } else {
            NS_PER_MS.saturating_mul(match self.level {
                0 => 4,
                1 => 6,
                2 => 8,
                _ => 7,
            })
        };
        ns.clamp(QUANTUM_MIN_NS, QUANTUM_MAX_NS)
    }
}

/// What a policy may look at.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// VFs that can have the GPU.
    pub list: &'a RunList,
    /// Mask of enabled VFs; only valid for [`Kind::Predictable`], as nobody else asks.
    pub enabled: u16,
    /// The VF that has the GPU.
    pub current: Option<VfId>,
    /// Mask of VFs that have work; only valid if [`Policy::asks_for_work`].
    pub work: u16,
    /// Settings of each VF.
    pub shares: &'a PerVf<Share>,
    /// Quantum of VFs without one of their own in ns (`sched_interval`); 0 for that of the level.
    pub common_ns: u64,
    /// Turn of a VF that nobody waits behind, in ns; after it comes a check for a hang.
    pub lone_ns: u64,
    /// Now.
    pub now: u64,
}

impl View<'_> {
    fn quantum(&self, vf: VfId) -> u64 {
        self.shares.get(vf).quantum(self.common_ns)
    }

    fn has_work(&self, vf: VfId) -> bool {
        self.work & vf.bit() != 0
    }

    fn turn(&self, vf: VfId) -> Turn {
        Turn {
            vf: Some(vf),
            end: End::After(self.quantum(vf)),
        }
    }

    /// When no VF is to be preferred: stay as things are, and look again after a quantum.
    fn stay(&self) -> Turn {
        let shortest = self.list.iter().map(|vf| self.quantum(vf)).min();
        Turn {
            vf: self.current.filter(|&vf| self.list.contains(vf)),
            end: End::After(shortest.unwrap_or(self.lone_ns)),
        }
    }

    /// The only VF that could have a turn, which then is a long one.
    fn lone(&self) -> Option<Turn> {
        let vf = self.list.iter().next()?;
        (self.list.len() == 1).then_some(Turn {
            vf: Some(vf),
            end: End::After(self.lone_ns),
        })
    }
}

/// When a turn ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// So many ns after the VF runs.
    After(u64),
    /// At this time.
    At(u64),
}

/// Who has the GPU next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The VF; `None` leaves the GPU idle.
    pub vf: Option<VfId>,
    /// For how long.
    pub end: End,
}

/// The policy in force, with what it remembers.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    kind: Kind,
    predictable: predictable::State,
    fair: fair::State,
}

impl Policy {
    /// A policy that remembers nothing.
    pub const fn new(kind: Kind) -> Self {
        Self {
            kind,
            predictable: predictable::State::NEW,
            fair: fair::State::NEW,
        }
    }

    /// Which one it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether the choice depends on which VFs have work.
    pub fn asks_for_work(&self, view: &View<'_>) -> bool {
        let normal = |vf| view.shares.get(vf).priority == Priority::Normal;
        view.list.len() > 1
            && match self.kind {
                Kind::Solid | Kind::Predictable => false,
                Kind::Liquid => true,
                Kind::Fair => !view.list.iter().all(normal),
            }
    }

    /// The next turn. The list is not empty.
    pub fn next(&mut self, view: &View<'_>) -> Turn {
        match self.kind {
            Kind::Predictable => self.predictable.next(view),
            Kind::Fair => self.fair.next(view),
            Kind::Solid => view.lone().unwrap_or_else(|| solid::next(view)),
            Kind::Liquid => view.lone().unwrap_or_else(|| liquid::next(view)),
        }
    }

    /// The turn of a VF that has the GPU already, because it just released exclusive access.
    pub fn took(&mut self, view: &View<'_>, vf: VfId) -> Turn {
        match self.kind {
            Kind::Predictable => self.predictable.took(view, vf),
            _ => view.lone().unwrap_or(view.turn(vf)),
        }
    }

    /// A VF had the GPU for `used` ns, what it took to get it back included.
    pub fn charge(&mut self, vf: VfId, used: u64, share: &Share) {
        // A change of the policy begins with equal claims.
        if self.kind == Kind::Fair {
            self.fair.charge(vf, used, share);
        }
    }
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
