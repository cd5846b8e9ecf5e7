// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Tests of the budgets, against an exact count.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects)]

use super::*;
use proptest::prelude::*;

const S: u64 = 1_000_000_000;

#[test]
fn defaults_as_documented() {
    let b = Budgets::DEFAULT;
    let of = |kind| {
        let Budget { times, window_ns } = b.get(kind);
        (times, window_ns / S)
    };
    assert_eq!(
        Kind::ALL.map(of),
        [(3, 60), (9, 60), (2, 500), (56, 60), (0, 60)]
    );
}

#[test]
fn the_fourth_reset_within_a_minute_is_too_many() {
    let mut g = Guard::NEW;
    let mut flr = |seconds| g.count(Kind::Flr, &Budgets::DEFAULT, seconds * S);
    assert_eq!([100, 110, 120].map(&mut flr), [false; 3]);
    assert!(flr(130));
    // A minute later all is forgotten.
    assert_eq!([200, 210, 220].map(&mut flr), [false; 3]);
}

#[test]
fn kinds_do_not_share_a_budget_and_zero_is_no_limit() {
    let mut g = Guard::NEW;
    for n in 0..50 {
        assert!(!g.count(Kind::Interrupt, &Budgets::DEFAULT, n));
        assert!(!g.count(Kind::Message, &Budgets::DEFAULT, n));
    }
    assert!(!g.count(Kind::Flr, &Budgets::DEFAULT, 50));
    for n in 0..100_000 {
        assert!(!g.count(Kind::Message, &Budgets::DEFAULT, n));
    }
    let mut strict = Budgets::DEFAULT;
    strict.set(
        Kind::Message,
        Budget {
            times: 10,
            window_ns: S,
        },
    );
    assert!(g.count(Kind::Message, &strict, 100_001));
}

proptest! {
    #[test]
    fn never_unjust_and_finds_every_burst(
        gaps in prop::collection::vec(0u64..20, 1..200),
        times in 1u16..20,
    ) {
        let budget = Budget { times, window_ns: 80 };
        let mut budgets = Budgets::DEFAULT;
        budgets.set(Kind::Flr, budget);
        let mut g = Guard::NEW;
        let (mut now, mut seen) = (0, Vec::new());
        for gap in gaps {
            now += gap;
            seen.push(now);
            let over = g.count(Kind::Flr, &budgets, now);
            let within = |ns: u64| seen.iter().filter(|&&t| t + ns > now).count();
            if over {
                prop_assert!(within(80) > usize::from(times));
            } else {
                prop_assert!(within(70) <= usize::from(times));
            }
        }
    }
}
