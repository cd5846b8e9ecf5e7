// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! For tests of the engine: a bench that does what the worker does, with a card that obeys. Has no tests itself.

use super::super::*;
use crate::mailbox::{Message, Release, Reply, Request};

pub(in super::super) const MS: u64 = 1_000_000;
/// What each step on the card takes unless a test says otherwise.
pub(in super::super) const STEP: u64 = 10_000;

pub(in super::super) fn vf(n: u8) -> VfId {
    VfId::new(n).unwrap()
}

pub(in super::super) struct Bench {
    pub(in super::super) engine: Engine,
    pub(in super::super) now: u64,
    pub(in super::super) pending: Option<Step>,
    /// Steps as text, in order.
    pub(in super::super) steps: Vec<String>,
    pub(in super::super) replies: Vec<(u8, Reply)>,
    pub(in super::super) reports: Vec<Report>,
    /// Kinds of actions since the last event, for tests of what an event leads to.
    pub(in super::super) last: Vec<Action>,
    /// Steps that fail, once each.
    pub(in super::super) faults: Vec<(String, Fault)>,
    pub(in super::super) work: u16,
    pub(in super::super) events: u32,
    /// What each step on the card takes, ns.
    pub(in super::super) step: u64,
}

impl Bench {
    pub(in super::super) fn new(settings: Settings, vfs: u8) -> Self {
        let mut b = Self {
            engine: Engine::new(settings),
            now: 1_000 * MS,
            pending: None,
            steps: vec![],
            replies: vec![],
            reports: vec![],
            last: vec![],
            faults: vec![],
            work: u16::MAX,
            events: 0,
            step: STEP,
        };
        b.event(Event::Boot);
        b.settle();
        for n in 1..=vfs {
            b.event(Event::Enable { vf: vf(n) });
        }
        b.clear();
        b
    }

    pub(in super::super) fn solid(vfs: u8) -> Self {
        Self::new(Settings::DEFAULT, vfs)
    }

    pub(in super::super) fn clear(&mut self) {
        self.steps.clear();
        self.replies.clear();
        self.reports.clear();
    }

    pub(in super::super) fn event(&mut self, event: Event) {
        self.events += 1;
        assert!(self.events < 100_000, "no end");
        self.last = self.engine.handle(event, self.now).to_vec();
        for (i, action) in self.last.iter().enumerate() {
            match *action {
                Action::Card(step) => {
                    assert_eq!(i + 1, self.last.len(), "a step must come last");
                    assert!(self.pending.is_none(), "one step at a time");
                    self.pending = Some(step);
                    self.steps.push(step.to_string());
                }
                Action::Reply { vf, reply } => self.replies.push((vf.number(), reply)),
                Action::Report(report) => self.reports.push(report),
                _ => (),
            }
        }
    }

    /// Ends the step on the card.
    pub(in super::super) fn finish(&mut self) {
        let step = self.pending.take().expect("a step");
        self.now += self.step;
        let text = step.to_string();
        if let Some(at) = self.faults.iter().position(|(s, _)| *s == text) {
            let (_, fault) = self.faults.remove(at);
            self.event(Event::Failed(fault));
        } else if step == Step::Operate(Operation::QueryWork) {
            self.event(Event::Work(self.work));
        } else {
            self.event(Event::Done);
        }
    }

    /// Ends all steps on the card.
    pub(in super::super) fn settle(&mut self) {
        for _ in 0..1000 {
            if self.pending.is_none() {
                return;
            }
            self.finish();
        }
        panic!("does not settle");
    }

    /// Lets time pass until `until`, with timers.
    pub(in super::super) fn run(&mut self, until: u64) {
        loop {
            self.settle();
            match self.engine.timers.first() {
                Some((at, timer)) if at <= until => {
                    self.now = self.now.max(at);
                    self.event(Event::Expired(timer));
                }
                _ => break,
            }
        }
        self.now = self.now.max(until);
    }

    pub(in super::super) fn run_for(&mut self, ns: u64) {
        self.run(self.now + ns);
    }

    pub(in super::super) fn request(&mut self, n: u8, request: Request) {
        let message = Message::Request(request);
        self.event(Event::Message { vf: vf(n), message });
    }

    pub(in super::super) fn release(&mut self, n: u8, release: Release) {
        let message = Message::Release(release);
        self.event(Event::Message { vf: vf(n), message });
    }

    /// A guest's driver starts.
    pub(in super::super) fn start(&mut self, n: u8) {
        self.request(n, Request::Init);
        self.until_owner(n);
        self.release(n, Release::Init);
        self.settle();
    }

    /// Lets time pass until a VF has exclusive access.
    pub(in super::super) fn until_owner(&mut self, n: u8) {
        for _ in 0..10_000 {
            if self.engine.owner() == Some(vf(n)) {
                return;
            }
            if self.pending.is_some() {
                self.finish();
            } else {
                self.run_for(MS);
            }
        }
        panic!("VF{n} does not get exclusive access");
    }

    pub(in super::super) fn state(&self, n: u8) -> State {
        self.engine.state(vf(n))
    }

    pub(in super::super) fn refused(&self) -> Vec<(u8, Refusal)> {
        let of = |r: &Report| match *r {
            Report::Refused { vf, why, .. } => Some((vf.number(), why)),
            _ => None,
        };
        self.reports.iter().filter_map(of).collect()
    }

    pub(in super::super) fn fail(&mut self, step: &str, fault: Fault) {
        self.faults.push((step.to_string(), fault));
    }
}
