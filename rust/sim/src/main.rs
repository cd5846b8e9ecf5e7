// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! `simulate [--seeds N] [--from SEED]`: plays N random plans; the first that fails is shrunk and shown.
//! `simulate --cards N [--seconds S]`: plays N cards with busy guests for S seconds of virtual time; prints JSON.

// Sums of a test tool.
#![allow(clippy::arithmetic_side_effects)]

use gim_sim::fleet::Fleet;
use gim_sim::plan::Plan;
use gim_sim::shrink::shrink;
use gim_sim::world::World;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let (mut seeds, mut from, mut cards, mut seconds) = (100, 0, 0, 3600);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let value = args.next().and_then(|v| v.parse().ok());
        match (arg.as_str(), value) {
            ("--seeds", Some(n)) => seeds = n,
            ("--from", Some(n)) => from = n,
            ("--cards", Some(n)) => cards = n,
            ("--seconds", Some(n)) => seconds = n,
            _ => {
                eprintln!("usage: simulate [--seeds N] [--from SEED] | --cards N [--seconds S]");
                return ExitCode::from(2);
            }
        }
    }
    if cards > 0 {
        return fleet(cards, seconds);
    }
    let start = Instant::now();
    let mut events = 0;
    let (mut answered, mut refused, mut resets, mut gpu_resets) = (0, 0, 0, 0);
    for seed in from..from + seeds {
        let plan = Plan::random(seed);
        match World::play(&plan, false) {
            Ok(s) => {
                events += s.events;
                answered += s.answered;
                refused += s.refused;
                resets += s.resets;
                gpu_resets += s.gpu_resets;
            }
            Err(_) => {
                let (plan, failed) = shrink(&plan);
                println!("seed {seed} fails; shrunk:\n{plan:#?}\n{failed}");
                return ExitCode::FAILURE;
            }
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{seeds} plans, {events} events in {seconds:.1} s: {answered} requests answered, {refused} refused, \
         {resets} VF resets, {gpu_resets} GPU resets, no rule broken"
    );
    ExitCode::SUCCESS
}

fn fleet(cards: u64, seconds: u64) -> ExitCode {
    match Fleet::play(cards, seconds) {
        Ok(fleet) => {
            let (within, across) = fleet.jain();
            println!(
                "{{\"cards\": {}, \"seconds\": {}, \"events\": {}, \"jain_within\": {within:.6}, \
                 \"jain_across\": {across:.6}}}",
                fleet.cards, fleet.seconds, fleet.events
            );
            ExitCode::SUCCESS
        }
        Err(failed) => {
            println!("{failed}");
            ExitCode::FAILURE
        }
    }
}
