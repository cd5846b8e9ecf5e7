// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What the administrator and the driver itself ask for. Settings take effect at the next turn or access.

use super::super::policy::{Policy, WEIGHT_MAX, WEIGHT_MIN};
use super::super::vf::{Chore, Fate, Memory, Reason, State, Stats};
use super::super::vfid::VfId;
use super::{Admin, Cause, Engine, Phase, Refusal, Report};

/// Shortest time between checks of a lone VF, and shortest limit of exclusive access, in ns: 1 ms.
const SHORTEST_NS: u64 = 1_000_000;

impl Engine {
    pub(super) fn administrate(&mut self, admin: Admin) {
        let settings = &mut self.settings;
        match admin {
            Admin::Policy(kind) => {
                if settings.policy != kind {
                    settings.policy = kind;
                    self.policy = Policy::new(kind);
                }
            }
            Admin::CommonQuantum(ns) => settings.quantum_ns = ns,
            Admin::Quantum(vf, ns) => settings.shares.get_mut(vf).quantum_ns = ns,
            Admin::PreemptLimit(vf, ns) => settings.shares.get_mut(vf).preempt_ns = ns,
            Admin::Level(vf, level) => settings.shares.get_mut(vf).level = level,
            Admin::Weight(vf, weight) => {
                settings.shares.get_mut(vf).weight = weight.clamp(WEIGHT_MIN, WEIGHT_MAX);
            }
            Admin::Priority(vf, priority) => settings.shares.get_mut(vf).priority = priority,
            Admin::LoneCheck(ns) => settings.lone_check_ns = ns.max(SHORTEST_NS),
            Admin::ExclusiveLimit(ns) => settings.exclusive_limit_ns = ns.max(SHORTEST_NS),
            Admin::FbClear(on) => settings.fb_clear = on,
            Admin::Budget(kind, budget) => settings.budgets.set(kind, budget),
            Admin::Stop(vf) => {
                if self.vfs.get(vf).state != State::Disabled {
                    self.evict(vf, None, Fate::Stopped { until: None });
                }
            }
            Admin::Allow(vf) => self.allow(vf),
            Admin::Reset(vf) => {
                if self.phase == Phase::Up && self.vfs.get(vf).state != State::Disabled {
                    self.evict(vf, Some(Reason::Administrator), Fate::Available);
                }
            }
            Admin::Chore(vf, chore) => self.begin_chore(vf, chore),
            Admin::ResetGpu => match self.phase {
                Phase::Up | Phase::Wedged => {
                    self.phase = Phase::Up;
                    self.gpu_reset = Some(Cause::Administrator);
                    if self.task.is_none() {
                        self.gpu_attempts = 0;
                    }
                }
                Phase::Cold | Phase::Down | Phase::Gone | Phase::HandedOver => (),
            },
        }
    }

    /// What the administrator wants done with a VF will not be done.
    pub(super) fn deny_chore(&mut self, vf: VfId) {
        let entry = self.vfs.get_mut(vf);
        if entry.chore.take().is_some() {
            let state = entry.state;
            self.report(Report::Denied { vf, state });
        }
    }

    /// Something is to be done with a VF as soon as the GPU allows it, unless the VF is in use.
    fn begin_chore(&mut self, vf: VfId, chore: Chore) {
        let phase = self.phase;
        let entry = self.vfs.get_mut(vf);
        let idle = matches!(entry.state, State::Available | State::Stopped { .. });
        if idle
            && entry.evict.is_none()
            && phase == Phase::Up
            && !self.shutdown
            && !self.handing_over
        {
            entry.chore = Some(chore);
        } else {
            let state = entry.state;
            self.report(Report::Denied { vf, state });
        }
    }

    pub(super) fn enable(&mut self, vf: VfId) {
        let entry = self.vfs.get_mut(vf);
        if let Some(evict) = &mut entry.evict {
            // It was on its way out.
            if evict.fate == Fate::Disabled {
                evict.fate = Fate::Available;
                entry.memory = Memory::Foreign;
            }
        } else if entry.state == State::Disabled {
            entry.stats = Stats::default();
            self.set_state(vf, State::Available);
        }
    }

    pub(super) fn disable(&mut self, vf: VfId) {
        if self.vfs.get(vf).state != State::Disabled {
            self.evict(vf, None, Fate::Disabled);
        }
    }

    pub(super) fn shut_down(&mut self) {
        if self.phase != Phase::Up {
            self.report(Report::Down);
            return;
        }
        self.shutdown = true;
        for vf in VfId::all() {
            self.refuse_waiting(vf, Refusal::NotUp);
            if self.vfs.get(vf).state.is_started() {
                self.evict(vf, None, Fate::Available);
            }
        }
    }
}
