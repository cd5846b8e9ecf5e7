// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! `simulate [--seeds N] [--from SEED]`: plays N random plans; the first that fails is shrunk and shown.

// Sums of a test tool.
#![allow(clippy::arithmetic_side_effects)]

use gim_sim::plan::Plan;
use gim_sim::shrink::shrink;
use gim_sim::world::World;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let (mut seeds, mut from) = (100, 0);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let value = args.next().and_then(|v| v.parse().ok());
        match (arg.as_str(), value) {
            ("--seeds", Some(n)) => seeds = n,
            ("--from", Some(n)) => from = n,
            _ => {
                eprintln!("usage: simulate [--seeds N] [--from SEED]");
                return ExitCode::from(2);
            }
        }
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
