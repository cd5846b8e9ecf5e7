// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Live update: a driver goes and leaves VFs and their guests alone, another one takes over from it.
//!
//! The one that goes ends what it has begun, so that a VF runs or the GPU is free, and nobody is on the way out. Then all
//! that the card does not know is written down. Times stay what they are: the clock goes on. What is begun anew: how often
//! each VF has done what the guard counts, and whose turn it is.

use super::super::guard::{Budget, Kind as Budgeted};
use super::super::handover::{Fields, Record, Tag, Unusable, Writer};
use super::super::mailbox::{Request, Text};
use super::super::policy::{Kind, Policy, Priority, Share, WEIGHT_MAX, WEIGHT_MIN};
use super::super::vf::{Memory, Milestone, Reason, Settings, State, Vf};
use super::super::vfid::VfId;
use super::card::Holds;
use super::queue::Waiting;
use super::script::{Script, Task};
use super::{Action, Engine, Operation, Phase, Report, Timer};

const REQUESTS: [Request; 3] = [Request::Init, Request::Fini, Request::Reset];
const PRIORITIES: [Priority; 3] = [Priority::Low, Priority::Normal, Priority::High];
const MEMORIES: [Memory; 3] = [Memory::Clean, Memory::Used, Memory::Foreign];

/// States that can be handed over.
const AVAILABLE: u32 = 0;
const EXCLUSIVE: u32 = 1;
const RUNNING: u32 = 2;
const STOPPED: u32 = 3;

/// What is not a number: no VF, no time.
const NONE: u32 = 0;

fn one_of<T: Copy>(all: &[T], dword: Option<u32>) -> Option<T> {
    all.get(usize::try_from(dword?).ok()?).copied()
}

fn vf_or_none(dword: Option<u32>) -> Option<Option<VfId>> {
    match dword? {
        NONE => Some(None),
        n => VfId::new(u8::try_from(n).ok()?).map(Some),
    }
}

impl Engine {
    /// The driver is to go without the VFs: `decide` sees to it.
    pub(super) fn begin_leaving(&mut self) {
        if self.phase == Phase::Up {
            self.handing_over = true;
        }
    }

    /// Writes everything down, unless a VF is on its way out: that waits for whoever has the GPU for itself.
    pub(super) fn hand_over(&mut self) -> bool {
        if self.vfs.iter().any(|(_, v)| v.evict.is_some()) {
            return false;
        }
        for vf in VfId::all() {
            // It would wait for longer than this driver is there.
            self.deny_chore(vf);
        }
        self.account();
        self.outdated = false;
        self.begin(Task::HandOver, Script::one(Operation::HandOver));
        true
    }

    /// Everything is written down; once more if something has happened meanwhile.
    pub(super) fn handed_over(&mut self) {
        if self.outdated {
            return;
        }
        self.handing_over = false;
        self.phase = Phase::HandedOver;
        self.disarm(Timer::Exclusive);
        self.disarm(Timer::Guard);
        self.report(Report::HandedOver);
    }

    /// Adds what another engine needs to go on from here. To be called while `Operation::HandOver` is done.
    pub fn write_down(&self, to: &mut Writer<'_>) {
        to.section(Tag::Card);
        to.quad(self.holder.map_or(self.now, |holder| holder.accounted));
        to.dword(self.card.running_vf().map_or(NONE, |vf| vf.number().into()));
        to.dword(self.owner.map_or(NONE, |vf| vf.number().into()));
        self.write_settings(to);
        for (vf, v) in self.vfs.iter().filter(|(_, v)| v.state != State::Disabled) {
            to.section(Tag::Vf);
            to.dword(vf.number().into());
            write_vf(v, to);
            let share = self.settings.shares.get(vf);
            to.quad(share.quantum_ns);
            to.quad(share.preempt_ns);
            to.dword(share.level.into());
            to.dword(share.weight.into());
            to.dword(share.priority as u32);
        }
        to.section(Tag::List);
        for vf in self.list.iter() {
            to.dword(vf.number().into());
        }
        to.section(Tag::Queue);
        for waiting in self.queue.iter() {
            to.dword(waiting.vf.number().into());
            to.dword(waiting.request as u32);
            to.flag(waiting.tried);
            to.flag(waiting.counted);
        }
    }

    fn write_settings(&self, to: &mut Writer<'_>) {
        let settings = &self.settings;
        to.section(Tag::Settings);
        to.dword(settings.policy as u32);
        to.quad(settings.quantum_ns);
        to.quad(settings.lone_check_ns);
        to.quad(settings.exclusive_limit_ns);
        to.flag(settings.fb_clear);
        for kind in Budgeted::ALL {
            let budget = settings.budgets.get(kind);
            to.dword(budget.times.into());
            to.quad(budget.window_ns);
        }
    }

    /// Becomes what the engine before was, up to `Event::TakeOver`. Must be new; is not usable after an error.
    ///
    /// # Errors
    ///
    /// [`Unusable::Damaged`] if something does not fit together.
    pub fn take_over(&mut self, record: Record<'_>) -> Result<(), Unusable> {
        if self.phase != Phase::Cold {
            return Err(Unusable::Damaged);
        }
        self.read_down(record).ok_or(Unusable::Damaged)
    }

    fn read_down(&mut self, record: Record<'_>) -> Option<()> {
        let mut settings = record.section(Tag::Settings)?;
        read_settings(&mut self.settings, &mut settings)?;
        self.policy = Policy::new(self.settings.policy);
        for (_, mut fields) in record.sections().filter(|(tag, _)| *tag == Tag::Vf) {
            let vf = vf_or_none(fields.dword())??;
            let entry = self.vfs.get_mut(vf);
            read_vf(entry, &mut fields)?;
            let share = self.settings.shares.get_mut(vf);
            *share = Share {
                quantum_ns: fields.quad()?,
                preempt_ns: fields.quad()?,
                level: u8::try_from(fields.dword()?).ok()?,
                weight: u16::try_from(fields.dword()?)
                    .ok()?
                    .clamp(WEIGHT_MIN, WEIGHT_MAX),
                priority: one_of(&PRIORITIES, fields.dword())?,
            };
        }
        let mut list = record.section(Tag::List)?;
        while let Some(dword) = list.dword() {
            let vf = vf_or_none(Some(dword))??;
            // One that runs for itself keeps its place.
            if self.vfs.get(vf).state.is_started() {
                self.list.insert(vf);
            }
        }
        let mut queue = record.section(Tag::Queue)?;
        while let Some(vf) = queue.dword() {
            let waiting = Waiting {
                vf: vf_or_none(Some(vf))??,
                request: one_of(&REQUESTS, queue.dword())?,
                tried: queue.flag()?,
                counted: queue.flag()?,
            };
            self.queue.push_back(waiting);
        }
        let mut card = record.section(Tag::Card)?;
        let left = card.quad()?;
        let running = vf_or_none(card.dword())?;
        self.owner = vf_or_none(card.dword())?;
        self.now = self.now.max(left);
        self.card.holds = running.map_or(Holds::Nothing, |vf| Holds::Running(vf.function()));
        self.fits_together(running)?;
        if let Some(vf) = running {
            self.account_since(vf, left, self.owner.is_some());
        }
        Some(())
    }

    /// Whether the states are ones that an engine can be in.
    fn fits_together(&self, running: Option<VfId>) -> Option<()> {
        let exclusive = |state| matches!(state, State::Exclusive { .. });
        let fits = self.vfs.iter().all(|(vf, v)| {
            exclusive(v.state) == (self.owner == Some(vf))
                && (v.state != State::Running || self.list.contains(vf))
                && (running != Some(vf) || v.state.is_started())
        }) && self.owner.is_none_or(|vf| running == Some(vf));
        fits.then_some(())
    }

    /// `Event::TakeOver`.
    pub(super) fn go_on_after_update(&mut self) {
        if self.phase != Phase::Cold {
            return;
        }
        self.phase = Phase::Up;
        for vf in VfId::all() {
            let Vf { state, muted, .. } = *self.vfs.get(vf);
            if muted {
                self.act(Action::Mute { vf, on: true });
            }
            if let State::Exclusive { deadline, .. } = state {
                self.arm(Timer::Exclusive, deadline);
            }
        }
        self.arm_guard();
        self.report(Report::TakenOver);
    }
}

/// What becomes of one VF, in the order in which [`read_vf`] expects it.
fn write_vf(v: &Vf, to: &mut Writer<'_>) {
    let (state, detail, time) = match v.state {
        State::Exclusive { request, deadline } => (EXCLUSIVE, request as u32, deadline),
        State::Running => (RUNNING, 0, 0),
        State::Stopped { until } => (STOPPED, u32::from(until.is_some()), until.unwrap_or(0)),
        // The others are on their way from one of these to another, which is waited for.
        _ => (AVAILABLE, 0, 0),
    };
    to.dword(state);
    to.dword(detail);
    to.quad(time);
    to.dword(v.memory as u32);
    to.flag(v.rlcv_saved);
    to.flag(v.courtesy);
    to.flag(v.muted);
    let text = v.text.line().as_bytes();
    to.dword(u32::try_from(text.len()).unwrap_or(0));
    to.flag(v.text.is_complete());
    for byte in text {
        to.dword((*byte).into());
    }
    let stats = &v.stats;
    for n in [
        stats.gpu_ns,
        stats.exclusive_ns,
        stats.runs,
        stats.exclusives,
        stats.messages,
        stats.refused,
    ] {
        to.quad(n);
    }
    for reason in Reason::ALL {
        to.dword(stats.resets(reason));
    }
    for what in Milestone::ALL {
        to.quad(stats.last(what));
    }
}

fn read_vf(v: &mut Vf, from: &mut Fields<'_>) -> Option<()> {
    let (state, detail, time) = (from.dword()?, from.dword()?, from.quad()?);
    v.state = match state {
        AVAILABLE => State::Available,
        EXCLUSIVE => State::Exclusive {
            request: one_of(&REQUESTS, Some(detail))?,
            deadline: time,
        },
        RUNNING => State::Running,
        STOPPED => State::Stopped {
            until: (detail != 0).then_some(time),
        },
        _ => return None,
    };
    v.memory = one_of(&MEMORIES, from.dword())?;
    v.rlcv_saved = from.flag()?;
    v.courtesy = from.flag()?;
    v.muted = from.flag()?;
    let (len, complete) = (from.dword()?, from.flag()?);
    v.text = Text::NEW;
    for _ in 0..len {
        v.text.restore(u8::try_from(from.dword()?).ok()?, complete);
    }
    let stats = &mut v.stats;
    stats.gpu_ns = from.quad()?;
    stats.exclusive_ns = from.quad()?;
    stats.runs = from.quad()?;
    stats.exclusives = from.quad()?;
    stats.messages = from.quad()?;
    stats.refused = from.quad()?;
    for reason in Reason::ALL {
        stats.set_resets(reason, from.dword()?);
    }
    for what in Milestone::ALL {
        stats.note(what, from.quad()?);
    }
    Some(())
}

fn read_settings(settings: &mut Settings, from: &mut Fields<'_>) -> Option<()> {
    settings.policy = Kind::from_option(from.dword()?)?;
    settings.quantum_ns = from.quad()?;
    settings.lone_check_ns = from.quad()?;
    settings.exclusive_limit_ns = from.quad()?;
    settings.fb_clear = from.flag()?;
    for kind in Budgeted::ALL {
        let budget = Budget {
            times: u16::try_from(from.dword()?).ok()?,
            window_ns: from.quad()?,
        };
        settings.budgets.set(kind, budget);
    }
    Some(())
}
