// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! How a VF is taken off the GPU, whatever the reason, and what becomes of it.

use super::super::guard::Kind as Budgeted;
use super::super::vf::{Evict, Fate, Milestone, Reason, State, Vf};
use super::super::vfid::VfId;
use super::{Action, Engine, Phase, Refusal, Report, Timer};

/// The stronger of two fates.
fn stronger(a: Fate, b: Fate) -> Fate {
    match (a, b) {
        (Fate::Disabled, _) | (_, Fate::Disabled) => Fate::Disabled,
        (Fate::Stopped { until: None }, _) | (_, Fate::Stopped { until: None }) => {
            Fate::Stopped { until: None }
        }
        (Fate::Stopped { until: Some(a) }, Fate::Stopped { until: Some(b) }) => Fate::Stopped {
            until: Some(a.max(b)),
        },
        (stopped @ Fate::Stopped { .. }, _) | (_, stopped @ Fate::Stopped { .. }) => stopped,
        (Fate::Available, Fate::Available) => Fate::Available,
    }
}

impl Engine {
    /// A VF is to leave the GPU. From now on it has no turn and no exclusive access; `decide` does the rest. What was to
    /// become of it already stays if it is stronger.
    pub(super) fn evict(&mut self, vf: VfId, reset: Option<Reason>, fate: Fate) {
        if self.owner == Some(vf) {
            self.end_exclusive();
        }
        self.list.remove(vf);
        let entry = self.vfs.get_mut(vf);
        let before = match (entry.evict, entry.state) {
            (Some(evict), _) => evict,
            (None, State::Stopped { until }) => Evict {
                reset: None,
                clear: false,
                fate: Fate::Stopped { until },
            },
            _ => Evict {
                reset: None,
                clear: false,
                fate: Fate::Available,
            },
        };
        let evict = Evict {
            reset: before.reset.or(reset),
            clear: before.clear,
            fate: stronger(before.fate, fate),
        };
        entry.evict = Some(evict);
        self.set_state(
            vf,
            match evict.reset {
                Some(_) => State::Resetting,
                None => State::Leaving,
            },
        );
        match evict.fate {
            Fate::Available => (),
            Fate::Stopped { .. } => self.refuse_waiting(vf, Refusal::Stopped),
            Fate::Disabled => self.refuse_waiting(vf, Refusal::Disabled),
        }
        if self.phase != Phase::Up {
            self.left(vf);
        }
    }

    /// A VF gives the GPU up for good: as `evict`, and its framebuffer is cleared at once.
    pub(super) fn release(&mut self, vf: VfId) {
        let now = self.now;
        self.vfs.get_mut(vf).stats.note(Milestone::FiniEnd, now);
        self.evict(vf, None, Fate::Available);
        self.clear_when_left(vf);
    }

    /// If a VF is to leave the GPU, its framebuffer is cleared then.
    pub(super) fn clear_when_left(&mut self, vf: VfId) {
        if let Some(evict) = &mut self.vfs.get_mut(vf).evict {
            evict.clear = true;
        }
    }

    /// A VF that was to be reset has been. What is left is to clear its framebuffer, if that is not to wait for the next
    /// guest.
    pub(super) fn was_reset(&mut self, vf: VfId) {
        match &mut self.vfs.get_mut(vf).evict {
            Some(evict) if evict.clear => {
                evict.reset = None;
                self.set_state(vf, State::Leaving);
            }
            _ => self.left(vf),
        }
    }

    /// Nothing of the VF is on the GPU any more.
    pub(super) fn left(&mut self, vf: VfId) {
        let Some(evict) = self.vfs.get_mut(vf).evict.take() else {
            return;
        };
        match evict.fate {
            Fate::Available => self.set_state(vf, State::Available),
            Fate::Stopped { until } => {
                self.set_state(vf, State::Stopped { until });
            }
            Fate::Disabled => {
                self.mute(vf, false);
                // The next user begins with a clean record, and with memory that may be somebody else's.
                let stats = self.vfs.get(vf).stats;
                *self.vfs.get_mut(vf) = Vf {
                    state: self.vfs.get(vf).state,
                    stats,
                    ..Vf::DISABLED
                };
                self.set_state(vf, State::Disabled);
            }
        }
        // It is waited for from now on, or not any more.
        self.arm_guard();
    }

    /// Counts against a budget; over it, the VF is stopped until a window has passed. True if it is.
    pub(super) fn charge_budget(&mut self, vf: VfId, kind: Budgeted) -> bool {
        let budgets = self.settings.budgets;
        let entry = self.vfs.get_mut(vf);
        if !entry.guard.count(kind, &budgets, self.now) {
            return false;
        }
        let until = self.now.saturating_add(budgets.get(kind).window_ns);
        self.report(Report::OverBudget { vf, kind });
        self.mute(vf, true);
        self.evict(vf, None, Fate::Stopped { until: Some(until) });
        true
    }

    pub(super) fn mute(&mut self, vf: VfId, on: bool) {
        let muted = &mut self.vfs.get_mut(vf).muted;
        if *muted != on {
            *muted = on;
            self.act(Action::Mute { vf, on });
        }
    }

    pub(super) fn arm_guard(&mut self) {
        let first = self
            .vfs
            .iter()
            .filter_map(|(_, v)| match v.state {
                State::Stopped { until } => until,
                _ => None,
            })
            .min();
        match first {
            Some(deadline) => self.arm(Timer::Guard, deadline),
            None => self.disarm(Timer::Guard),
        }
    }

    pub(super) fn guard_expired(&mut self) {
        for vf in VfId::all() {
            match self.vfs.get(vf).state {
                State::Stopped { until: Some(until) } if until <= self.now => self.allow(vf),
                _ => (),
            }
        }
        self.arm_guard();
    }

    /// Lets a stopped VF in again.
    pub(super) fn allow(&mut self, vf: VfId) {
        let entry = self.vfs.get_mut(vf);
        entry.guard = super::super::guard::Guard::NEW;
        if let Some(Evict {
            fate: fate @ Fate::Stopped { .. },
            ..
        }) = &mut entry.evict
        {
            *fate = Fate::Available;
        }
        let stopped = matches!(entry.state, State::Stopped { .. });
        self.mute(vf, false);
        if stopped {
            self.set_state(vf, State::Available);
            self.arm_guard();
        }
    }
}
