// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The engine: decides what the GPU does, for one PF and its VFs.
//!
//! Takes events and the time, gives actions; may not touch the card, wait, or read a clock. The GPU's one owner, a worker,
//! is a loop around it: take an event, call [`Engine::handle`], do the actions in order, wait. At most one action is work
//! on the card; its end is the next event the engine goes on with, and all other events only change what is decided then.
//!
//! # A VF
//!
//! ```text
//!             enable                 REQ_INIT, REQ_RESET                    started: READY
//!  Disabled ---------> Available -----------------------> Starting ----------------------> Exclusive
//!     ^                 ^   ^                                 |                             |  ^  |
//!     |                 |   |                                 | failed           REL_INIT   |  |  | time is up
//!     |                 |   |                                 v                             v  |  v
//!     | disable         |   '---------- reset done ------- Resetting <----- failed ------- Running
//!     | (from any)      |                                     ^                          |    ^
//!     |                 |                                     '- VF reset by user, guest, |    REQ_FINI: READY
//!     |                 |                                        administrator            |    (Exclusive)
//!     '--------------- Leaving <---------- REL_FINI (from Exclusive), stop, REQ_INIT -----'
//!                       |
//!                       '--> Stopped: over budget or by the administrator; ends in Available
//! ```
//!
//! # The GPU
//!
//! What is done is a task: a script of commands and operations that begins and ends with the GPU free or with a running
//! VF. When a task has ended, the first that applies of this list is next (`decide.rs`):
//!
//! 1. the GPU must be reset: `ResetGpu`; at most twice, then the GPU is given up ("wedged")
//! 2. a VF is stuck, or is to leave: `Vacate`, `Reset`, `Clear`; an idle one is to be given something: `Vacate`, `Chore`
//! 3. shutdown: the GPU stays free; live update: all stays as it is, and another driver goes on (`handover.rs`)
//! 4. a VF has exclusive access: nothing
//! 5. a request waits: answer it, or `Vacate` and `Start` or `EnterFini`
//! 6. the turn of the running VF is over, or nobody runs: ask the policy; `Vacate`, `Enter`
//!
//! A world switch is `Vacate` and `Enter`: IDLE, SAVE, LOAD, RUN, one timer, and nothing else.
//!
//! # Faults
//!
//! A step that fails is put down to the VF it was for, which is reset (`Reset`) and must start anew; the others go on. A step
//! of the PF, or of a reset, is put down to the GPU. A reset is never tried again on the same level, so this ends:
//! VF reset, GPU reset, second GPU reset, wedged.

mod account;
mod action;
mod admin;
mod breather;
mod card;
mod decide;
mod event;
mod exclusive;
mod handover;
mod leave;
mod messages;
mod queue;
mod script;
mod tasks;
mod timers;

pub use action::{Action, Cause, Operation, Refusal, Report, Step};
pub use event::{Admin, Event, Fault, Timer};
pub use timers::Timers;

use super::mailbox::Line;
use super::policy::{Kind, Policy, Turn, View};
use super::runlist::RunList;
use super::vf::{Settings, State, Stats, Vf};
use super::vfid::{PerVf, VfId};
use account::Holder;
use action::Actions;
use breather::Breather;
use card::Card;
use queue::Queue;
use script::{Script, Task};

/// Whether the GPU is in operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Not yet.
    Cold,
    /// It is, or is being reset.
    Up,
    /// Not any more: it is free.
    Down,
    /// It could not be reset.
    Wedged,
    /// The card is gone.
    Gone,
    /// Another driver is to go on from here.
    HandedOver,
}

/// Decides for one PF.
#[derive(Clone, Copy, Debug)]
pub struct Engine {
    settings: Settings,
    phase: Phase,
    now: u64,
    vfs: PerVf<Vf>,
    list: RunList,
    policy: Policy,
    queue: Queue,
    /// Who has exclusive access.
    owner: Option<VfId>,
    card: Card,
    task: Option<Task>,
    script: Script,
    /// The step on the card whose end is awaited.
    pending: Option<Step>,
    holder: Option<Holder>,
    /// The turn that was chosen and has not begun.
    turn: Option<Turn>,
    /// The present turn is over.
    expired: bool,
    /// Who has work, as far as it was just asked for.
    work: Option<u16>,
    breather: Breather,
    /// The GPU must be reset.
    gpu_reset: Option<Cause>,
    /// GPU resets tried since it last was in operation.
    gpu_attempts: u8,
    /// GPU resets ever begun.
    gpu_resets: u32,
    /// VFs that are to be told when the GPU was reset.
    gpu_notified: u16,
    shutdown: bool,
    /// The driver is to go and leave the VFs to another.
    handing_over: bool,
    /// Something has happened since everything was written down.
    outdated: bool,
    timers: Timers,
    actions: Actions,
}

/// Decisions in a row without work on the card; far more than there can be.
const DECISIONS_MAX: u32 = 256;

impl Engine {
    /// An engine that waits for [`Event::Boot`]; VFs are enabled by [`Event::Enable`].
    ///
    /// It has about 11 KB, too much for a kernel stack: make it a constant and copy that to where it stays, then
    /// [`Engine::configure`] it.
    pub const fn new(settings: Settings) -> Self {
        Self {
            policy: Policy::new(settings.policy),
            settings,
            phase: Phase::Cold,
            now: 0,
            vfs: PerVf::new(Vf::DISABLED),
            list: RunList::new(),
            queue: Queue::EMPTY,
            owner: None,
            card: Card::NEW,
            task: None,
            script: Script::EMPTY,
            pending: None,
            holder: None,
            turn: None,
            expired: false,
            work: None,
            breather: Breather::OVER,
            gpu_reset: None,
            gpu_attempts: 0,
            gpu_resets: 0,
            gpu_notified: 0,
            shutdown: false,
            handing_over: false,
            outdated: false,
            timers: Timers::IDLE,
            actions: Actions::new(),
        }
    }

    /// Changes all settings, before [`Event::Boot`]; later they are changed one by one with [`Event::Admin`].
    pub fn configure(&mut self, settings: &Settings) {
        if self.phase == Phase::Cold {
            self.settings = *settings;
            self.policy = Policy::new(settings.policy);
        }
    }

    /// Takes an event at monotonic time `now` (ns), gives what is to be done, in order.
    pub fn handle(&mut self, event: Event, now: u64) -> &[Action] {
        self.actions.clear();
        self.now = self.now.max(now);
        self.outdated |= !matches!(event, Event::Done);
        match event {
            Event::Boot => self.boot(),
            Event::Done => self.step_done(),
            Event::Failed(fault) => self.step_failed(fault),
            Event::Work(mask) => self.work_known(mask),
            Event::Expired(timer) => self.timer_expired(timer),
            Event::Message { vf, message } => self.message(vf, message),
            Event::Interrupts { vf, times } => self.interrupted(vf, times),
            Event::UserReset { vf } => self.user_reset(vf),
            Event::UserCame { vf } => self.user_came(vf),
            Event::UserLeft { vf } => self.user_left(vf),
            Event::Enable { vf } => self.enable(vf),
            Event::Disable { vf } => self.disable(vf),
            Event::Admin(admin) => self.administrate(admin),
            Event::Gone => self.gone(),
            Event::Shutdown => self.shut_down(),
            Event::HandOver => self.begin_leaving(),
            Event::TakeOver => self.go_on_after_update(),
        }
        self.advance();
        self.actions.as_slice()
    }

    /// Goes on until something is under way on the card or there is nothing to do.
    fn advance(&mut self) {
        for _ in 0..DECISIONS_MAX {
            if self.pending.is_some() {
                return;
            }
            match self.script.next() {
                Some(script::Line::Card(step)) => self.issue(step),
                Some(script::Line::Reply(vf, reply)) => self.act(Action::Reply { vf, reply }),
                None => match self.task.take() {
                    Some(task) => self.task_done(task),
                    None => {
                        if !self.decide() {
                            return;
                        }
                    }
                },
            }
        }
    }

    fn timer_expired(&mut self, timer: Timer) {
        let Some(deadline) = *self.timers.get(timer) else {
            return;
        };
        if self.now < deadline {
            // The timer was early; this one is not to be lost.
            self.act(Action::Arm { timer, deadline });
            return;
        }
        *self.timers.get(timer) = None;
        match timer {
            Timer::Quantum => self.expired = true,
            Timer::Exclusive => self.exclusive_expired(),
            Timer::Guard => self.guard_expired(),
        }
    }

    fn act(&mut self, action: Action) {
        self.actions.push(action);
    }

    fn report(&mut self, report: Report) {
        self.act(Action::Report(report));
    }

    fn arm(&mut self, timer: Timer, deadline: u64) {
        if self.timers.get(timer).replace(deadline) != Some(deadline) {
            self.act(Action::Arm { timer, deadline });
        }
    }

    fn disarm(&mut self, timer: Timer) {
        if self.timers.get(timer).take().is_some() {
            self.act(Action::Disarm { timer });
        }
    }

    fn set_state(&mut self, vf: VfId, state: State) {
        let entry = self.vfs.get_mut(vf);
        if entry.state != state {
            entry.state = state;
            self.report(Report::State { vf, state });
        }
    }

    /// Lets the policy look at things.
    fn with_policy<T>(&mut self, f: impl FnOnce(&mut Policy, &View<'_>) -> T) -> T {
        let enabled = match self.policy.kind() {
            Kind::Predictable => self.mask(|state| state != State::Disabled),
            _ => 0,
        };
        let view = View {
            list: &self.list,
            enabled,
            current: self.card.running_vf(),
            work: self.work.unwrap_or(u16::MAX),
            shares: &self.settings.shares,
            common_ns: self.settings.quantum_ns,
            lone_ns: self.settings.lone_check_ns,
            now: self.now,
        };
        f(&mut self.policy, &view)
    }

    /// Whether the GPU is in operation.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// What a VF is doing.
    pub fn state(&self, vf: VfId) -> State {
        self.vfs.get(vf).state
    }

    /// Mask of the VFs whose state is such: bit 0 for VF1.
    pub fn mask(&self, such: impl Fn(State) -> bool) -> u16 {
        self.vfs.mask(|vf| such(vf.state))
    }

    /// What a VF used and caused. A turn that is not over is not in it yet.
    pub fn stats(&self, vf: VfId) -> &Stats {
        &self.vfs.get(vf).stats
    }

    /// Whether something that the administrator wants done with a VF is still to be done.
    pub fn has_chore(&self, vf: VfId) -> bool {
        self.vfs.get(vf).chore.is_some()
    }

    /// Resets of the whole GPU.
    pub fn gpu_resets(&self) -> u32 {
        self.gpu_resets
    }

    /// The line of text that a VF sent; whole when [`Report::Text`] says so.
    pub fn line(&self, vf: VfId) -> &Line {
        self.vfs.get(vf).text.line()
    }

    /// The VF that runs.
    pub fn running(&self) -> Option<VfId> {
        self.card.running_vf()
    }

    /// The VF that has exclusive access.
    pub fn owner(&self) -> Option<VfId> {
        self.owner
    }

    /// VFs in the order of their turns.
    pub fn run_list(&self) -> impl Iterator<Item = VfId> + '_ {
        self.list.iter()
    }

    /// Requests that wait.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// The settings in force.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
