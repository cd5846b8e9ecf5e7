// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What is next when nothing is under way; the order is that of the list in `engine.rs`.
//!
//! Each function says whether it did something: began a task, or changed what is to be decided. None waits.

use super::super::guard::Kind as Budgeted;
use super::super::mailbox::{Reply, Request};
use super::super::policy::Turn;
use super::super::vf::{Chore, Evict, Fate, Memory, Milestone, Reason, State};
use super::super::vfid::VfId;
use super::card::Holds;
use super::queue::Waiting;
use super::script::{Script, Task};
use super::{Action, Cause, Engine, Operation, Phase, Refusal, Step, Timer};

impl Engine {
    pub(super) fn decide(&mut self) -> bool {
        if self.phase != Phase::Up {
            return false;
        }
        if let Some(cause) = self.gpu_reset.take() {
            self.begin_gpu_reset(cause);
            return true;
        }
        match self.card.holds {
            Holds::Nothing | Holds::Running(_) => (),
            Holds::Stuck(vf) => {
                let reset = self.vfs.get(vf).evict.and_then(|e| e.reset);
                self.begin_vf_reset(vf, reset.unwrap_or(Reason::Administrator));
                return true;
            }
            // No task ends like this; if one did, this is the way out.
            Holds::Ready(_) | Holds::Idle(_) | Holds::Unknown => {
                self.gpu_reset = Some(Cause::Step(Step::Operate(Operation::ResetGpu)));
                return true;
            }
        }
        let leaving = self.vfs.mask(|vf| vf.evict.is_some() || vf.chore.is_some());
        if leaving != 0 && VfId::all().any(|vf| self.leave(vf) || self.chore(vf)) {
            return true;
        }
        if self.shutdown {
            return self.park();
        }
        if self.handing_over {
            return self.hand_over();
        }
        if self.owner.is_some() {
            return false;
        }
        self.serve() || self.schedule()
    }

    /// A VF that is to leave.
    fn leave(&mut self, vf: VfId) -> bool {
        let entry = self.vfs.get(vf);
        let Some(Evict { reset, clear, .. }) = entry.evict else {
            return false;
        };
        let running = self.card.running_vf();
        let clear = clear && self.settings.fb_clear && entry.memory != Memory::Clean;
        match (reset, running) {
            (None, Some(r)) if r == vf => self.vacate(vf),
            (None, _) if !clear => {
                self.left(vf);
                true
            }
            // From here on the GPU is needed; whoever has it for itself is not disturbed.
            _ if self.owner.is_some() => false,
            (Some(reason), Some(r)) if r == vf => {
                self.begin_vf_reset(vf, reason);
                true
            }
            (_, Some(other)) => self.vacate(other),
            (Some(reason), None) => {
                self.begin_vf_reset(vf, reason);
                true
            }
            (None, None) => {
                self.begin(Task::Clear(vf), Script::through_pf(Some(vf)));
                true
            }
        }
    }

    /// A VF with which the administrator wants something done. It is idle, and cannot start before.
    fn chore(&mut self, vf: VfId) -> bool {
        let (Some(chore), None) = (self.vfs.get(vf).chore, self.vfs.get(vf).evict) else {
            return false;
        };
        match (chore, self.card.running_vf()) {
            (Chore::Resize(_), _) => (),
            // Whoever has the GPU for itself is not disturbed.
            (Chore::Fill(_), _) if self.owner.is_some() => return false,
            (Chore::Fill(_), Some(running)) => return self.vacate(running),
            (Chore::Fill(_), None) => (),
        }
        self.begin(Task::Chore(vf, chore), Script::chore(vf, chore));
        true
    }

    fn vacate(&mut self, vf: VfId) -> bool {
        self.begin(Task::Vacate(vf), Script::vacate(vf));
        true
    }

    fn park(&mut self) -> bool {
        match self.card.running_vf() {
            Some(vf) => self.vacate(vf),
            None => {
                // Whoever is next finds the GPU free, as it was found.
                self.down();
                true
            }
        }
    }

    /// The request that waits longest.
    fn serve(&mut self) -> bool {
        let Some(waiting) = self.queue.front() else {
            return false;
        };
        let Waiting { vf, request, .. } = waiting;
        match (self.vfs.get(vf).state, request) {
            (State::Available, Request::Fini) => {
                // Nothing of it is on the GPU: its guest may end its driver right away.
                self.queue.remove(vf);
                let entry = self.vfs.get_mut(vf);
                entry.courtesy = true;
                entry.stats.note(Milestone::FiniStart, self.now);
                self.act(Action::Reply {
                    vf,
                    reply: Reply::Ready,
                });
                true
            }
            (State::Available | State::Running, _) if self.is_breather(vf) => false,
            // Counted before anybody has to make way for it.
            (State::Available | State::Running, _) if !waiting.counted => {
                self.queue.front_counted();
                self.charge_budget(vf, Budgeted::Exclusive);
                true
            }
            (State::Available, _) => self.serve_start(waiting),
            (State::Running, Request::Fini) => self.serve_fini(vf),
            (State::Running, Request::Init) => {
                self.evict(vf, None, Fate::Available);
                true
            }
            (State::Running, Request::Reset) => {
                self.evict(vf, Some(Reason::Guest), Fate::Available);
                true
            }
            _ => {
                self.refuse_waiting(vf, Refusal::Failed);
                true
            }
        }
    }

    fn serve_start(&mut self, waiting: Waiting) -> bool {
        let Waiting {
            vf, request, tried, ..
        } = waiting;
        if let Some(running) = self.card.running_vf() {
            return self.vacate(running);
        }
        self.queue.remove(vf);
        self.set_state(vf, State::Starting);
        let now = self.now;
        self.vfs.get_mut(vf).stats.note(Milestone::InitStart, now);
        let entry = self.vfs.get(vf);
        let clear = self.settings.fb_clear
            && match entry.memory {
                Memory::Clean => false,
                // A guest that asks for a reset goes on with its data.
                Memory::Used => request == Request::Init,
                Memory::Foreign => true,
            };
        let script = Script::start(vf, clear, !entry.rlcv_saved);
        let again = !tried;
        self.begin(Task::Start { vf, request, again }, script);
        true
    }

    fn serve_fini(&mut self, vf: VfId) -> bool {
        match self.card.running_vf() {
            Some(running) if running != vf => return self.vacate(running),
            _ => (),
        }
        self.queue.remove(vf);
        if self.card.running_vf() == Some(vf) {
            self.grant(vf, Request::Fini);
        } else {
            self.begin(Task::EnterFini(vf), Script::enter(vf));
        }
        true
    }

    fn schedule(&mut self) -> bool {
        if self.list.is_empty() {
            self.turn = None;
            self.disarm(Timer::Quantum);
            return false;
        }
        let running = self.card.running_vf();
        if !self.expired && self.timers.quantum.is_some() {
            return false;
        }
        let chosen = self
            .turn
            .filter(|turn| running.is_none() && turn.vf.is_none_or(|vf| self.list.contains(vf)));
        let turn = match chosen {
            Some(turn) => turn,
            None => {
                if self.work.is_none()
                    && self.with_policy(|policy, view| policy.asks_for_work(view))
                {
                    self.begin(Task::Query, Script::one(Operation::QueryWork));
                    return true;
                }
                self.account();
                if let Some(running) = running {
                    self.breather_turn_over(running);
                }
                if let Some(work) = self.work {
                    self.breather_work(work);
                }
                self.with_policy(|policy, view| policy.next(view))
            }
        };
        self.turn = Some(turn);
        match (running, turn.vf) {
            (Some(current), Some(next)) if current == next && !self.is_check_due() => {
                self.go_on(turn)
            }
            (Some(current), _) => self.vacate(current),
            (None, Some(next)) => {
                self.begin(Task::Enter(next), Script::enter(next));
                true
            }
            (None, None) => self.go_on(turn),
        }
    }

    /// The VF that runs has not been seen to stop for so long that it may hang.
    fn is_check_due(&self) -> bool {
        self.holder.is_some_and(|holder| {
            self.now.saturating_sub(holder.since) >= self.settings.lone_check_ns
        })
    }

    /// The GPU stays with whom it is, or idle.
    fn go_on(&mut self, turn: Turn) -> bool {
        self.turn = None;
        self.work = None;
        self.expired = false;
        let deadline = self.turn_end(turn.end);
        self.arm(Timer::Quantum, deadline);
        self.breather_turn_begins();
        // A request may have waited for the end of the last turn.
        true
    }
}
