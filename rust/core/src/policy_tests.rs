// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Tests of the policies alone: a loop that gives each turn its time and adds up what each VF got.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing
)]

use super::*;
use proptest::prelude::*;

const MS: u64 = NS_PER_MS;

struct Bench {
    policy: Policy,
    list: RunList,
    enabled: u16,
    shares: PerVf<Share>,
    work: u16,
    common_ns: u64,
    current: Option<VfId>,
    now: u64,
    /// What a VF takes beyond its turn.
    overrun: PerVf<u64>,
    got: PerVf<u64>,
    idle: u64,
}

fn vf(n: u8) -> VfId {
    VfId::new(n).unwrap()
}

impl Bench {
    /// VFs 1 to `n` enabled, all of them started and busy.
    fn new(kind: Kind, n: u8) -> Self {
        let mut list = RunList::new();
        (1..=n).for_each(|n| list.insert(vf(n)));
        Self {
            policy: Policy::new(kind),
            list,
            enabled: (1..=n).fold(0, |mask, n| mask | vf(n).bit()),
            shares: PerVf::new(Share::DEFAULT),
            work: u16::MAX,
            common_ns: 0,
            current: None,
            now: 0,
            overrun: PerVf::new(0),
            got: PerVf::new(0),
            idle: 0,
        }
    }

    fn turn(&mut self) -> Turn {
        let view = View {
            list: &self.list,
            enabled: self.enabled,
            current: self.current,
            work: self.work,
            shares: &self.shares,
            common_ns: self.common_ns,
            lone_ns: 500 * MS,
            now: self.now,
        };
        let turn = self.policy.next(&view);
        let end = match turn.end {
            End::After(ns) => self.now + ns,
            End::At(at) => at,
        };
        assert!(end > self.now, "a turn must take time");
        let start = self.now;
        self.now = end;
        match turn.vf {
            Some(vf) => {
                self.now += *self.overrun.get(vf);
                let used = self.now - start;
                *self.got.get_mut(vf) += used;
                self.list.ran(vf);
                self.policy.charge(vf, used, self.shares.get(vf));
            }
            None => self.idle += self.now - start,
        }
        self.current = turn.vf;
        turn
    }

    fn turns(&mut self, n: u32) -> Vec<u8> {
        (0..n)
            .map(|_| self.turn().vf.map_or(0, VfId::number))
            .collect()
    }

    fn run(&mut self, until: u64) {
        while self.now < until {
            self.turn();
        }
    }

    fn shares_of(&self, n: u8) -> Vec<f64> {
        let got: Vec<f64> = (1..=n).map(|n| *self.got.get(vf(n)) as f64).collect();
        let sum: f64 = got.iter().sum();
        got.iter().map(|g| g / sum).collect()
    }
}

fn jain(shares: &[f64]) -> f64 {
    let sum: f64 = shares.iter().sum();
    sum * sum / (shares.len() as f64 * shares.iter().map(|s| s * s).sum::<f64>())
}

#[test]
fn quantum_of_own_setting_then_common_then_level() {
    let of = |quantum_ns, level, common| {
        let share = Share {
            quantum_ns,
            level,
            ..Share::DEFAULT
        };
        share.quantum(common) / MS
    };
    assert_eq!(
        [0, 1, 2, 3, 200].map(|level| of(0, level, 0)),
        [4, 6, 8, 7, 7]
    );
    assert_eq!(of(0, 0, 10 * MS), 10);
    assert_eq!(of(3 * MS, 0, 10 * MS), 3);
    assert_eq!(of(u64::MAX, 0, 0), 2000);
    assert_eq!(Share::DEFAULT.quantum(1), QUANTUM_MIN_NS);
}

#[test]
fn policies_have_the_numbers_of_the_parameter() {
    let name = |value| Kind::from_option(value).map(|kind| kind.to_string());
    let names = ["solid", "predictable", "liquid", "fair"];
    for (value, want) in (0..).zip(names) {
        assert_eq!(name(value).as_deref(), Some(want));
    }
    assert_eq!(name(4), None);
}

#[test]
fn solid_is_round_robin_with_and_without_work() {
    let mut b = Bench::new(Kind::Solid, 3);
    b.work = 0;
    assert_eq!(b.turns(7), [1, 2, 3, 1, 2, 3, 1]);
}

#[test]
fn a_lone_vf_has_long_turns() {
    for kind in [Kind::Solid, Kind::Predictable, Kind::Liquid, Kind::Fair] {
        let mut b = Bench::new(kind, 1);
        assert_eq!(b.turns(4), [1; 4]);
        assert_eq!(b.now, 4 * 500 * MS, "{kind:?}");
    }
}

#[test]
fn predictable_keeps_slots_of_absent_vfs_and_its_times() {
    let mut b = Bench::new(Kind::Predictable, 4);
    b.list.remove(vf(2));
    b.list.remove(vf(4));
    assert_eq!(b.turns(5), [1, 0, 3, 0, 1]);
    // 5 slots of 6 ms; then a delay of 1 ms must not move the slot after next.
    assert_eq!(b.now, 30 * MS);
    b.now += MS;
    b.turn();
    assert_eq!(b.now, 36 * MS);
    // After a long interruption slots start anew instead of rushing through those missed.
    b.now += 1000 * MS;
    b.turn();
    assert_eq!(b.now, 1042 * MS);
}

#[test]
fn liquid_gives_idle_vfs_nothing_and_busy_ones_everything() {
    let mut b = Bench::new(Kind::Liquid, 5);
    b.work = vf(2).bit() | vf(4).bit();
    b.run(1000 * MS);
    for n in [1, 3, 5] {
        assert_eq!(*b.got.get(vf(n)), 0);
    }
    assert!(jain(&[*b.got.get(vf(2)) as f64, *b.got.get(vf(4)) as f64]) > 0.999);
    assert_eq!(b.idle, 0);
    // Nobody has work: the one that has the GPU keeps it.
    b.work = 0;
    let turns = b.turns(5);
    assert!(turns.iter().all(|&n| n == turns[0]));
    b.work = vf(5).bit();
    assert_eq!(b.turns(2), [5, 5]);
}

#[test]
fn equal_shares_for_2_to_16() {
    for kind in [Kind::Solid, Kind::Predictable, Kind::Liquid, Kind::Fair] {
        for n in 2..=16 {
            let mut b = Bench::new(kind, n);
            b.run(10_000 * MS);
            assert!(jain(&b.shares_of(n)) > 0.9999, "{kind:?} {n}");
        }
    }
}

#[test]
fn fair_follows_weights_whatever_the_quanta_within_a_few_rounds() {
    for quanta in [[0, 0, 0], [2, 6, 10], [10, 6, 2]] {
        let mut b = Bench::new(Kind::Fair, 3);
        for n in 0..3u8 {
            let share = b.shares.get_mut(vf(n + 1));
            share.weight = 100 << n;
            share.quantum_ns = quanta[usize::from(n)] * MS;
        }
        for _window in 0..20 {
            b.got = PerVf::new(0);
            // At worst a turn of 10 ms is missing or too much in each window.
            b.run(b.now + 1600 * MS);
            let s = b.shares_of(3);
            for (share, want) in s.iter().zip([1.0 / 7.0, 2.0 / 7.0, 4.0 / 7.0]) {
                assert!((share / want - 1.0).abs() < 0.05, "{quanta:?}: {s:?}");
            }
        }
    }
}

#[test]
fn an_overrun_is_paid_by_the_vf_that_caused_it() {
    let mut b = Bench::new(Kind::Fair, 4);
    *b.overrun.get_mut(vf(3)) = 30 * MS;
    b.run(5_000 * MS);
    let s = b.shares_of(4);
    assert!(jain(&s) > 0.995, "{s:?}");
    // Solid, for comparison, lets it get away with it.
    let mut b = Bench::new(Kind::Solid, 4);
    *b.overrun.get_mut(vf(3)) = 30 * MS;
    b.run(5_000 * MS);
    assert!(jain(&b.shares_of(4)) < 0.8);
}

#[test]
fn a_vf_that_comes_later_or_sleeps_gathers_no_claim() {
    let mut b = Bench::new(Kind::Fair, 3);
    b.shares.get_mut(vf(2)).priority = Priority::Low;
    b.list.remove(vf(3));
    b.work = vf(1).bit() | vf(3).bit();
    b.run(1_000 * MS);
    assert_eq!(*b.got.get(vf(2)), 0, "low without work gets nothing");
    b.list.insert(vf(3));
    b.work = u16::MAX;
    b.got = PerVf::new(0);
    b.run(b.now + 600 * MS);
    let s = b.shares_of(3);
    assert!(jain(&s) > 0.99, "{s:?}");
}

#[test]
fn a_vf_that_was_alone_owes_nothing_for_it() {
    let mut b = Bench::new(Kind::Fair, 3);
    b.list.remove(vf(2));
    b.list.remove(vf(3));
    b.run(60_000 * MS);
    // VF2 comes with a turn of exclusive access, which cuts VF1's short, and VF3 while VF2 has its first turn.
    b.policy.charge(vf(1), 300 * MS, b.shares.get(vf(1)));
    b.list.insert(vf(2));
    b.policy.charge(vf(2), 6 * MS, b.shares.get(vf(2)));
    b.list.insert(vf(3));
    b.got = PerVf::new(0);
    b.run(b.now + 600 * MS);
    let s = b.shares_of(3);
    assert!(jain(&s) > 0.99, "{s:?}");
}

#[test]
fn high_priority_with_work_is_next_after_each_turn() {
    let mut b = Bench::new(Kind::Fair, 4);
    b.shares.get_mut(vf(2)).priority = Priority::High;
    let turns = b.turns(40);
    assert!(turns.windows(2).all(|w| w[0] == 2 || w[1] == 2));
    // The others share the rest equally.
    for n in [1, 3, 4] {
        assert!(turns.iter().filter(|&&t| t == n).count() >= 6, "{turns:?}");
    }
    // Without work it is one among equals.
    b.work = !vf(2).bit();
    b.got = PerVf::new(0);
    b.run(b.now + 20_000 * MS);
    let start = *b.got.get(vf(2));
    assert!(start < b.now / 4);
}

proptest! {
    /// Any weights and quanta: over a long time nobody is off by more than a few of the longest turns.
    #[test]
    fn fair_for_any_weights(
        vfs in prop::collection::vec((1u16..=1000, 1u64..20, 0u64..10), 2..16),
    ) {
        let n = vfs.len() as u8;
        let mut b = Bench::new(Kind::Fair, n);
        for (i, &(weight, quantum, overrun)) in vfs.iter().enumerate() {
            let id = vf(i as u8 + 1);
            *b.shares.get_mut(id) = Share { weight, quantum_ns: quantum * MS, ..Share::DEFAULT };
            *b.overrun.get_mut(id) = overrun * MS;
        }
        b.run(100_000 * MS);
        let sum: u64 = vfs.iter().map(|v| u64::from(v.0)).sum();
        for (i, &(weight, ..)) in vfs.iter().enumerate() {
            let want = b.now as f64 * f64::from(weight) / sum as f64;
            let got = *b.got.get(vf(i as u8 + 1)) as f64;
            prop_assert!((got - want).abs() <= 60.0 * MS as f64, "{want} {got}");
        }
    }
}
