// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What a VF that misbehaves takes from the others: its own time, one time-out, one reset.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::indexing_slicing
)]

use gim_core::engine::{Admin, Event};
use gim_core::guard::{Budget, Kind as Budgeted};
use gim_core::policy::Kind;
use gim_core::vf::State;
use gim_sim::card::Trouble;
use gim_sim::guest::Behaviour;
use gim_sim::oracle::times;
use gim_sim::plan::{vf, Plan, Stimulus};
use gim_sim::world::World;
use gim_sim::{jain, MS, S};

fn run(world: &mut World, until: u64) {
    world.run(until).unwrap_or_else(|f| panic!("{f}"));
}

fn begin(plan: &Plan) -> World {
    let mut world = World::new(plan.clone(), false);
    world.begin().unwrap_or_else(|f| panic!("{f}"));
    run(&mut world, 3 * S);
    world
}

/// Time each VF runs in `window` ns, after all have started.
fn measure(plan: &Plan, window: u64) -> Vec<u64> {
    let mut world = begin(plan);
    let before = times(&world.ran(), plan.vfs);
    run(&mut world, 3 * S + window);
    let after = times(&world.ran(), plan.vfs);
    after.iter().zip(before).map(|(a, b)| a - b).collect()
}

#[test]
fn a_hang_costs_the_others_one_timeout_and_one_reset() {
    for kind in [Kind::Solid, Kind::Predictable, Kind::Liquid, Kind::Fair] {
        let mut plan = Plan::calm(kind, 4, 0);
        let calm: u64 = measure(&plan, 10 * S)[..3].iter().sum();
        plan.stimuli = vec![(4 * S, Stimulus::Trouble(Trouble::Hang(vf(4))))];
        let mut world = begin(&plan);
        let before = times(&world.ran(), 4);
        run(&mut world, 13 * S);
        let after = times(&world.ran(), 4);
        let ran: Vec<u64> = after.iter().zip(&before).map(|(a, b)| a - b).collect();
        // VF4 starts again by itself, so the others' time is what it is without a hang, less what the hang took.
        let lost = calm.saturating_sub(ran[..3].iter().sum());
        println!("{kind:?}: the others lost {} ms", lost / MS);
        assert!(lost < 2_000 * MS + 200 * MS, "{kind:?}: {} ms", lost / MS);
        assert!(jain(&ran[..3]) > 0.999);
        assert_eq!(world.engine().state(vf(4)), State::Running);
    }
}

#[test]
fn a_hundred_resets_of_one_vf_leave_the_others_equal() {
    let mut plan = Plan::calm(Kind::Solid, 4, 0);
    let none = Budget {
        times: 0,
        window_ns: S,
    };
    for kind in Budgeted::ALL {
        plan.settings.budgets.set(kind, none);
    }
    let reset = Stimulus::Event(Event::Admin(Admin::Reset(vf(4))));
    plan.stimuli = (0..100).map(|n| (4 * S + n * 300 * MS, reset)).collect();
    let ran = measure(&plan, 32 * S);
    println!("Jain {:.5}", jain(&ran[..3]));
    assert!(jain(&ran[..3]) > 0.99, "{ran:?}");
}

#[test]
fn all_16_guests_start_in_time_although_one_keeps_the_gpu() {
    let mut plan = Plan::calm(Kind::Solid, 16, 0);
    plan.guests[0] = Behaviour::Greedy;
    let mut world = World::new(plan, false);
    world.begin().unwrap();
    // A guest gives up after 12 s.
    run(&mut world, 12 * S);
    for n in 2..=16 {
        assert_eq!(world.engine().state(vf(n)), State::Running, "VF{n}");
    }
}

#[test]
fn a_vf_over_its_budget_is_let_in_again() {
    let mut plan = Plan::calm(Kind::Solid, 2, 0);
    plan.guests[1] = Behaviour::Flooder;
    let mut world = begin(&plan);
    let stopped = world.engine().state(vf(2));
    assert!(
        matches!(stopped, State::Stopped { until: Some(_) }),
        "{stopped}"
    );
    run(&mut world, 64 * S);
    let runs = world.engine().stats(vf(2)).messages;
    assert!(runs > 57, "it was let in and sent more: {runs}");
}

#[test]
fn who_misbehaves_loses_his_own_time_only() {
    let calm: u64 = measure(&Plan::calm(Kind::Solid, 3, 0), 60 * S).iter().sum();
    for behaviour in [
        Behaviour::Greedy,
        Behaviour::Crasher,
        Behaviour::Hanger,
        Behaviour::Flooder,
    ] {
        let mut plan = Plan::calm(Kind::Solid, 4, 0);
        plan.guests[3] = behaviour;
        let ran = measure(&plan, 60 * S);
        let others: u64 = ran[..3].iter().sum();
        let lost = calm.saturating_sub(others);
        let share = lost as f64 / calm as f64 * 100.0;
        println!(
            "{behaviour:?}: the others lost {} ms of 60 s, {share:.1} %",
            lost / MS
        );
        assert!(jain(&ran[..3]) > 0.999, "{behaviour:?}: {ran:?}");
        // At most its own quarter; and its budgets end it before that.
        assert!(share < 25.0, "{behaviour:?}: {ran:?}");
        if behaviour == Behaviour::Flooder {
            assert!(share < 2.0, "{ran:?}");
        }
    }
}
