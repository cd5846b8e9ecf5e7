// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! GPU time as the simulated card accounts it, against what each policy promises; and what a VF that misbehaves takes
//! from the others.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::indexing_slicing
)]

use gim_core::policy::{Kind, Priority};
use gim_sim::guest::Behaviour;
use gim_sim::oracle::times;
use gim_sim::plan::{vf, Plan};
use gim_sim::world::World;
use gim_sim::{jain, MS, S};

const KINDS: [Kind; 4] = [Kind::Solid, Kind::Predictable, Kind::Liquid, Kind::Fair];

/// Time each VF ran in `window` ns, after all have started.
fn measure(plan: &Plan, window: u64) -> Vec<u64> {
    let mut world = World::new(plan.clone(), false);
    let (begin, n) = (3 * S, plan.vfs);
    world.begin().unwrap_or_else(|f| panic!("{f}"));
    world.run(begin).unwrap_or_else(|f| panic!("{f}"));
    let before = times(&world.ran(), n);
    world.run(begin + window).unwrap_or_else(|f| panic!("{f}"));
    let after = times(&world.ran(), n);
    after.iter().zip(before).map(|(a, b)| a - b).collect()
}

#[test]
fn equal_shares_for_equal_vfs() {
    for kind in KINDS {
        for n in [2, 4, 16] {
            let ran = measure(&Plan::calm(kind, n, 0), 10 * S);
            let j = jain(&ran);
            println!("{kind:?}, {n} VFs: Jain {j:.5}");
            assert!(j >= 0.999, "{kind:?} {n}: {j} {ran:?}");
            let used: u64 = ran.iter().sum();
            assert!(used > 94 * 100 * MS, "GPU used for {used} ns of 10 s");
        }
    }
}

#[test]
fn weights_1_2_4_within_5_percent() {
    let mut plan = Plan::calm(Kind::Fair, 3, 0);
    for n in 0..3 {
        plan.settings.shares.get_mut(vf(n + 1)).weight = 50 << n;
    }
    let ran = measure(&plan, 3 * S);
    let sum: u64 = ran.iter().sum();
    for (ran, weight) in ran.iter().zip([1.0, 2.0, 4.0]) {
        let share = *ran as f64 / sum as f64 * 7.0 / weight;
        println!("weight {weight}: {share:.4} of its share");
        assert!((share - 1.0).abs() < 0.05, "{share}");
    }
}

#[test]
fn predictable_slots_within_5_percent_whether_others_are_there_or_not() {
    for present in [0b1111, 0b0101, 0b0001] {
        let mut plan = Plan::calm(Kind::Predictable, 4, 0);
        for n in 0..4 {
            if present >> n & 1 == 0 {
                plan.guests[n] = Behaviour::Off;
            }
        }
        let ran = measure(&plan, 12 * S);
        for n in 0..4 {
            let want = if present >> n & 1 == 1 { 3 * S } else { 0 };
            let off = (ran[n] as f64 - want as f64) / (3 * S) as f64;
            println!(
                "{present:04b}, VF{}: {:+.2} % off its slot",
                n + 1,
                off * 100.0
            );
            assert!(off.abs() < 0.05, "{ran:?}");
        }
    }
}

#[test]
fn liquid_gives_idle_vfs_nothing() {
    let mut plan = Plan::calm(Kind::Liquid, 8, 0);
    plan.idle = 0b1110_0110;
    let ran = measure(&plan, 10 * S);
    let busy = [ran[0], ran[3], ran[4]];
    assert!(jain(&busy) > 0.999, "{ran:?}");
    for n in [1, 2, 5, 6, 7] {
        assert_eq!(ran[n], 0);
    }
    assert!(busy.iter().sum::<u64>() > 94 * 100 * MS);
}

#[test]
fn low_priority_without_work_gets_nothing_and_high_comes_first() {
    let mut plan = Plan::calm(Kind::Fair, 4, 0);
    plan.settings.shares.get_mut(vf(1)).priority = Priority::Low;
    plan.settings.shares.get_mut(vf(2)).priority = Priority::High;
    plan.idle = 0b0001;
    let ran = measure(&plan, 5 * S);
    assert_eq!(ran[0], 0);
    assert!(ran[1] > 2 * S, "{ran:?}");
    assert!(jain(&ran[2..]) > 0.999);
}

#[test]
fn who_was_alone_owes_nothing_to_who_comes_later() {
    for kind in KINDS {
        let mut world = World::new(Plan::calm(kind, 2, 0), false);
        world.begin().unwrap();
        world.guests[1].next = 20 * S;
        world.run(21 * S).unwrap();
        let before = times(&world.ran(), 2);
        world.run(23 * S).unwrap();
        let after = times(&world.ran(), 2);
        let ran: Vec<u64> = after.iter().zip(before).map(|(a, b)| a - b).collect();
        let j = jain(&ran);
        assert!(j > 0.999, "{kind:?}: {j} {ran:?}");
    }
}

#[test]
fn fair_charges_the_slow_one_and_solid_does_not() {
    let mut plan = Plan::calm(Kind::Fair, 4, 0);
    plan.guests[2] = Behaviour::Slow;
    // It works for ever.
    let slow = |plan: &Plan| {
        let mut plan = plan.clone();
        plan.guests[2] = Behaviour::Busy;
        let mut world = World::new(plan, false);
        world.begin().unwrap();
        world.card.vfs.get_mut(vf(3)).slow_ns = 4 * MS;
        world.run(2 * S).unwrap();
        let before = times(&world.ran(), 4);
        world.run(8 * S).unwrap();
        let after = times(&world.ran(), 4);
        let ran: Vec<u64> = after.iter().zip(before).map(|(a, b)| a - b).collect();
        jain(&ran)
    };
    let fair = slow(&plan);
    plan.settings.policy = Kind::Solid;
    let solid = slow(&plan);
    println!("Jain with one VF slow to preempt: fair {fair:.4}, solid {solid:.4}");
    assert!(fair > 0.998, "{fair}");
    assert!(solid < 0.97, "{solid}");
}
