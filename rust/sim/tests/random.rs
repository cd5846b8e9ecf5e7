// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! A million events of random plans, and every stimulus after every event of a plan that covers all tasks.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::indexing_slicing
)]

use gim_core::engine::{Admin, Event};
use gim_core::gpuiov::Command;
use gim_core::mailbox::Message;
use gim_core::policy::Kind;
use gim_sim::card::Trouble;
use gim_sim::guest::Behaviour;
use gim_sim::plan::{vf, Plan, Stimulus};
use gim_sim::shrink::shrink;
use gim_sim::world::{Summary, World};
use gim_sim::MS;

fn play(plan: &Plan) -> Summary {
    World::play(plan, false).unwrap_or_else(|_| {
        let (plan, failed) = shrink(plan);
        panic!("shrunk to {plan:#?}\n{failed}")
    })
}

#[test]
fn two_million_events_of_random_plans() {
    let (mut events, mut answered, mut resets, mut gpu_resets) = (0, 0, 0, 0);
    for seed in 0.. {
        let s = play(&Plan::random(seed));
        events += s.events;
        answered += s.answered;
        resets += s.resets;
        gpu_resets += s.gpu_resets;
        if events >= 2_000_000 {
            break;
        }
    }
    println!("{events} events, {answered} answers, {resets} VF resets, {gpu_resets} GPU resets");
    assert!(answered > 10_000 && resets > 1_000 && gpu_resets > 100);
}

/// One of each thing that can happen to a VF.
fn stimuli() -> Vec<Stimulus> {
    let (one, two) = (vf(1), vf(2));
    let mut all = vec![];
    for vf in [one, two] {
        for id in 1..=6 {
            let message = Message::decode([id, 0, 0, 0]);
            all.push(Stimulus::Event(Event::Message { vf, message }));
        }
        all.extend([
            Stimulus::Event(Event::UserReset { vf }),
            Stimulus::Event(Event::Disable { vf }),
            Stimulus::Event(Event::Admin(Admin::Stop(vf))),
            Stimulus::Event(Event::Admin(Admin::Reset(vf))),
            Stimulus::Trouble(Trouble::Hang(vf)),
            Stimulus::Trouble(Trouble::Flr(vf)),
            Stimulus::Trouble(Trouble::Rlcv(vf)),
            Stimulus::Trouble(Trouble::Prepare(vf)),
            Stimulus::Trouble(Trouble::SaveRlcv(vf)),
            Stimulus::Vanish(vf),
        ]);
        for c in [Command::Save, Command::Load, Command::Run, Command::Init] {
            all.push(Stimulus::Trouble(Trouble::Command(c, vf)));
        }
    }
    for kind in [Kind::Solid, Kind::Predictable, Kind::Liquid, Kind::Fair] {
        all.push(Stimulus::Event(Event::Admin(Admin::Policy(kind))));
    }
    all.extend([
        Stimulus::Event(Event::Admin(Admin::ResetGpu)),
        Stimulus::Event(Event::Gone),
        Stimulus::Event(Event::Shutdown),
        Stimulus::Trouble(Trouble::Pf),
        Stimulus::Trouble(Trouble::Clear),
        Stimulus::Trouble(Trouble::GpuReset),
        Stimulus::Trouble(Trouble::Query),
    ]);
    all
}

/// Starts, turns, releases and a time-out of exclusive access within a few hundred events.
fn short(kind: Kind) -> Plan {
    let mut plan = Plan::calm(kind, 3, 900 * MS);
    plan.guests[..3].copy_from_slice(&[Behaviour::Good, Behaviour::Busy, Behaviour::Greedy]);
    plan.settings.exclusive_limit_ns = 100 * MS;
    plan.settings.quantum_ns = 10 * MS;
    plan
}

#[test]
fn every_stimulus_after_every_event() {
    for kind in [Kind::Solid, Kind::Predictable, Kind::Liquid, Kind::Fair] {
        let plan = short(kind);
        let events = play(&plan).events;
        assert!(events > 150, "{events}");
        for after in 5..events {
            for stimulus in stimuli() {
                let mut plan = plan.clone();
                plan.injections.push((after, stimulus));
                play(&plan);
            }
        }
    }
}

/// Faults in pairs: the second one hits the way out of the first.
#[test]
fn two_faults_close_to_each_other() {
    let plan = short(Kind::Solid);
    let faults = [
        Stimulus::Trouble(Trouble::Hang(vf(1))),
        Stimulus::Trouble(Trouble::Hang(vf(2))),
        Stimulus::Trouble(Trouble::Flr(vf(1))),
        Stimulus::Trouble(Trouble::Rlcv(vf(2))),
        Stimulus::Trouble(Trouble::Pf),
        Stimulus::Trouble(Trouble::GpuReset),
        Stimulus::Event(Event::UserReset { vf: vf(2) }),
        Stimulus::Event(Event::Disable { vf: vf(1) }),
        Stimulus::Event(Event::Admin(Admin::ResetGpu)),
        Stimulus::Event(Event::Gone),
        Stimulus::Event(Event::Shutdown),
    ];
    for after in (5..200).step_by(3) {
        for first in faults {
            for second in faults {
                for gap in [0, 1, 3, 6] {
                    let mut plan = plan.clone();
                    plan.injections = vec![(after, first), (after + gap, second)];
                    play(&plan);
                }
            }
        }
    }
}
