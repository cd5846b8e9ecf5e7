// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Tests of the learned wait: accesses and lost time for durations that are constant, vary, have two modes, or change.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects)]

use super::*;
use proptest::prelude::*;

const US: u64 = 1_000;

struct Outcome {
    /// Looks per command, the one that saw the end included.
    looks: f64,
    /// Time from the end to the look that saw it, per command, in us.
    lost: f64,
}

/// Issues `count` commands that take what `duration` says, each look `oversleep` ns later than asked.
fn run(
    learner: &mut Learner,
    count: u64,
    oversleep: u64,
    mut duration: impl FnMut(u64) -> u64,
) -> Outcome {
    let (mut looks_made, mut lost) = (0, 0);
    for n in 0..count {
        let d = duration(n);
        let (looks, l) = one(learner, d, oversleep);
        looks_made += looks;
        lost += l;
    }
    Outcome {
        looks: looks_made as f64 / count as f64,
        lost: lost as f64 / count as f64 / US as f64,
    }
}

fn one(learner: &mut Learner, duration: u64, oversleep: u64) -> (u64, u64) {
    let mut looks = learner.begin(Command::Save);
    let mut elapsed = 0;
    for made in 1.. {
        elapsed += match looks.pause(elapsed) {
            Pause::None => 0,
            Pause::Spin(ns) => {
                assert!(ns <= SPIN_MAX_NS);
                ns
            }
            Pause::Sleep(ns) => ns + oversleep,
        };
        if elapsed >= duration {
            learner.done(&looks);
            return (made, elapsed - duration);
        }
        assert_eq!(looks.busy(elapsed), Patience::Left);
        assert!(made < 100, "too many looks");
    }
    unreachable!()
}

/// A repeatable number below `range`.
fn noise(n: u64, range: u64) -> u64 {
    let mut x = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (x ^ (x >> 31)) % range
}

/// Issue's aims, per command: under 16 accesses and 80 us a switch of 4 commands, one access of them the write.
///
/// The aims are for 50 and 500 us; a command that takes longer may lose 1/64 of its own time.
fn within_aims(o: &Outcome, us: u64) {
    assert!(4.0 * (1.0 + o.looks) < 16.0, "{} looks a command", o.looks);
    assert!(
        o.lost < (us as f64 / 64.0).max(20.0),
        "{} us lost a command",
        o.lost
    );
}

#[test]
fn no_latency_costs_one_look_and_no_pause() {
    let mut l = Learner::new();
    let o = run(&mut l, 1000, 50 * US, |_| 0);
    assert_eq!(o.looks, 1.0);
    assert_eq!(o.lost, 0.0);
}

#[test]
fn constant_durations_from_5_us_to_5_ms() {
    for us in [5, 20, 50, 100, 200, 500, 1000, 5000] {
        for oversleep in [0, 5 * US, 30 * US] {
            let mut l = Learner::new();
            run(&mut l, 100, oversleep, |_| us * US);
            let o = run(&mut l, 1000, oversleep, |_| us * US);
            println!(
                "{us} us, oversleep {oversleep}: {:.2} looks, {:.1} us lost",
                o.looks, o.lost
            );
            if us > 20 || oversleep == 0 {
                within_aims(&o, us);
            }
            assert!(o.looks < 2.5);
        }
    }
}

#[test]
fn jitter() {
    for (us, jitter) in [(50, 10), (50, 30), (500, 20), (500, 50), (500, 100)] {
        let mut l = Learner::new();
        let d = |n| (us - jitter) * US + noise(n, 2 * jitter * US);
        run(&mut l, 100, 2 * US, d);
        let o = run(&mut l, 5000, 2 * US, d);
        println!(
            "{us} +- {jitter} us: {:.2} looks, {:.1} us lost",
            o.looks, o.lost
        );
        if jitter < 100 {
            within_aims(&o, us);
        }
        assert!(o.looks < 3.0 && o.lost < 40.0);
    }
}

#[test]
fn two_modes() {
    // One command in five takes ten times as long: the four others must not pay for it.
    let d = |n| if noise(n, 5) == 0 { 500 * US } else { 50 * US };
    let mut l = Learner::new();
    run(&mut l, 100, 2 * US, d);
    let (mut fast_lost, mut fast, mut slow_looks, mut slow) = (0, 0, 0, 0);
    for n in 0..5000 {
        let (looks, lost) = one(&mut l, d(n), 2 * US);
        if d(n) == 50 * US {
            fast_lost += lost;
            fast += 1;
        } else {
            slow_looks += looks;
            slow += 1;
        }
    }
    let (lost, looks) = (fast_lost / fast / US, slow_looks / slow);
    println!("fast: {lost} us lost; slow: {looks} looks");
    assert!(lost < 35, "{lost} us lost on the fast ones");
    assert!(looks < 8, "{looks} looks at the slow ones");
}

#[test]
fn a_change_is_followed_within_a_few_commands() {
    for (from, to) in [
        (50, 500),
        (500, 50),
        (0, 500),
        (500, 0),
        (100, 3000),
        (3000, 100),
    ] {
        let mut l = Learner::new();
        run(&mut l, 200, 0, |_| from * US);
        let during = run(&mut l, 40, 0, |_| to * US);
        let after = run(&mut l, 200, 0, |_| to * US);
        println!(
            "{from} -> {to} us: {:.2} looks, {:.1} us lost; then {:.2}, {:.1}",
            during.looks, during.lost, after.looks, after.lost
        );
        assert!(during.looks < 4.0, "{} looks while it learns", during.looks);
        within_aims(&after, to);
    }
}

#[test]
fn a_command_that_never_ends_costs_few_looks_and_exactly_its_limit() {
    for (command, limit) in [
        (Command::Idle, 2_000_000 * US),
        (Command::Init, 3_000_000 * US),
    ] {
        let mut l = Learner::new();
        let mut looks = l.begin(command);
        let (mut elapsed, mut made) = (0, 0);
        loop {
            if let Pause::Sleep(ns) | Pause::Spin(ns) = looks.pause(elapsed) {
                elapsed += ns;
            }
            made += 1;
            if looks.busy(elapsed) == Patience::Over {
                break;
            }
        }
        assert_eq!(elapsed, limit);
        println!("{made} looks in {} s", limit / 1_000_000_000);
        assert!(made < 100);
    }
}

proptest! {
    #[test]
    fn any_history_keeps_looks_and_loss_bounded(
        durations in prop::collection::vec(0u64..2_000_000_000, 1..200),
        oversleep in 0u64..1_000_000,
    ) {
        let mut l = Learner::new();
        for d in durations {
            let (looks, lost) = one(&mut l, d, oversleep);
            prop_assert!(looks <= 90);
            // A learned aim may be too high once; else a pause is at most half of what was waited, or 50 ms.
            prop_assert!(lost <= 2_000_000_000);
        }
    }
}

#[test]
fn a_shorter_limit_is_obeyed() {
    for limit in [1_000 * US, 50_000 * US, u64::MAX] {
        let mut looks = Learner::new().begin(Command::Idle);
        looks.limit_to(limit);
        let mut elapsed = 0;
        loop {
            if let Pause::Sleep(ns) | Pause::Spin(ns) = looks.pause(elapsed) {
                elapsed += ns;
            }
            if looks.busy(elapsed) == Patience::Over {
                break;
            }
        }
        assert_eq!(elapsed, limit.min(2_000_000 * US));
    }
}
