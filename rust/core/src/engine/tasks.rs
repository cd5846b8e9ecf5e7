// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Tasks: how one begins, what the end of a step or of a task changes, what a failure leads to.

use super::super::gpuiov::{Command, Failure, Function};
use super::super::mailbox::{Reply, Request};
use super::super::policy::{End, QUANTUM_MIN_NS};
use super::super::vf::{Chore, Fate, Memory, Reason, State};
use super::super::vfid::VfId;
use super::card::Holds;
use super::queue::Waiting;
use super::script::{Script, Task};
use super::{Action, Cause, Engine, Fault, Operation, Phase, Refusal, Report, Step, Timer};

/// GPU resets that are tried in a row before the GPU is given up.
const GPU_ATTEMPTS_MAX: u8 = 2;

impl Engine {
    pub(super) fn boot(&mut self) {
        if matches!(self.phase, Phase::Up | Phase::Wedged) {
            return;
        }
        self.phase = Phase::Up;
        self.shutdown = false;
        self.card.holds = Holds::Nothing;
        for (_, v) in self.vfs.iter_mut() {
            v.rlcv_saved = false;
        }
        self.begin(Task::Boot, Script::boot(false));
    }

    pub(super) fn begin(&mut self, task: Task, script: Script) {
        // A turn that is interrupted is not gone on with; a switch finds its timer expired already.
        let in_passing = matches!(task, Task::Query | Task::Chore(_, Chore::Resize(_)));
        if !in_passing && !matches!(task, Task::Enter(_)) {
            self.disarm(Timer::Quantum);
        }
        if !in_passing && !matches!(task, Task::Vacate(_)) {
            self.expired = false;
        }
        self.work = None;
        self.task = Some(task);
        self.script = script;
    }

    /// Ends what is being done, whatever it is.
    pub(super) fn abandon(&mut self) -> Option<Task> {
        self.pending = None;
        self.script = Script::EMPTY;
        self.turn = None;
        self.task.take()
    }

    pub(super) fn issue(&mut self, step: Step) {
        if let Step::Operate(Operation::Flr(_) | Operation::ResetGpu) = step {
            self.end_account();
        }
        self.pending = Some(step);
        self.act(Action::Card(step));
    }

    pub(super) fn work_known(&mut self, mask: u16) {
        if self.pending == Some(Step::Operate(Operation::QueryWork)) {
            self.pending = None;
            self.work = Some(mask);
        }
    }

    pub(super) fn step_done(&mut self) {
        let Some(step) = self.pending.take() else {
            return;
        };
        self.card.done(step);
        match step {
            Step::Command(Command::Run, Function::Vf(number)) => {
                if let Some(vf) = VfId::new(number) {
                    self.vf_runs(vf);
                }
            }
            Step::Command(Command::Idle, Function::Vf(_)) => self.end_account(),
            Step::Operate(Operation::Clear(vf)) => self.vfs.get_mut(vf).memory = Memory::Clean,
            Step::Operate(Operation::Fill(vf, byte)) => {
                self.vfs.get_mut(vf).memory = match byte {
                    0 => Memory::Clean,
                    _ => Memory::Foreign,
                };
            }
            Step::Operate(Operation::Resize(vf, _)) => {
                // RLC-V may keep where the framebuffer was.
                let entry = self.vfs.get_mut(vf);
                (entry.memory, entry.rlcv_saved) = (Memory::Foreign, false);
            }
            Step::Operate(Operation::SaveRlcv(vf)) => self.vfs.get_mut(vf).rlcv_saved = true,
            Step::Operate(Operation::ResetGpu) => {
                for (_, v) in self.vfs.iter_mut() {
                    v.rlcv_saved = false;
                }
            }
            // A query that ends without an answer: everybody may have work.
            Step::Operate(Operation::QueryWork) => self.work = Some(u16::MAX),
            _ => (),
        }
    }

    fn vf_runs(&mut self, vf: VfId) {
        let exclusive = !matches!(self.task, Some(Task::Enter(_)));
        self.begin_account(vf, exclusive);
        if !exclusive {
            // Exclusive access is no turn: whose turn is next stays as it is.
            self.list.ran(vf);
        }
        let memory = &mut self.vfs.get_mut(vf).memory;
        // What may be somebody else's stays so until it is cleared.
        if *memory == Memory::Clean {
            *memory = Memory::Used;
        }
    }

    pub(super) fn task_done(&mut self, task: Task) {
        match task {
            Task::Vacate(_) | Task::Query => (),
            Task::Enter(_) => self.turn_begins(),
            Task::EnterFini(vf) => self.grant(vf, Request::Fini),
            Task::Start { vf, request, .. } => self.grant(vf, request),
            Task::Chore(vf, _) => self.vfs.get_mut(vf).chore = None,
            Task::Clear(vf) => self.left(vf),
            Task::Reset(vf, _) => self.was_reset(vf),
            Task::HandOver => self.handed_over(),
            Task::Boot => {
                self.gpu_attempts = 0;
                self.report(Report::Up);
            }
            Task::ResetGpu => {
                self.gpu_attempts = 0;
                self.gpu_reset_over();
                self.report(Report::Up);
            }
        }
    }

    pub(super) fn down(&mut self) {
        self.phase = Phase::Down;
        self.report(Report::Down);
    }

    fn turn_begins(&mut self) {
        let Some(turn) = self.turn.take() else {
            return;
        };
        let deadline = self.turn_end(turn.end);
        self.arm(Timer::Quantum, deadline);
        self.expired = false;
        self.breather_turn_begins();
    }

    /// When a turn that begins now ends. Not at once, even if getting there took longer than the turn: all would be lost.
    pub(super) fn turn_end(&self, end: End) -> u64 {
        match end {
            End::After(ns) => self.now.saturating_add(ns),
            End::At(at) => at.max(self.now.saturating_add(QUANTUM_MIN_NS)),
        }
    }

    pub(super) fn step_failed(&mut self, fault: Fault) {
        let Some(step) = self.pending else { return };
        if fault == Fault::Command(Failure::Gone) {
            self.gone();
            return;
        }
        self.report(Report::Failed { step, fault });
        if step == Step::Operate(Operation::QueryWork) {
            self.pending = None;
            self.work = Some(u16::MAX);
            return;
        }
        let task = self.abandon();
        if let Some(Task::Chore(vf, _)) = task {
            // Once is enough.
            self.vfs.get_mut(vf).chore = None;
        }
        match (task, culprit(step)) {
            (Some(Task::ResetGpu | Task::Boot), _) => self.gpu_failed(Cause::Step(step)),
            (Some(Task::Reset(vf, reason)), _) => {
                if reason.notifies() {
                    // It knows, and waits for the completion.
                    self.gpu_notified |= vf.bit();
                }
                self.gpu_failed(Cause::VfReset(vf));
            }
            (Some(Task::Start { vf, request, .. }), Some((culprit, reason))) => {
                self.refuse(vf, request, Refusal::Failed);
                self.vf_failed(culprit, reason);
            }
            (Some(Task::EnterFini(vf)), Some((culprit, reason))) => {
                self.refuse(vf, Request::Fini, Refusal::Failed);
                self.vf_failed(culprit, reason);
            }
            (_, Some((culprit, reason))) => self.vf_failed(culprit, reason),
            (Some(Task::Start { vf, request, again }), None) => {
                // It was not its turn yet: nothing of it is lost with the GPU, and it need not be told.
                if self.vfs.get(vf).evict.is_none() {
                    self.set_state(vf, State::Available);
                }
                if !again || !self.queue.push_front(Waiting::again(vf, request)) {
                    self.refuse(vf, request, Refusal::Failed);
                }
                self.gpu_failed(Cause::Step(step));
            }
            (_, None) => self.gpu_failed(Cause::Step(step)),
        }
    }

    fn vf_failed(&mut self, vf: VfId, reason: Reason) {
        self.card.holds = Holds::Stuck(vf);
        self.evict(vf, Some(reason), Fate::Available);
    }

    fn gpu_failed(&mut self, cause: Cause) {
        self.card.holds = Holds::Unknown;
        self.gpu_reset = Some(cause);
    }

    pub(super) fn begin_vf_reset(&mut self, vf: VfId, reason: Reason) {
        self.report(Report::Reset { vf, reason });
        let now = self.now;
        self.vfs.get_mut(vf).stats.count_reset(reason, now);
        if reason.is_its_own() {
            self.charge_budget(vf, super::super::guard::Kind::Flr);
        }
        self.begin(
            Task::Reset(vf, reason),
            Script::reset(vf, reason.notifies()),
        );
    }

    /// Resets the GPU, or gives it up.
    pub(super) fn begin_gpu_reset(&mut self, cause: Cause) {
        self.end_account();
        if self.gpu_attempts >= GPU_ATTEMPTS_MAX {
            self.wedge();
            return;
        }
        self.gpu_attempts = self.gpu_attempts.saturating_add(1);
        self.gpu_resets = self.gpu_resets.saturating_add(1);
        self.report(Report::GpuReset { cause });
        for vf in VfId::all() {
            let entry = self.vfs.get(vf);
            let affected = entry.state.is_started()
                || entry.state == State::Resetting
                || (entry.state == State::Leaving && entry.evict.is_some());
            if !affected || self.gpu_notified & vf.bit() != 0 {
                continue;
            }
            self.gpu_notified |= vf.bit();
            self.evict(vf, Some(Reason::Gpu), Fate::Available);
            let now = self.now;
            self.vfs.get_mut(vf).stats.count_reset(Reason::Gpu, now);
            self.act(Action::Reply {
                vf,
                reply: Reply::FlrNotification,
            });
        }
        self.card.holds = Holds::Unknown;
        self.begin(Task::ResetGpu, Script::boot(true));
    }

    /// The VFs are back, or will not be.
    fn gpu_reset_over(&mut self) {
        let notified = core::mem::take(&mut self.gpu_notified);
        for vf in VfId::all().filter(|vf| notified & vf.bit() != 0) {
            self.left(vf);
            self.act(Action::Reply {
                vf,
                reply: Reply::FlrCompletion,
            });
        }
    }

    fn wedge(&mut self) {
        self.gpu_notified = 0;
        self.stop_everything(Phase::Wedged);
        self.report(Report::Wedged);
    }

    pub(super) fn gone(&mut self) {
        if self.phase == Phase::Gone {
            return;
        }
        self.gpu_notified = 0;
        self.stop_everything(Phase::Gone);
        self.report(Report::Gone);
    }

    /// Nothing will be done on the card any more.
    fn stop_everything(&mut self, phase: Phase) {
        let was_shutting_down = core::mem::take(&mut self.shutdown);
        self.handing_over = false;
        match self.abandon() {
            Some(Task::Start { vf, request, .. }) => self.refuse(vf, request, Refusal::NotUp),
            Some(Task::EnterFini(vf)) => self.refuse(vf, Request::Fini, Refusal::NotUp),
            _ => (),
        }
        self.end_account();
        self.phase = phase;
        self.gpu_reset = None;
        for vf in VfId::all() {
            self.refuse_waiting(vf, Refusal::NotUp);
            self.deny_chore(vf);
            if self.vfs.get(vf).state.is_started() {
                self.evict(vf, None, Fate::Available);
            }
            if self.vfs.get(vf).evict.is_some() {
                self.left(vf);
            }
        }
        self.disarm(Timer::Quantum);
        if phase == Phase::Gone {
            self.disarm(Timer::Guard);
        }
        if was_shutting_down {
            self.report(Report::Down);
        }
    }
}

/// The VF that a failed step is put down to, and the reason to reset it.
fn culprit(step: Step) -> Option<(VfId, Reason)> {
    match step {
        Step::Command(command, Function::Vf(number)) => {
            let reason = match command {
                Command::Idle => Reason::Idle,
                Command::Save => Reason::Save,
                Command::Load => Reason::Load,
                Command::Run => Reason::Run,
                Command::Init | Command::SaveRlcv | Command::LoadRlcv => Reason::Start,
            };
            Some((VfId::new(number)?, reason))
        }
        Step::Operate(Operation::Prepare(vf) | Operation::SaveRlcv(vf)) => {
            Some((vf, Reason::Start))
        }
        _ => None,
    }
}
