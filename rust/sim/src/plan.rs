// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! A plan: all that decides how a simulation goes. The same plan always goes the same way.

use crate::card::Trouble;
use crate::guest::Behaviour;
use crate::rng::Rng;
use crate::{MS, S};
use gim_core::engine::{Admin, Event};
use gim_core::gpuiov::Command;
use gim_core::guard::{Budget, Kind as Budgeted};
use gim_core::mailbox::Message;
use gim_core::policy::{Kind, Priority};
use gim_core::vf::Chore;
use gim_core::vf::Settings;
use gim_core::vfid::VfId;

/// Something that happens at a time of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stimulus {
    /// An event for the engine.
    Event(Event),
    /// A later step of the card fails.
    Trouble(Trouble),
    /// A VF's guest vanishes.
    Vanish(VfId),
}

/// A plan.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Seed of all that varies without being part of the plan: durations, guests' pauses.
    pub seed: u64,
    /// Number of VFs.
    pub vfs: u8,
    /// Settings the engine begins with.
    pub settings: Settings,
    /// How each guest behaves.
    pub guests: [Behaviour; 16],
    /// What happens when, in order.
    pub stimuli: Vec<(u64, Stimulus)>,
    /// What happens right after the engine has taken so many events, in order.
    pub injections: Vec<(u64, Stimulus)>,
    /// VFs that never have work.
    pub idle: u16,
    /// Who has work changes all the time.
    pub fitful: bool,
    /// When everything is brought to an end.
    pub horizon: u64,
}

/// The VF of a number from 1.
pub fn vf(number: u8) -> VfId {
    VfId::new(number).unwrap()
}

impl Plan {
    /// Busy guests that do nothing wrong, on a card without faults.
    pub fn calm(kind: Kind, vfs: u8, horizon: u64) -> Self {
        let mut guests = [Behaviour::Off; 16];
        guests[..usize::from(vfs)].fill(Behaviour::Busy);
        Self {
            seed: 1,
            vfs,
            settings: Settings {
                policy: kind,
                ..Settings::DEFAULT
            },
            guests,
            stimuli: vec![],
            injections: vec![],
            idle: 0,
            fitful: false,
            horizon,
        }
    }

    /// Anything.
    pub fn random(seed: u64) -> Self {
        let mut rng = Rng::new(seed, 2);
        let kinds = [Kind::Solid, Kind::Predictable, Kind::Liquid, Kind::Fair];
        let vfs = rng.range(1, 17) as u8;
        let mut settings = Settings {
            policy: rng.pick(&kinds),
            quantum_ns: rng.pick(&[0, 0, 500_000, 2 * MS, 10 * MS]),
            lone_check_ns: rng.pick(&[20 * MS, 500 * MS]),
            exclusive_limit_ns: rng.pick(&[40 * MS, 200 * MS, 5 * S]),
            fb_clear: !rng.one_in(4),
            ..Settings::DEFAULT
        };
        if rng.one_in(2) {
            // So that guests live long enough to do harm.
            for kind in Budgeted::ALL {
                let window_ns = rng.range(1, 10) * S;
                let times = rng.range(0, 100) as u16;
                settings.budgets.set(kind, Budget { times, window_ns });
            }
        }
        let mut guests = [Behaviour::Off; 16];
        for guest in &mut guests[..usize::from(vfs)] {
            *guest = if rng.one_in(2) {
                Behaviour::Good
            } else {
                rng.pick(&Behaviour::ALL)
            };
        }
        let horizon = rng.range(S, 6 * S);
        let count = rng.pick(&[0, 3, 10, 30]);
        let mut stimuli: Vec<_> = (0..count)
            .map(|_| {
                let at = rng.range(0, horizon);
                let which = vf(rng.range(1, u64::from(vfs) + 1) as u8);
                (at, stimulus(&mut rng, which))
            })
            .collect();
        stimuli.sort_by_key(|s| s.0);
        Self {
            seed,
            vfs,
            settings,
            guests,
            stimuli,
            injections: vec![],
            idle: if rng.one_in(2) {
                0
            } else {
                rng.range(0, 0x10000) as u16
            },
            fitful: rng.one_in(2),
            horizon,
        }
    }
}

fn stimulus(rng: &mut Rng, vf: VfId) -> Stimulus {
    let commands = [Command::Save, Command::Load, Command::Run, Command::Init];
    match rng.range(0, 16) {
        0..=4 => Stimulus::Trouble(match rng.range(0, 15) {
            0..=2 => Trouble::Hang(vf),
            3 | 4 => Trouble::Command(rng.pick(&commands), vf),
            5 => Trouble::Flr(vf),
            6 => Trouble::Rlcv(vf),
            7 => Trouble::Prepare(vf),
            8 => Trouble::SaveRlcv(vf),
            9 => rng.pick(&[Trouble::Clear, Trouble::Query]),
            10 => Trouble::Pf,
            _ => Trouble::GpuReset,
        }),
        5 => Stimulus::Vanish(vf),
        6 => Stimulus::Event(Event::UserReset { vf }),
        7 => Stimulus::Event(Event::Disable { vf }),
        8 | 9 => Stimulus::Event(Event::Enable { vf }),
        10 => Stimulus::Event(Event::Message {
            vf,
            message: Message::decode([rng.range(0, 7) as u32, 0, 0, 0]),
        }),
        11 if rng.one_in(4) => Stimulus::Event(rng.pick(&[Event::Gone, Event::Shutdown])),
        12 => Stimulus::Event(Event::HandOver),
        _ => Stimulus::Event(Event::Admin(admin(rng, vf))),
    }
}

fn admin(rng: &mut Rng, vf: VfId) -> Admin {
    let kinds = [Kind::Solid, Kind::Predictable, Kind::Liquid, Kind::Fair];
    match rng.range(0, 15) {
        0 | 1 => Admin::Policy(rng.pick(&kinds)),
        2 => Admin::CommonQuantum(rng.range(0, 20) * MS),
        3 => Admin::Quantum(vf, rng.range(0, 20) * MS),
        4 => Admin::Weight(vf, rng.range(0, 20_000) as u16),
        5 => Admin::Priority(
            vf,
            rng.pick(&[Priority::Low, Priority::Normal, Priority::High]),
        ),
        6 => Admin::ExclusiveLimit(rng.range(10, 500) * MS),
        7 => Admin::Stop(vf),
        8 => Admin::Allow(vf),
        9 => Admin::Reset(vf),
        10 if rng.one_in(3) => Admin::ResetGpu,
        11 => Admin::Chore(vf, Chore::Fill(rng.pick(&[0, 0xab]))),
        12 => Admin::Chore(vf, Chore::Resize(256)),
        13 => Admin::PreemptLimit(vf, rng.range(0, 100) * MS),
        _ => Admin::LoneCheck(rng.range(0, 600) * MS),
    }
}
