// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! From what the worker does and the engine reports to tracepoints, which `Documentation/trace/events-gim.rst` describes.
//! Observes; costs next to nothing while nobody traces.

use crate::{
    gim_core::{
        engine::{
            Cause,
            Event,
            Fault,
            Operation,
            Report,
            Step, //
        },
        gpuiov::{
            Command,
            Failure,
            Function, //
        },
        mailbox::{
            Message,
            Release,
            Reply,
            Request, //
        },
        vf::State,
        vfid::VfId, //
    },
    kernel_ext::trace,
};
use kernel::device::{
    Bound,
    Device, //
};

/// What is remembered from one step to the next.
pub(crate) struct Tracer<'a> {
    dev: &'a Device<Bound>,
    switch: Switch,
    /// Who has exclusive access, and since when in ns.
    exclusive: Option<(VfId, u64)>,
}

/// A world switch that is under way. Times are ns.
#[derive(Clone, Copy)]
struct Switch {
    from: u8,
    began: u64,
    idle: u64,
    save: u64,
    load: u64,
}

impl Switch {
    /// The GPU is nobody's.
    const FREE: Self = Self {
        from: 0,
        began: 0,
        idle: 0,
        save: 0,
        load: 0,
    };
}

/// The number of a VF; 0 for the PF.
fn number(function: Function) -> u8 {
    match function {
        Function::Pf => 0,
        Function::Vf(number) => number,
    }
}

impl<'a> Tracer<'a> {
    /// Nothing has happened yet.
    pub(crate) fn new(dev: &'a Device<Bound>) -> Self {
        Self {
            dev,
            switch: Switch::FREE,
            exclusive: None,
        }
    }

    /// A step has ended in an event; `began` and `took` are ns.
    pub(crate) fn step(&mut self, step: Step, end: &Event, began: u64, took: u64) {
        match step {
            Step::Command(command, function) => {
                let vf = number(function);
                trace::command(self.dev, command as u8, vf, result(end), took);
                self.command(command, vf, began, took);
            }
            Step::Operate(operation) => {
                let (what, vf) = operation_numbers(operation);
                let done = !matches!(end, Event::Failed(_));
                trace::operation(self.dev, what, vf, done, took);
            }
        }
    }

    /// A world switch is IDLE and SAVE of one VF, LOAD and RUN of another; the first two are not there if the GPU was free.
    fn command(&mut self, command: Command, vf: u8, began: u64, took: u64) {
        let switch = &mut self.switch;
        match command {
            _ if vf == 0 => *switch = Switch::FREE,
            Command::Idle => {
                *switch = Switch {
                    from: vf,
                    began,
                    idle: took,
                    ..Switch::FREE
                }
            }
            Command::Save => switch.save = took,
            Command::Load => {
                if switch.from == 0 {
                    switch.began = began;
                }
                switch.load = took;
            }
            Command::Run if switch.load != 0 => {
                let Switch {
                    from,
                    began: first,
                    idle,
                    save,
                    load,
                } = core::mem::replace(switch, Switch::FREE);
                let total = began.saturating_add(took).saturating_sub(first);
                trace::world_switch(self.dev, from, vf, idle, save, load, took, total);
            }
            _ => *switch = Switch::FREE,
        }
    }

    /// A message of a VF was received.
    pub(crate) fn received(&self, vf: VfId, message: Message) {
        let id = match message {
            Message::Request(Request::Init) => 1,
            Message::Release(Release::Init) => 2,
            Message::Request(Request::Fini) => 3,
            Message::Release(Release::Fini) => 4,
            Message::Request(Request::Reset) => 5,
            Message::LogError { .. } => 200,
            Message::Text(_) => 255,
            Message::Unknown { id } => id,
        };
        trace::message(self.dev, vf.number(), false, id);
    }

    /// A message is sent to a VF.
    pub(crate) fn sent(&self, vf: VfId, reply: Reply) {
        trace::message(self.dev, vf.number(), true, reply.dw0());
    }

    /// The engine has reported something at `now`, in ns.
    pub(crate) fn report(&mut self, report: Report, now: u64) {
        match report {
            Report::State { vf, state } => self.state(vf, state, now),
            Report::Reset { vf, reason } => trace::reset(self.dev, vf.number(), reason as u8),
            Report::GpuReset { cause } => {
                let reason = match cause {
                    Cause::Administrator => 8,
                    Cause::Step(_) => 10,
                    Cause::VfReset(_) => 11,
                };
                trace::reset(self.dev, 0, reason);
            }
            Report::OverBudget { vf, kind } => trace::guard(self.dev, vf.number(), kind as u8),
            _ => {}
        }
    }

    fn state(&mut self, vf: VfId, state: State, now: u64) {
        let code = match state {
            State::Disabled => 0,
            State::Available => 1,
            State::Starting => 2,
            State::Exclusive { .. } => 3,
            State::Running => 4,
            State::Leaving => 5,
            State::Resetting => 6,
            State::Stopped { .. } => 7,
        };
        trace::state(self.dev, vf.number(), code);
        if let Some((owner, since)) = self.exclusive.filter(|(owner, _)| *owner == vf) {
            self.exclusive = None;
            let held = now.saturating_sub(since);
            trace::exclusive(self.dev, owner.number(), false, held);
        }
        if let State::Exclusive { .. } = state {
            self.exclusive = Some((vf, now));
            trace::exclusive(self.dev, vf.number(), true, 0);
        }
    }
}

/// How a command ended.
fn result(end: &Event) -> u8 {
    match end {
        Event::Failed(Fault::Command(Failure::GfxHang)) => 1,
        Event::Failed(Fault::Command(Failure::SdmaHang)) => 2,
        Event::Failed(Fault::Command(Failure::Timeout { .. }) | Fault::Operation) => 3,
        Event::Failed(Fault::Command(Failure::Gone)) => 4,
        _ => 0,
    }
}

/// The number of an operation, and that of its VF.
fn operation_numbers(operation: Operation) -> (u8, u8) {
    match operation {
        Operation::Prepare(vf) => (0, vf.number()),
        Operation::Clear(vf) => (1, vf.number()),
        Operation::Fill(vf, _) => (2, vf.number()),
        Operation::Resize(vf, _) => (3, vf.number()),
        Operation::SaveRlcv(vf) => (4, vf.number()),
        Operation::Flr(vf) => (5, vf.number()),
        Operation::RestoreRlcv(vf) => (6, vf.number()),
        Operation::ResetGpu => (7, 0),
        Operation::QueryWork => (8, 0),
        Operation::HandOver => (9, 0),
    }
}
