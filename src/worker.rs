// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The GPU's one owner: a thread that takes events to the engine and does what the engine wants, one thing at a time.
//!
//! Decides nothing itself. All waiting here is bounded.

use crate::{
    ask::{
        Answer,
        Question, //
    },
    dump,
    gim_core::{
        engine::{
            Action,
            Engine,
            Event,
            Fault,
            Operation,
            Report,
            Step,
            Timers, //
        },
        gpuiov::{
            Command,
            Failure,
            Function, //
        },
        vfid::VfId,
    },
    gpu::Gpu,
    hands::Hands,
    hw::{
        sensors::Readings,
        smc,
        strap, //
    },
    journal::{
        Journal,
        What, //
    },
    kernel_ext::{
        heap::Text,
        kthread::{
            should_stop,
            Run, //
        },
        time::now_ns, //
    },
    report,
    trace::Tracer,
    watch::Watch,
};
use core::fmt::Write;
use kernel::{
    prelude::*,
    sync::Arc, //
};

/// What the thread works on.
pub(crate) struct Worker<'a> {
    gpu: Arc<Gpu<'a>>,
    hands: Hands<'a>,
    timers: Timers,
    watch: Watch<'a>,
    journal: Journal,
    tracer: Tracer<'a>,
}

impl<'a> Worker<'a> {
    /// A worker for a card that is initialised and free.
    pub(crate) fn new(gpu: Arc<Gpu<'a>>, hands: Hands<'a>, watch: Watch<'a>) -> Result<Self> {
        let dev = gpu.dev.as_ref();
        Ok(Self {
            gpu,
            hands,
            timers: Timers::IDLE,
            watch,
            journal: Journal::new()?,
            tracer: Tracer::new(dev),
        })
    }

    /// Lets the engine handle an event at `now`, in ns, and does what it wants, until there is nothing more to do at once.
    fn handle(&mut self, event: Event, mut now: u64) {
        self.journal.note(now, What::Event(event));
        if let Event::Message { vf, message } = event {
            self.tracer.received(vf, message);
        }
        let mut next = Some(event);
        while let Some(event) = next.take() {
            if let Some((step, limit)) = self.decide(event, now) {
                let begin = now;
                let result = Self::work(&mut self.hands, step, begin, limit);
                now = now_ns();
                let took = now.saturating_sub(begin);
                self.journal.note(begin, What::step(step, &result, took));
                self.tracer.step(step, &result, begin, took);
                match step {
                    Step::Command(Command::Init, Function::Vf(number)) => {
                        if let Some(vf) = VfId::new(number) {
                            self.watch.is_ready(vf);
                        }
                    }
                    Step::Operate(Operation::RestoreRlcv(vf)) => self.watch.is_ready(vf),
                    Step::Operate(Operation::Fill(..)) if result != Event::Done => {
                        self.gpu.deny(EIO);
                    }
                    _ => {}
                }
                next = Some(result);
            }
        }
    }

    /// Lets the engine handle an event and does what it wants, but for work on the card, which it returns, with the time
    /// in ns that it may take if that is less than usual.
    fn decide(&mut self, event: Event, now: u64) -> Option<(Step, Option<u64>)> {
        let Self {
            gpu,
            timers,
            journal,
            tracer,
            ..
        } = self;
        let mut engine = gpu.engine.lock();
        let (mut work, mut text, mut failed) = (None, None, None);
        // Others look at phase and states, which no step of a world switch changes without a report.
        let mut changed = !matches!(event, Event::Done | Event::Expired(_));
        for action in engine.handle(event, now) {
            match *action {
                Action::Card(step) => work = Some(step),
                Action::Reply { vf, reply } => {
                    journal.note(now, What::Reply(vf, reply));
                    tracer.sent(vf, reply);
                    gpu.mailbox.lock().send(&gpu.mmio, vf, reply);
                }
                Action::Arm { timer, deadline } => *timers.get(timer) = Some(deadline),
                Action::Disarm { timer } => *timers.get(timer) = None,
                Action::Mute { vf, on } => gpu.mute(vf, on),
                Action::Report(Report::Text { vf }) => text = Some(vf),
                Action::Report(report) => {
                    changed = true;
                    report::log(gpu.dev, report);
                    tracer.report(report, now);
                    match report {
                        Report::Failed { step, .. } => failed = Some(step),
                        Report::Denied { .. } => gpu.deny(EBUSY),
                        _ => {}
                    }
                }
            }
        }
        if let Some(vf) = text {
            report::text(gpu.dev, vf, engine.line(vf));
        }
        if let Some(step) = failed {
            // Before anything is reset.
            dump::publish(gpu, &engine, journal, step);
        }
        if changed || gpu.is_chore_awaited() {
            gpu.publish(&engine);
        }
        work.map(|step| (step, limit(&engine, step)))
    }

    /// Answers what somebody wants to know.
    fn answer(&self, question: Question) -> Result<Answer> {
        let mmio = &self.gpu.mmio;
        if let Question::Journal = question {
            let mut text = Text::new();
            write!(text, "{}", self.journal).map_err(|_| ENOMEM)?;
            return Ok(Answer::Text(text.into_bytes()));
        }
        let answer = match question {
            Question::Smc(address) => Answer::Register(smc::read(mmio, address)),
            Question::Strap(address) => Answer::Register(strap::read(mmio, address)),
            _ => Answer::Sensors(Readings::take(mmio)),
        };
        // All ones may be from a card that is gone.
        if self.hands.is_gone() {
            return Err(ENODEV);
        }
        Ok(answer)
    }

    /// Does one thing on the card, at `now` in ns; the event that follows from it.
    fn work(hands: &mut Hands<'_>, step: Step, now: u64, limit: Option<u64>) -> Event {
        let result = match step {
            Step::Command(command, function) => hands
                .command(command, function, now, limit)
                .map_err(Fault::Command),
            Step::Operate(Operation::QueryWork) => match hands.query_work() {
                Ok(mask) => return Event::Work(mask),
                Err(_) => Err(Fault::Operation),
            },
            Step::Operate(operation) => hands.operate(operation).map_err(|_| {
                if hands.is_gone() {
                    Fault::Command(Failure::Gone)
                } else {
                    Fault::Operation
                }
            }),
        };
        match result {
            Ok(()) => Event::Done,
            Err(fault) => Event::Failed(fault),
        }
    }
}

/// How long a step may take in ns, if the administrator has shortened it.
fn limit(engine: &Engine, step: Step) -> Option<u64> {
    let Step::Command(Command::Idle, Function::Vf(number)) = step else {
        return None;
    };
    let shares = &engine.settings().shares;
    shares.get(VfId::new(number)?).preempt_limit()
}

impl Run for Worker<'_> {
    fn run(&mut self) {
        while !should_stop() {
            let now = now_ns();
            if let Some(event) = self.gpu.next_event() {
                self.handle(event, now);
                self.gpu.handled_one();
                continue;
            }
            let first = self.timers.first();
            if let Some((deadline, timer)) = first {
                if now >= deadline {
                    *self.timers.get(timer) = None;
                    self.handle(Event::Expired(timer), now);
                    continue;
                }
            }
            let first = first.map(|(deadline, _)| deadline);
            if let Some((question, since)) = self.gpu.desk.question(now, first) {
                let answer = self.answer(question);
                self.gpu.desk.reply(since, answer);
                self.gpu.wake_others();
                continue;
            }
            let look = self.watch.look(now);
            let deadline = [first, look].into_iter().flatten().min();
            self.gpu.wait_for_event(deadline, should_stop);
        }
    }
}
