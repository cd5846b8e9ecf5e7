// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Messages of VFs: counted, queued, answered or refused.

use super::super::guard::Kind as Budgeted;
use super::super::mailbox::{Message, Reply, Request};
use super::super::vf::{Fate, Memory, Reason, State};
use super::super::vfid::VfId;
use super::queue::Waiting;
use super::script::Task;
use super::{Action, Engine, Phase, Refusal, Report};

impl Engine {
    pub(super) fn message(&mut self, vf: VfId, message: Message) {
        let entry = self.vfs.get_mut(vf);
        entry.stats.messages = entry.stats.messages.saturating_add(1);
        let shut = self.phase != Phase::Up || self.shutdown;
        let refusal = match entry.state {
            State::Disabled => Some(Refusal::Disabled),
            State::Stopped { .. } => Some(Refusal::Stopped),
            _ if shut => Some(Refusal::NotUp),
            _ => {
                let over = self.charge_budget(vf, Budgeted::Interrupt)
                    || self.charge_budget(vf, Budgeted::Message);
                over.then_some(Refusal::Stopped)
            }
        };
        match (message, refusal) {
            (Message::Request(request), Some(why)) => self.refuse(vf, request, why),
            (Message::Request(request), None) => self.requested(vf, request),
            (_, Some(_)) => (),
            (Message::Release(release), None) => self.released(vf, release),
            (Message::Text(bytes), None) => {
                if self.vfs.get_mut(vf).text.push(bytes) {
                    self.report(Report::Text { vf });
                }
            }
            (Message::LogError { code, .. }, None) => self.report(Report::LogError { vf, code }),
            (Message::Unknown { id }, None) => self.report(Report::Unknown { vf, id }),
        }
    }

    pub(super) fn interrupted(&mut self, vf: VfId, times: u16) {
        let state = self.vfs.get(vf).state;
        if self.phase == Phase::Up && !matches!(state, State::Disabled | State::Stopped { .. }) {
            let _ = (0..times).any(|_| self.charge_budget(vf, Budgeted::Interrupt));
        }
    }

    fn requested(&mut self, vf: VfId, request: Request) {
        match (self.task, self.vfs.get(vf).evict.map(|e| e.fate)) {
            (
                Some(Task::Start {
                    vf: v, request: r, ..
                }),
                _,
            ) if v == vf && r == request => {
                self.refuse(vf, request, Refusal::Duplicate);
                return;
            }
            (_, Some(Fate::Stopped { .. })) => {
                self.refuse(vf, request, Refusal::Stopped);
                return;
            }
            (_, Some(Fate::Disabled)) => {
                self.refuse(vf, request, Refusal::Disabled);
                return;
            }
            _ => (),
        }
        // A guest that has exclusive access and asks for it has started over without a release.
        if self.owner == Some(vf) {
            self.resume(vf);
        }
        let waiting = Waiting::new(vf, request);
        if let Some(old) = self.queue.push_back(waiting) {
            self.refuse(vf, old.request, Refusal::Superseded);
        }
    }

    pub(super) fn refuse(&mut self, vf: VfId, request: Request, why: Refusal) {
        let stats = &mut self.vfs.get_mut(vf).stats;
        stats.refused = stats.refused.saturating_add(1);
        self.report(Report::Refused { vf, request, why });
    }

    pub(super) fn refuse_waiting(&mut self, vf: VfId, why: Refusal) {
        if let Some(waiting) = self.queue.remove(vf) {
            self.refuse(vf, waiting.request, why);
        }
    }

    /// What the user before did to be stopped for a while is not held against this one. Whom the administrator has stopped
    /// stays so.
    pub(super) fn user_came(&mut self, vf: VfId) {
        let entry = self.vfs.get(vf);
        let fate = entry.evict.map(|evict| evict.fate);
        match (entry.state, fate) {
            (State::Disabled | State::Stopped { until: None }, _)
            | (_, Some(Fate::Disabled | Fate::Stopped { until: None })) => (),
            _ => self.allow(vf),
        }
    }

    /// As a reset, but there is nobody whom clearing the framebuffer could keep waiting.
    pub(super) fn user_left(&mut self, vf: VfId) {
        self.user_reset(vf);
        match self.vfs.get(vf).state {
            State::Disabled => (),
            State::Available => self.release(vf),
            _ => self.clear_when_left(vf),
        }
    }

    /// The guest is gone: the next one must not see its data.
    pub(super) fn user_reset(&mut self, vf: VfId) {
        let entry = self.vfs.get_mut(vf);
        if entry.state == State::Disabled {
            return;
        }
        entry.memory = Memory::Foreign;
        entry.text = super::super::mailbox::Text::NEW;
        entry.courtesy = false;
        let started = entry.state.is_started();
        // The next guest must not take it for an answer to what it asks.
        self.act(Action::Reply {
            vf,
            reply: Reply::Nothing,
        });
        self.refuse_waiting(vf, Refusal::Reset);
        if started {
            let reason = Some(Reason::User);
            self.evict(vf, reason, Fate::Available);
        }
    }
}
