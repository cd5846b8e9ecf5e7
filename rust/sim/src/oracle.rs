// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What must always hold. Sees the events, the actions and the card, and keeps its own record of who asked for what and
//! who has the GPU for itself.

use crate::card::Card;
use crate::{MS, S, US};
use gim_core::engine::{
    Action, Admin, Cause, Engine, Event, Operation, Phase, Refusal, Report, Step, Timer,
};
use gim_core::gpuiov::{Command, Function};
use gim_core::guard::Kind as Budgeted;
use gim_core::mailbox::{Message, Reply, Request};
use gim_core::policy::Kind;
use gim_core::vf::{Reason, State};
use gim_core::vfid::{PerVf, VfId};

/// What is checked after every event, for people.
pub const RULES: [&str; 7] = [
    "one step at a time on the card, none while a VF has exclusive access, in an order that the card takes",
    "every request is answered or refused, in order of arrival and in bounded time; READY goes to a VF that runs",
    "exclusive access is one VF's, for no longer than its limit",
    "no VF sees what another one left in its framebuffer",
    "nobody is passed over; the VFs that run are those whose state says so; what has to be waited for has a timer",
    "every reset has its cause in what the card showed or somebody asked for; whoever is stopped was over its budget",
    "GPU time and runs that are told of each VF are those that the card shows",
];

/// How much later than its deadline a timer may fire here.
pub const TIMER_LATE: u64 = 50 * US;
/// Longest that a request may wait with everybody before it at the limit of everything.
const ANSWER_MAX: u64 = 200 * S;

#[derive(Clone, Copy, Debug)]
struct Asked {
    seq: u64,
    vf: VfId,
    request: Request,
    at: u64,
}

#[derive(Clone, Copy, Debug)]
struct Owner {
    vf: VfId,
    until: u64,
}

/// What the VF's budgets and resets must be explained by.
#[derive(Clone, Debug, Default)]
struct Record {
    user_reset: bool,
    guest_asked: bool,
    admin_asked: bool,
    timed_out: bool,
    gpu_base: u64,
    runs_base: u64,
    counted: [Vec<u64>; Budgeted::ALL.len()],
    /// Turns of others since it ran last.
    passed_over: u32,
    /// It was told of a reset and waits for the completion.
    notified: bool,
}

/// The record.
#[derive(Clone, Debug)]
pub struct Oracle {
    asked: Vec<Asked>,
    seq: u64,
    owner: Option<Owner>,
    records: Vec<Record>,
    admin_gpu: bool,
    /// Deadlines that are armed.
    pub timers: [Option<u64>; 3],
    fb_clear: bool,
    /// Requests answered.
    pub answered: u64,
    /// Requests refused.
    pub refused: u64,
    /// VF resets.
    pub resets: u64,
    /// GPU resets.
    pub gpu_resets: u64,
}

type Check = Result<(), String>;

fn ensure(condition: bool, message: impl FnOnce() -> String) -> Check {
    if condition {
        Ok(())
    } else {
        Err(message())
    }
}

impl Oracle {
    /// Nothing happened yet.
    pub fn new(fb_clear: bool) -> Self {
        Self {
            asked: vec![],
            seq: 0,
            owner: None,
            records: vec![Record::default(); 16],
            admin_gpu: false,
            timers: [None; 3],
            fb_clear,
            answered: 0,
            refused: 0,
            resets: 0,
            gpu_resets: 0,
        }
    }

    /// Requests without an answer.
    pub fn unanswered(&self) -> usize {
        self.asked.len()
    }

    /// The engine is about to see an event.
    pub fn before(&mut self, event: Event, now: u64, card: &Card, engine: &Engine) {
        if let Event::Expired(timer) = event {
            let armed = &mut self.timers[timer as usize];
            *armed = armed.filter(|&deadline| now < deadline);
        }
        match event {
            Event::Message { vf, message } => {
                let record = &mut self.records[vf.index()];
                record.counted[Budgeted::Interrupt as usize].push(now);
                record.counted[Budgeted::Message as usize].push(now);
                if let Message::Request(request) = message {
                    let seq = self.seq;
                    self.seq += 1;
                    let at = now;
                    self.asked.push(Asked {
                        seq,
                        vf,
                        request,
                        at,
                    });
                    record.guest_asked |= request == Request::Reset;
                    // Each leads to one exclusive access at most.
                    record.counted[Budgeted::Exclusive as usize].push(now);
                }
                let gives_back = matches!(message, Message::Request(_) | Message::Release(_));
                self.owner = self.owner.filter(|o| !gives_back || o.vf != vf);
            }
            Event::Interrupts { vf, times } => {
                let counted = &mut self.records[vf.index()].counted[Budgeted::Interrupt as usize];
                counted.extend((0..times).map(|_| now));
            }
            Event::UserReset { vf } => {
                self.records[vf.index()].user_reset = true;
                self.owner = self.owner.filter(|o| o.vf != vf);
            }
            Event::Admin(Admin::Reset(vf)) => {
                self.records[vf.index()].admin_asked = true;
                self.owner = self.owner.filter(|o| o.vf != vf);
            }
            Event::Admin(Admin::Stop(vf)) | Event::Disable { vf } => {
                self.owner = self.owner.filter(|o| o.vf != vf);
            }
            Event::Admin(Admin::Policy(_)) => {
                for record in &mut self.records {
                    record.passed_over = 0;
                }
            }
            Event::Admin(Admin::FbClear(false)) => self.fb_clear = false,
            Event::Admin(Admin::ResetGpu) => {
                // Whoever has the GPU for itself has it until the reset begins.
                self.admin_gpu = true;
            }
            Event::Gone | Event::Shutdown => self.owner = None,
            Event::Expired(Timer::Exclusive) => {
                if let Some(owner) = self.owner.filter(|o| now >= o.until) {
                    self.records[owner.vf.index()].timed_out = true;
                    self.records[owner.vf.index()].counted[Budgeted::ExclusiveTimeout as usize]
                        .push(now);
                    self.owner = None;
                }
            }
            Event::Enable { vf } if engine.state(vf) == State::Disabled => {
                let account = card.vfs.get(vf);
                let record = &mut self.records[vf.index()];
                record.gpu_base = account.ran_ns;
                record.runs_base = account.runs;
            }
            _ => (),
        }
    }

    /// The engine has seen an event; `busy` says that a step is under way on the card.
    pub fn after(
        &mut self,
        actions: &[Action],
        now: u64,
        card: &mut Card,
        engine: &Engine,
        busy: bool,
    ) -> Check {
        for (i, action) in actions.iter().enumerate() {
            match *action {
                Action::Card(step) => {
                    ensure(i + 1 == actions.len(), || {
                        format!("{step} is not the last action")
                    })?;
                    // To write something down takes nothing from the VF; where an idle one's framebuffer is has nothing to
                    // do with the GPU.
                    let harmless = matches!(
                        step,
                        Step::Operate(Operation::HandOver | Operation::Resize(..))
                    );
                    ensure(self.owner.is_none() || harmless, || {
                        format!(
                            "{step} during exclusive access of {}",
                            self.owner.unwrap().vf
                        )
                    })?;
                }
                Action::Arm { timer, deadline } => self.timers[timer as usize] = Some(deadline),
                Action::Disarm { timer } => {
                    let armed = self.timers[timer as usize].take();
                    ensure(armed.is_some(), || format!("{timer:?} is not armed"))?;
                }
                Action::Reply {
                    vf,
                    reply: Reply::Ready,
                } => self.ready(vf, now, card, engine)?,
                Action::Reply {
                    reply: Reply::Nothing,
                    ..
                } => (),
                Action::Report(report) => self.reported(report, now, card, engine)?,
                Action::Reply { vf, reply } => {
                    let notified = &mut self.records[vf.index()].notified;
                    let begins = reply == Reply::FlrNotification;
                    ensure(*notified != begins, || {
                        format!("{reply:?} for {vf} out of turn")
                    })?;
                    *notified = begins;
                }
                Action::Mute { .. } => (),
            }
        }
        if let Some(Action::Card(Step::Command(Command::Run, f))) = actions.last() {
            self.turns(*f, engine)?;
        }
        self.states(engine, now)?;
        self.liveness(engine, now, busy)?;
        self.accounts(engine, card)
    }

    /// Round robin passes nobody over.
    fn turns(&mut self, runs: Function, engine: &Engine) -> Check {
        for vf in VfId::all() {
            let waits = engine.run_list().any(|v| v == vf) && Function::Vf(vf.number()) != runs;
            let record = &mut self.records[vf.index()];
            record.passed_over = if waits { record.passed_over + 1 } else { 0 };
            let solid = engine.settings().policy == Kind::Solid;
            // Twice a round, for VFs that start have a turn at once.
            ensure(!solid || record.passed_over <= 34, || {
                format!("{vf} is passed over")
            })?;
        }
        Ok(())
    }

    fn ready(&mut self, vf: VfId, now: u64, card: &Card, engine: &Engine) -> Check {
        let first = self.asked.iter().map(|a| a.seq).min();
        let Some(at) = self.asked.iter().position(|a| a.vf == vf) else {
            return Err(format!("READY for {vf}, which asked for nothing"));
        };
        let asked = self.asked.remove(at);
        self.answered += 1;
        ensure(Some(asked.seq) == first, || {
            format!("READY for {vf} out of order")
        })?;
        let runs = card.running() == Some(vf);
        ensure(runs || asked.request == Request::Fini, || {
            format!("READY for {vf}, which does not run")
        })?;
        if runs {
            let account = card.vfs.get(vf);
            ensure(
                !self.fb_clear || account.data == Some(account.tenant),
                || {
                    format!(
                        "{vf} sees data of tenant {:?}, it is {}",
                        account.data, account.tenant
                    )
                },
            )?;
            ensure(self.owner.is_none(), || "two owners".to_string())?;
            let until = now + engine.settings().exclusive_limit_ns;
            self.owner = Some(Owner { vf, until });
        }
        Ok(())
    }

    fn reported(&mut self, report: Report, now: u64, card: &mut Card, engine: &Engine) -> Check {
        match report {
            Report::Refused { vf, request, why } => {
                let same = |a: &Asked| a.vf == vf && a.request == request;
                let newest = self.asked.last().map(|a| a.seq);
                let at = match why {
                    Refusal::Duplicate => self.asked.iter().rposition(same),
                    Refusal::Superseded => self
                        .asked
                        .iter()
                        .rposition(|a| same(a) && Some(a.seq) != newest),
                    _ => self.asked.iter().position(same),
                };
                let at = at.ok_or_else(|| format!("{request:?} of {vf} refused, but not asked"))?;
                self.asked.remove(at);
                self.refused += 1;
                Ok(())
            }
            Report::Reset { vf, reason } => {
                self.resets += 1;
                let record = &mut self.records[vf.index()];
                if !matches!(reason, Reason::Administrator | Reason::Gpu) {
                    record.counted[Budgeted::Flr as usize].push(now);
                }
                let explained = match reason {
                    Reason::ExclusiveTimeout => std::mem::take(&mut record.timed_out),
                    Reason::Guest => std::mem::take(&mut record.guest_asked),
                    Reason::User => std::mem::take(&mut record.user_reset),
                    Reason::Administrator => std::mem::take(&mut record.admin_asked),
                    Reason::Gpu => false,
                    _ => take(&mut card.shown, |s| concerns(s, vf)),
                };
                ensure(explained, || {
                    format!("{vf} is reset without cause: {reason:?}")
                })
            }
            Report::GpuReset { cause } => {
                self.gpu_resets += 1;
                let explained = match cause {
                    Cause::Administrator => std::mem::take(&mut self.admin_gpu),
                    Cause::Step(step) => take(&mut card.shown, |s| s == step),
                    Cause::VfReset(vf) => take(&mut card.shown, |s| concerns(s, vf)),
                };
                self.owner = None;
                ensure(explained, || format!("GPU reset without cause: {cause:?}"))
            }
            Report::OverBudget { vf, kind } => {
                if self.owner.is_some_and(|o| o.vf == vf) {
                    self.owner = None;
                }
                let budget = engine.settings().budgets.get(kind);
                // An access is counted when it is served, which may be long after it was asked for.
                let waited = match kind {
                    Budgeted::Exclusive => ANSWER_MAX,
                    _ => 0,
                };
                let window = budget.window_ns + waited;
                let counted = &self.records[vf.index()].counted[kind as usize];
                let recent = counted.iter().rev().take_while(|&&t| t + window > now);
                let used = recent.count();
                ensure(
                    used > usize::from(budget.times) && budget.times != 0,
                    || {
                        format!(
                            "{vf} is stopped after {used} of {kind:?}, {} allowed",
                            budget.times
                        )
                    },
                )
            }
            Report::Wedged | Report::Gone => {
                self.owner = None;
                for record in &mut self.records {
                    record.notified = false;
                }
                card.shown.clear();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn states(&self, engine: &Engine, now: u64) -> Check {
        let owner = self.owner.map(|o| o.vf);
        ensure(engine.owner() == owner, || {
            format!(
                "engine says {:?} has exclusive access, it is {owner:?}",
                engine.owner()
            )
        })?;
        if let Some(o) = self.owner {
            ensure(now <= o.until + TIMER_LATE, || {
                format!("exclusive access of {} is over its limit", o.vf)
            })?;
        }
        for vf in VfId::all() {
            let exclusive = matches!(engine.state(vf), State::Exclusive { .. });
            ensure(exclusive == (owner == Some(vf)), || {
                format!("{vf} is {}", engine.state(vf))
            })?;
        }
        for vf in engine.run_list() {
            let state = engine.state(vf);
            let fits = matches!(state, State::Running | State::Exclusive { .. });
            ensure(fits, || format!("{vf} on the run list is {state}"))?;
        }
        Ok(())
    }

    fn liveness(&self, engine: &Engine, now: u64, busy: bool) -> Check {
        for a in &self.asked {
            ensure(now < a.at + ANSWER_MAX, || {
                format!("{:?} of {} has no answer", a.request, a.vf)
            })?;
        }
        if busy || engine.phase() != Phase::Up {
            return Ok(());
        }
        let [quantum, exclusive, _] = self.timers;
        ensure(exclusive.is_some() == self.owner.is_some(), || {
            format!("exclusive timer: {exclusive:?}")
        })?;
        let scheduled = self.owner.is_none() && engine.run_list().next().is_some();
        ensure(quantum.is_some() == scheduled, || {
            format!("quantum timer: {quantum:?}, list used: {scheduled}")
        })?;
        if let Some(at) = quantum {
            ensure(at <= now + 2100 * MS, || {
                "quantum timer far in the future".to_string()
            })?;
        }
        let waits = engine.waiting() > 0;
        ensure(!waits || quantum.is_some() || exclusive.is_some(), || {
            "a request waits for nothing".to_string()
        })?;
        for vf in VfId::all() {
            let state = engine.state(vf);
            let transient = matches!(state, State::Starting | State::Leaving | State::Resetting);
            // Only a VF that has the GPU for itself may keep another one waiting for its reset.
            ensure(!transient || self.owner.is_some(), || {
                format!("{vf} stays {state}")
            })?;
        }
        Ok(())
    }

    /// What is reported equals what the card shows.
    fn accounts(&self, engine: &Engine, card: &Card) -> Check {
        for vf in VfId::all() {
            if card.running() == Some(vf) || engine.state(vf) == State::Disabled {
                continue;
            }
            let (stats, account) = (engine.stats(vf), card.vfs.get(vf));
            let record = &self.records[vf.index()];
            let told = (stats.gpu_ns + stats.exclusive_ns, stats.runs);
            let shown = (
                account.ran_ns - record.gpu_base,
                account.runs - record.runs_base,
            );
            ensure(told == shown, || {
                format!("{vf}: told {told:?}, shown {shown:?}")
            })?;
        }
        Ok(())
    }

    /// Everything has ended.
    pub fn end(&self, engine: &Engine) -> Check {
        ensure(self.asked.is_empty(), || {
            format!("without answer: {:?}", self.asked)
        })?;
        let [quantum, exclusive, guard] = self.timers;
        ensure((quantum, exclusive) == (None, None), || {
            "timers are armed at the end".to_string()
        })?;
        let stopped = VfId::all().any(|vf| matches!(engine.state(vf), State::Stopped { .. }));
        ensure(guard.is_none() || stopped, || {
            "guard timer without need".to_string()
        })
    }
}

fn take(steps: &mut Vec<Step>, wanted: impl Fn(Step) -> bool) -> bool {
    let at = steps.iter().position(|&s| wanted(s));
    at.map(|at| steps.remove(at)).is_some()
}

fn concerns(step: Step, vf: VfId) -> bool {
    match step {
        Step::Command(_, f) => f == Function::Vf(vf.number()),
        Step::Operate(
            Operation::Prepare(v)
            | Operation::SaveRlcv(v)
            | Operation::Flr(v)
            | Operation::RestoreRlcv(v),
        ) => v == vf,
        _ => false,
    }
}

/// Time that each VF had the GPU, of the VFs given.
pub fn times(vfs: &PerVf<u64>, n: u8) -> Vec<u64> {
    vfs.iter().take(usize::from(n)).map(|(_, &t)| t).collect()
}
