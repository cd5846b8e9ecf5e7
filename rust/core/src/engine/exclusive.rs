// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Exclusive access: given, given back, taken away.

use super::super::guard::Kind as Budgeted;
use super::super::mailbox::{Release, Reply, Request};
use super::super::vf::{Fate, Milestone, Reason, State};
use super::super::vfid::VfId;
use super::queue::Waiting;
use super::{Action, Engine, Refusal, Report, Timer};

impl Engine {
    /// The VF runs alone: tells it, unless it is to leave by now.
    pub(super) fn grant(&mut self, vf: VfId, request: Request) {
        if self.vfs.get(vf).evict.is_some() {
            self.refuse(vf, request, Refusal::Failed);
            return;
        }
        if self.gpu_reset.is_some() {
            // Whatever it would do is lost; it gets its turn afterwards.
            if !self.queue.push_front(Waiting::again(vf, request)) {
                self.refuse(vf, request, Refusal::Failed);
            }
            return;
        }
        let deadline = self.now.saturating_add(self.settings.exclusive_limit_ns);
        self.owner = Some(vf);
        self.turn = None;
        let entry = self.vfs.get_mut(vf);
        entry.courtesy = false;
        entry.stats.exclusives = entry.stats.exclusives.saturating_add(1);
        if request == Request::Fini {
            entry.stats.note(Milestone::FiniStart, self.now);
        }
        self.account_as(true);
        self.disarm(Timer::Quantum);
        self.set_state(vf, State::Exclusive { request, deadline });
        self.act(Action::Reply {
            vf,
            reply: Reply::Ready,
        });
        self.arm(Timer::Exclusive, deadline);
    }

    /// Nobody has exclusive access any more.
    pub(super) fn end_exclusive(&mut self) {
        self.owner = None;
        self.account_as(false);
        self.disarm(Timer::Exclusive);
        self.expired = false;
        self.breather_begins();
    }

    /// The VF that has exclusive access gives it back and goes on running.
    pub(super) fn resume(&mut self, vf: VfId) {
        // It runs already, so it is the one that had its turn last, wherever on the list it was before.
        self.list.remove(vf);
        self.list.insert(vf);
        self.end_exclusive();
        self.set_state(vf, State::Running);
        let turn = self.with_policy(|policy, view| policy.took(view, vf));
        let deadline = self.turn_end(turn.end);
        self.arm(Timer::Quantum, deadline);
        self.breather_turn_begins();
    }

    pub(super) fn released(&mut self, vf: VfId, release: Release) {
        if self.owner == Some(vf) {
            match release {
                Release::Init => {
                    let now = self.now;
                    self.vfs.get_mut(vf).stats.note(Milestone::InitEnd, now);
                    self.resume(vf);
                }
                Release::Fini => self.release(vf),
            }
            return;
        }
        // A guest that releases what it waits for has given up.
        let waited = self.queue.remove(vf);
        if let Some(waiting) = waited {
            self.refuse(vf, waiting.request, Refusal::Withdrawn);
        }
        let courtesy = core::mem::take(&mut self.vfs.get_mut(vf).courtesy);
        if courtesy && release == Release::Fini && self.vfs.get(vf).state == State::Available {
            self.release(vf);
        } else if waited.is_none() {
            self.report(Report::StrayRelease { vf });
        }
    }

    pub(super) fn exclusive_expired(&mut self) {
        if let Some(vf) = self.owner {
            self.evict(vf, Some(Reason::ExclusiveTimeout), Fate::Available);
            self.charge_budget(vf, Budgeted::ExclusiveTimeout);
        }
    }
}
