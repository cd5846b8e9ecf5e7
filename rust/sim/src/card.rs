// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The simulated card: obeys the order of section 2.6 of the hardware reference and nothing else, takes its time, fails
//! when told to, and keeps account of who ran for how long and whose data is where.
//!
//! Written from the reference, not from the engine; when both disagree one of them is wrong.

use crate::rng::Rng;
use crate::{MS, US};
use gim_core::engine::{Fault, Operation, Step};
use gim_core::gpuiov::{Command, Failure, Function};
use gim_core::vfid::{PerVf, VfId};

/// What the GPU is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Free,
    Inited(Function),
    Loaded(Function),
    Running(Function),
    Idle(Function),
    /// After an FLR, until LOAD_RLCV.
    Flred(VfId),
    /// A step of this VF failed.
    Broken(VfId),
    /// A step of the PF, or of a reset, failed.
    Lost,
}

/// Steps that are to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// IDLE of the VF finds its engines hung, until it is reset.
    Hang(VfId),
    /// The next of this command of the VF times out.
    Command(Command, VfId),
    /// The next FLR of the VF fails.
    Flr(VfId),
    /// The next LOAD_RLCV of the VF fails.
    Rlcv(VfId),
    /// The next VBIOS copy for the VF fails.
    Prepare(VfId),
    /// The next SAVE_RLCV of the VF fails.
    SaveRlcv(VfId),
    /// The next clear fails.
    Clear,
    /// The next command of the PF fails.
    Pf,
    /// The next GPU reset fails.
    GpuReset,
    /// The next query fails.
    Query,
}

/// What the card knows of a VF.
#[derive(Clone, Copy, Debug, Default)]
pub struct Account {
    /// Time it ran, ns: from RUN done to IDLE done or a reset.
    pub ran_ns: u64,
    /// RUN commands that were done.
    pub runs: u64,
    /// Whose data is in its framebuffer; `None` after a clear. The first tenant finds data of tenant 0.
    pub data: Option<u32>,
    /// Who uses it now.
    pub tenant: u32,
    /// What IDLE takes longer than usual.
    pub slow_ns: u64,
    slot: bool,
}

/// The card.
#[derive(Clone, Debug)]
pub struct Card {
    phase: Phase,
    pf_slot: bool,
    /// The registers are those that SAVE of the PF left.
    clean: bool,
    /// Accounts of the VFs.
    pub vfs: PerVf<Account>,
    running_since: Option<(VfId, u64)>,
    troubles: Vec<Trouble>,
    /// Faults that the card showed, and that are not put down to anybody yet.
    pub shown: Vec<Step>,
    rng: Rng,
    /// Steps taken.
    pub steps: u64,
}

impl Card {
    /// A card after post, with data of nobody knows whom in all framebuffers.
    pub fn new(seed: u64) -> Self {
        let account = Account {
            data: Some(0),
            tenant: 1,
            ..Account::default()
        };
        Self {
            phase: Phase::Free,
            pf_slot: false,
            clean: false,
            vfs: PerVf::new(account),
            running_since: None,
            troubles: vec![],
            shown: vec![],
            rng: Rng::new(seed, 1),
            steps: 0,
        }
    }

    /// Makes a later step fail.
    pub fn trouble(&mut self, trouble: Trouble) {
        if self.troubles.len() < 64 {
            self.troubles.push(trouble);
        }
    }

    /// Nothing fails any more, and nothing hangs.
    pub fn heal(&mut self) {
        self.troubles.clear();
    }

    /// The card is posted anew: nothing is saved in it.
    pub fn power_cycle(&mut self) {
        self.phase = Phase::Free;
        self.pf_slot = false;
        self.vfs.iter_mut().for_each(|(_, v)| v.slot = false);
    }

    /// The VF whose engines run.
    pub fn running(&self) -> Option<VfId> {
        self.running_since.map(|r| r.0)
    }

    fn stop(&mut self, now: u64) {
        if let Some((vf, since)) = self.running_since.take() {
            self.vfs.get_mut(vf).ran_ns += now - since;
        }
    }

    /// Begins a step. Gives how long it takes and how it ends; an error if it is not legal now.
    pub fn begin(&mut self, step: Step, now: u64) -> Result<(u64, Option<Fault>), String> {
        self.steps += 1;
        if !self.is_legal(step) {
            return Err(format!("{step} while the card is {:?}", self.phase));
        }
        if let Step::Operate(Operation::Flr(_) | Operation::ResetGpu) = step {
            self.stop(now);
        }
        let usual = match step {
            Step::Command(Command::Idle, f) => {
                let slow = vf_of(f).map_or(0, |vf| self.vfs.get(vf).slow_ns);
                50 * US + slow
            }
            Step::Command(Command::Save | Command::Load, _) => 100 * US,
            Step::Command(Command::Run, _) => 30 * US,
            Step::Command(Command::Init | Command::SaveRlcv | Command::LoadRlcv, _) => MS,
            Step::Operate(Operation::Prepare(_)) => 500 * US,
            Step::Operate(Operation::Clear(_) | Operation::Fill(..)) => 3 * MS,
            Step::Operate(Operation::Resize(..)) => 2 * US,
            Step::Operate(Operation::SaveRlcv(_)) => 200 * US,
            Step::Operate(Operation::Flr(_)) => 110 * MS,
            Step::Operate(Operation::RestoreRlcv(_)) => 300 * US,
            Step::Operate(Operation::ResetGpu) => 1500 * MS,
            Step::Operate(Operation::QueryWork) => 5 * US,
            Step::Operate(Operation::HandOver) => 20 * MS,
        };
        let time = usual + self.rng.range(0, usual / 4 + 1);
        let Some(trouble) = self.due(step) else {
            return Ok((time, None));
        };
        self.shown.push(step);
        let hang = matches!(trouble, Trouble::Hang(_)) && self.rng.one_in(2);
        Ok(match step {
            Step::Command(..) if hang => (100 * MS, Some(Fault::Command(Failure::GfxHang))),
            Step::Command(command, _) => {
                let timeout = Failure::Timeout {
                    control: 0x10,
                    status: 0x11,
                };
                let limit = u64::from(command.limit_ms()) * MS;
                (limit, Some(Fault::Command(timeout)))
            }
            Step::Operate(_) => (time, Some(Fault::Operation)),
        })
    }

    /// Takes the trouble out that makes this step fail; a hang stays.
    fn due(&mut self, step: Step) -> Option<Trouble> {
        let at = self.troubles.iter().position(|&t| match (t, step) {
            (Trouble::Hang(vf), Step::Command(Command::Idle, f)) => {
                f == vf.function() && self.running_since.is_some()
            }
            (Trouble::Command(c, vf), Step::Command(command, f)) => {
                c == command && f == vf.function()
            }
            (Trouble::Pf, Step::Command(_, Function::Pf)) => true,
            (Trouble::Flr(vf), Step::Operate(Operation::Flr(v)))
            | (Trouble::Rlcv(vf), Step::Operate(Operation::RestoreRlcv(v)))
            | (Trouble::Prepare(vf), Step::Operate(Operation::Prepare(v)))
            | (Trouble::SaveRlcv(vf), Step::Operate(Operation::SaveRlcv(v))) => v == vf,
            (Trouble::Clear, Step::Operate(Operation::Clear(_) | Operation::Fill(..)))
            | (Trouble::GpuReset, Step::Operate(Operation::ResetGpu))
            | (Trouble::Query, Step::Operate(Operation::QueryWork)) => true,
            _ => false,
        })?;
        match self.troubles[at] {
            hang @ Trouble::Hang(_) => Some(hang),
            _ => Some(self.troubles.remove(at)),
        }
    }

    fn is_legal(&self, step: Step) -> bool {
        use Phase::*;
        match step {
            Step::Command(Command::Init, f) => {
                self.phase == Free && (f == Function::Pf || self.clean)
            }
            Step::Command(Command::Load, f) => {
                self.phase == Free && vf_of(f).map_or(self.pf_slot, |vf| self.vfs.get(vf).slot)
            }
            Step::Command(Command::Run, f) => self.phase == Loaded(f) || self.phase == Inited(f),
            Step::Command(Command::Idle, f) => self.phase == Running(f),
            Step::Command(Command::Save, f) => self.phase == Idle(f),
            // Parts of operations, never alone.
            Step::Command(Command::SaveRlcv | Command::LoadRlcv, _) => false,
            Step::Operate(op) => match op {
                Operation::Prepare(vf) => self.phase == Inited(vf.function()),
                Operation::Clear(_) | Operation::Fill(..) => self.phase == Running(Function::Pf),
                Operation::Resize(vf, _) => match self.phase {
                    Inited(f) | Loaded(f) | Running(f) | Idle(f) => f != vf.function(),
                    Flred(v) | Broken(v) => v != vf,
                    Free => true,
                    Lost => false,
                },
                Operation::SaveRlcv(vf) => self.phase == Running(vf.function()),
                Operation::RestoreRlcv(vf) => self.phase == Flred(vf),
                Operation::ResetGpu => true,
                Operation::QueryWork | Operation::HandOver => {
                    matches!(self.phase, Free | Running(Function::Vf(_)))
                }
                Operation::Flr(vf) => match self.phase {
                    Free => true,
                    Running(f) | Idle(f) => f == vf.function(),
                    Broken(v) => v == vf,
                    _ => false,
                },
            },
        }
    }

    /// Ends a step well.
    pub fn done(&mut self, step: Step, now: u64) {
        match step {
            Step::Command(command, f) => {
                self.phase = match command {
                    Command::Init => Phase::Inited(f),
                    Command::Load => Phase::Loaded(f),
                    Command::Run => Phase::Running(f),
                    Command::Idle => Phase::Idle(f),
                    Command::Save => Phase::Free,
                    Command::SaveRlcv | Command::LoadRlcv => self.phase,
                };
                self.command_done(command, f, now);
            }
            Step::Operate(Operation::Clear(vf) | Operation::Fill(vf, 0)) => {
                self.vfs.get_mut(vf).data = None;
            }
            // Whatever it is, it is nobody's.
            Step::Operate(Operation::Fill(vf, _) | Operation::Resize(vf, _)) => {
                self.vfs.get_mut(vf).data = Some(0);
            }
            Step::Operate(Operation::Flr(vf)) => {
                self.phase = Phase::Flred(vf);
                self.vfs.get_mut(vf).slot = false;
                self.troubles.retain(|&t| t != Trouble::Hang(vf));
            }
            Step::Operate(Operation::RestoreRlcv(vf)) => {
                self.phase = Phase::Running(vf.function());
            }
            Step::Operate(Operation::ResetGpu) => {
                self.power_cycle();
                self.troubles.retain(|t| !matches!(t, Trouble::Hang(_)));
            }
            Step::Operate(_) => (),
        }
    }

    fn command_done(&mut self, command: Command, f: Function, now: u64) {
        let Some(vf) = vf_of(f) else {
            if command == Command::Save {
                self.pf_slot = true;
                self.clean = true;
            }
            return;
        };
        match command {
            Command::Run => {
                self.clean = false;
                self.running_since = Some((vf, now));
                let account = self.vfs.get_mut(vf);
                account.runs += 1;
                if account.data.is_none() {
                    account.data = Some(account.tenant);
                }
            }
            Command::Idle => self.stop(now),
            Command::Save => self.vfs.get_mut(vf).slot = true,
            Command::Load => self.clean = false,
            Command::Init | Command::SaveRlcv | Command::LoadRlcv => (),
        }
    }

    /// Ends a step badly.
    pub fn failed(&mut self, step: Step) {
        self.phase = match step {
            Step::Operate(Operation::QueryWork) => return,
            Step::Command(_, Function::Vf(n)) => Phase::Broken(VfId::new(n).unwrap()),
            Step::Operate(Operation::Prepare(vf) | Operation::SaveRlcv(vf)) => Phase::Broken(vf),
            _ => Phase::Lost,
        };
    }

    /// Nothing on the card moves any more.
    pub fn vanish(&mut self, now: u64) {
        self.stop(now);
    }
}

fn vf_of(f: Function) -> Option<VfId> {
    match f {
        Function::Pf => None,
        Function::Vf(n) => VfId::new(n),
    }
}
