// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Plays a plan: virtual time, the worker's part, and the end that everything must come to.

use crate::card::Card;
use crate::guest::{Act, Behaviour, Guest};
use crate::oracle::{Oracle, TIMER_LATE};
use crate::plan::{Plan, Stimulus};
use crate::rng::Rng;
use crate::{card::Trouble, MS, S, US};
use gim_core::engine::{
    Action, Admin, Engine, Event, Fault, Operation, Phase, Report, Step, Timer,
};
use gim_core::gpuiov::Failure;
use gim_core::handover::{Record, Writer};
use gim_core::vf::State;
use gim_core::vfid::{PerVf, VfId};
use std::collections::VecDeque;
use std::fmt;

const TIMERS: [Timer; 3] = [Timer::Quantum, Timer::Exclusive, Timer::Guard];
/// Longest that it may take until all has come to an end.
const DRAIN_MAX: u64 = 600 * S;
/// What the trace keeps.
const TRACE: usize = 60;

/// What a plan came to.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Events the engine took.
    pub events: u64,
    /// Requests answered and refused.
    pub answered: u64,
    /// See `answered`.
    pub refused: u64,
    /// VF resets and GPU resets.
    pub resets: u64,
    /// See `resets`.
    pub gpu_resets: u64,
}

/// A rule was broken.
#[derive(Clone, Debug)]
pub struct Failed {
    /// Which.
    pub what: String,
    /// When, in ns.
    pub at: u64,
    /// What went before, if it was traced.
    pub trace: Vec<String>,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.trace {
            writeln!(f, "{line}")?;
        }
        write!(f, "at {} ns: {}", self.at, self.what)
    }
}

/// The world of one plan.
pub struct World {
    plan: Plan,
    engine: Engine,
    /// The card.
    pub card: Card,
    /// The guests, of VF1 first.
    pub guests: Vec<Guest>,
    oracle: Oracle,
    rng: Rng,
    now: u64,
    pending: Option<(u64, Step, Option<Fault>)>,
    timers: [Option<u64>; 3],
    acks: VecDeque<(u64, VfId)>,
    muted: PerVf<bool>,
    next_stimulus: usize,
    next_injection: usize,
    boot_at: Option<u64>,
    gone: bool,
    events: u64,
    trace: Option<VecDeque<String>>,
}

impl World {
    /// A world before its beginning.
    pub fn new(plan: Plan, trace: bool) -> Self {
        let guest =
            |(n, &b): (usize, &Behaviour)| Guest::new(b, Rng::new(plan.seed, 100 + n as u64));
        Self {
            engine: Engine::new(plan.settings),
            card: Card::new(plan.seed),
            guests: plan.guests.iter().enumerate().map(guest).collect(),
            oracle: Oracle::new(plan.settings.fb_clear),
            rng: Rng::new(plan.seed, 3),
            now: 0,
            pending: None,
            timers: [None; 3],
            acks: VecDeque::new(),
            muted: PerVf::new(false),
            next_stimulus: 0,
            next_injection: 0,
            boot_at: None,
            gone: false,
            events: 0,
            trace: trace.then(VecDeque::new),
            plan,
        }
    }

    /// Plays a plan to its end.
    ///
    /// # Errors
    ///
    /// A rule was broken.
    pub fn play(plan: &Plan, trace: bool) -> Result<Summary, Failed> {
        let mut world = Self::new(plan.clone(), trace);
        world.begin()?;
        world.run(plan.horizon)?;
        world.drain()?;
        Ok(Summary {
            events: world.events,
            answered: world.oracle.answered,
            refused: world.oracle.refused,
            resets: world.oracle.resets,
            gpu_resets: world.oracle.gpu_resets,
        })
    }

    /// Boots the card and enables the VFs.
    ///
    /// # Errors
    ///
    /// A rule was broken.
    pub fn begin(&mut self) -> Result<(), Failed> {
        self.event(Event::Boot)?;
        for vf in VfId::all().take(usize::from(self.plan.vfs)) {
            self.event(Event::Enable { vf })?;
        }
        for (n, b) in self.plan.guests.iter().enumerate() {
            if *b == Behaviour::Slow {
                let vf = VfId::from_index(n as u32).unwrap();
                self.card.vfs.get_mut(vf).slow_ns = 4 * MS;
            }
        }
        Ok(())
    }

    /// Time that the card says each VF ran.
    pub fn ran(&self) -> PerVf<u64> {
        let mut ran = PerVf::new(0);
        for (vf, account) in self.card.vfs.iter() {
            *ran.get_mut(vf) = account.ran_ns;
        }
        ran
    }

    /// Events that the engine took.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Lets time pass until `until`.
    ///
    /// # Errors
    ///
    /// A rule was broken.
    pub fn run(&mut self, until: u64) -> Result<(), Failed> {
        while self.step(until)? {}
        self.now = self.now.max(until);
        Ok(())
    }

    /// Does what is due first, unless that is after `until`.
    fn step(&mut self, until: u64) -> Result<bool, Failed> {
        let done = self.pending.map(|p| p.0);
        let timer = (0..3).filter_map(|t| Some((self.timers[t]?, t))).min();
        let guest = (0..16).map(|n| (self.guests[n].next, n)).min().unwrap();
        let stimulus = self.plan.stimuli.get(self.next_stimulus).map(|s| s.0);
        let ack = self.acks.front().map(|a| a.0);
        let never = u64::MAX;
        let due = [
            done.unwrap_or(never),
            timer.map_or(never, |t| t.0),
            guest.0,
            stimulus.unwrap_or(never),
            ack.unwrap_or(never),
            self.boot_at.unwrap_or(never),
        ];
        let (which, &at) = due.iter().enumerate().min_by_key(|d| d.1).unwrap();
        if at > until || at == never {
            return Ok(false);
        }
        self.now = self.now.max(at);
        match which {
            0 => self.finish()?,
            1 => {
                let (_, t) = timer.unwrap();
                self.timers[t] = None;
                self.event(Event::Expired(TIMERS[t]))?;
            }
            2 => self.guest(guest.1)?,
            3 => self.stimulate()?,
            4 => {
                let (_, vf) = self.acks.pop_front().unwrap();
                if !*self.muted.get(vf) {
                    self.event(Event::Interrupts { vf, times: 1 })?;
                }
            }
            _ => {
                self.boot_at = None;
                // A card that was gone is back.
                self.gone = false;
                self.card.power_cycle();
                self.event(Event::Boot)?;
            }
        }
        self.inject()?;
        // A worker may wake for nothing.
        if self.rng.one_in(200) {
            let timer = self.rng.pick(&TIMERS);
            self.event(Event::Expired(timer))?;
        }
        Ok(true)
    }

    fn finish(&mut self) -> Result<(), Failed> {
        let (_, step, fault) = self.pending.take().unwrap();
        match fault {
            Some(fault) => {
                self.card.failed(step);
                self.event(Event::Failed(fault))
            }
            None => {
                self.card.done(step, self.now);
                if step != Step::Operate(Operation::QueryWork) {
                    return self.event(Event::Done);
                }
                let fits = if self.plan.fitful {
                    self.rng.range(0, 0x10000) as u16
                } else {
                    u16::MAX
                };
                self.event(Event::Work(fits & !self.plan.idle))
            }
        }
    }

    fn guest(&mut self, n: usize) -> Result<(), Failed> {
        let vf = VfId::from_index(n as u32).unwrap();
        let act = self.guests[n].act(self.now);
        match act {
            None => Ok(()),
            Some(Act::Send(message)) => self.guest_sends(vf, Event::Message { vf, message }),
            Some(Act::UserReset) => self.user_reset(vf),
            Some(Act::Hang) => {
                self.card.trouble(Trouble::Hang(vf));
                Ok(())
            }
        }
    }

    fn guest_sends(&mut self, vf: VfId, event: Event) -> Result<(), Failed> {
        if *self.muted.get(vf) {
            return Ok(());
        }
        self.event(event)
    }

    fn user_reset(&mut self, vf: VfId) -> Result<(), Failed> {
        self.card.vfs.get_mut(vf).tenant += 1;
        self.event(Event::UserReset { vf })
    }

    fn stimulate(&mut self) -> Result<(), Failed> {
        let (_, stimulus) = self.plan.stimuli[self.next_stimulus];
        self.next_stimulus += 1;
        self.happen(stimulus)
    }

    fn inject(&mut self) -> Result<(), Failed> {
        while let Some(&(after, stimulus)) = self.plan.injections.get(self.next_injection) {
            if self.events < after {
                break;
            }
            self.next_injection += 1;
            self.happen(stimulus)?;
        }
        Ok(())
    }

    fn happen(&mut self, stimulus: Stimulus) -> Result<(), Failed> {
        match stimulus {
            Stimulus::Trouble(trouble) => {
                self.card.trouble(trouble);
                Ok(())
            }
            Stimulus::Vanish(vf) => {
                self.guests[vf.index()].vanish();
                Ok(())
            }
            Stimulus::Event(Event::UserReset { vf }) => self.user_reset(vf),
            Stimulus::Event(Event::Enable { vf }) => {
                if self.engine.state(vf) == State::Disabled {
                    self.card.vfs.get_mut(vf).tenant += 1;
                }
                self.event(Event::Enable { vf })
            }
            Stimulus::Event(Event::Gone) => self.vanish(),
            Stimulus::Event(event @ Event::Message { vf, .. }) => self.guest_sends(vf, event),
            Stimulus::Event(event) => self.event(event),
        }
    }

    /// The card is gone: seen by a command in flight, or told by the PCI core.
    fn vanish(&mut self) -> Result<(), Failed> {
        if self.gone {
            return Ok(());
        }
        self.gone = true;
        self.card.vanish(self.now);
        match self.pending.take() {
            Some((_, Step::Command(..), _)) if self.rng.one_in(2) => {
                self.event(Event::Failed(Fault::Command(Failure::Gone)))
            }
            _ => self.event(Event::Gone),
        }
    }

    /// Shows the engine an event and does what it wants.
    fn event(&mut self, event: Event) -> Result<(), Failed> {
        self.events += 1;
        self.oracle
            .before(event, self.now, &self.card, &self.engine);
        let actions = self.engine.handle(event, self.now).to_vec();
        if let Some(trace) = &mut self.trace {
            if trace.len() >= TRACE {
                trace.pop_front();
            }
            trace.push_back(format!("{:>12} {event:?} -> {actions:?}", self.now));
        }
        for action in &actions {
            self.act(*action)?;
        }
        let busy = self.pending.is_some();
        let checked = self
            .oracle
            .after(&actions, self.now, &mut self.card, &self.engine, busy);
        checked.map_err(|what| self.failed(what))?;
        match self.engine.phase() {
            Phase::HandedOver => self.update(),
            _ => Ok(()),
        }
    }

    /// The driver goes, and another one takes over.
    fn update(&mut self) -> Result<(), Failed> {
        if self.timers != [None; 3] {
            return Err(self.failed(format!("{:?} are left behind", self.timers)));
        }
        let mut buffer = [0; 4096];
        let mut writer = Writer::new(&mut buffer);
        self.engine.write_down(&mut writer);
        let mut new = Engine::new(self.plan.settings);
        let taken = match writer.finish() {
            Some(left) => Record::new(left).and_then(|record| new.take_over(record)),
            None => return Err(self.failed("there is too much to hand over".to_string())),
        };
        taken.map_err(|why| self.failed(why.to_string()))?;
        self.engine = new;
        self.event(Event::TakeOver)
    }

    fn failed(&self, what: String) -> Failed {
        Failed {
            what,
            at: self.now,
            trace: self.trace.clone().unwrap_or_default().into(),
        }
    }

    fn act(&mut self, action: Action) -> Result<(), Failed> {
        match action {
            Action::Card(step) => {
                if self.pending.is_some() || self.gone {
                    return Err(self.failed(format!("{step} while the card is busy or gone")));
                }
                let begun = self.card.begin(step, self.now);
                let (time, fault) = begun.map_err(|what| self.failed(what))?;
                self.pending = Some((self.now + time, step, fault));
            }
            Action::Reply { vf, reply } => {
                self.guests[vf.index()].reply(reply, self.now);
                if reply.valid() {
                    self.acks.push_back((self.now + 10 * US, vf));
                }
            }
            Action::Arm { timer, deadline } => {
                let late = self.rng.range(0, TIMER_LATE);
                self.timers[timer as usize] = Some(deadline.max(self.now) + late);
            }
            Action::Disarm { timer } => self.timers[timer as usize] = None,
            Action::Mute { vf, on } => *self.muted.get_mut(vf) = on,
            Action::Report(Report::Down) if !self.gone => {
                self.boot_at = Some(self.now + 10 * MS);
            }
            Action::Report(_) => (),
        }
        Ok(())
    }

    /// Brings everything to an end: faults stop, guests vanish, requests are answered, VFs are disabled, the PF gets the
    /// GPU.
    fn drain(&mut self) -> Result<(), Failed> {
        self.next_stimulus = self.plan.stimuli.len();
        self.next_injection = self.plan.injections.len();
        self.card.heal();
        self.guests.iter_mut().for_each(Guest::vanish);
        let limit = self.now + DRAIN_MAX;
        while self.oracle.unanswered() > 0 || self.pending.is_some() || self.boot_at.is_some() {
            if self.now > limit || !self.step(limit)? {
                break;
            }
        }
        if self.engine.phase() == Phase::Wedged {
            self.event(Event::Admin(Admin::ResetGpu))?;
            self.settle()?;
        }
        for vf in VfId::all() {
            self.event(Event::Disable { vf })?;
        }
        self.settle()?;
        for vf in VfId::all() {
            let state = self.engine.state(vf);
            if state != State::Disabled {
                return Err(self.failed(format!("{vf} is {state} at the end")));
            }
        }
        self.event(Event::Shutdown)?;
        self.settle()?;
        let down = matches!(self.engine.phase(), Phase::Down | Phase::Gone);
        if !down {
            return Err(self.failed(format!("{:?} at the end", self.engine.phase())));
        }
        self.oracle
            .end(&self.engine)
            .map_err(|what| self.failed(what))
    }

    /// Ends what is under way on the card.
    fn settle(&mut self) -> Result<(), Failed> {
        let limit = self.now + 60 * S;
        while let Some((at, ..)) = self.pending {
            self.now = self.now.max(at);
            self.finish()?;
            if self.now > limit {
                return Err(self.failed("the card is busy for ever".to_string()));
            }
        }
        self.boot_at = None;
        Ok(())
    }
}
