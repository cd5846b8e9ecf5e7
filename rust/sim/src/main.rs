// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! `simulate [--seeds N] [--from SEED]`: plays N random plans; the first that fails is shrunk and shown.
//! `simulate --cards N [--seconds S] [--json]`: plays N cards with 16 busy guests each for S seconds of virtual time.

// Sums of a test tool.
#![allow(clippy::arithmetic_side_effects)]

use gim_sim::fleet::Fleet;
use gim_sim::oracle::RULES;
use gim_sim::plan::Plan;
use gim_sim::shrink::shrink;
use gim_sim::world::World;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let (mut seeds, mut from, mut cards, mut seconds) = (100, 0, 0, 3600);
    let mut json = false;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        if arg == "--json" {
            json = true;
            continue;
        }
        let value = args.next().and_then(|v| v.parse().ok());
        match (arg.as_str(), value) {
            ("--seeds", Some(n)) => seeds = n,
            ("--from", Some(n)) => from = n,
            ("--cards", Some(n)) => cards = n,
            ("--seconds", Some(n)) => seconds = n,
            _ => {
                eprintln!(
                    "usage: simulate [--seeds N] [--from SEED] | --cards N [--seconds S] [--json]"
                );
                return ExitCode::from(2);
            }
        }
    }
    if cards > 0 {
        return fleet(cards, seconds, json);
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
         {resets} VF resets, {gpu_resets} GPU resets"
    );
    checked();
    ExitCode::SUCCESS
}

fn fleet(cards: u64, seconds: u64, json: bool) -> ExitCode {
    let start = Instant::now();
    let fleet = match Fleet::play(cards, seconds) {
        Ok(fleet) => fleet,
        Err(failed) => {
            println!("{failed}");
            return ExitCode::FAILURE;
        }
    };
    let (within, across) = fleet.jain();
    let events = fleet.events;
    if json {
        println!(
            "{{\"cards\": {cards}, \"seconds\": {seconds}, \"events\": {events}, \"jain_within\": {within:.6}, \
             \"jain_across\": {across:.6}}}"
        );
    } else {
        println!(
            "{cards} cards with 16 busy VFs each for {seconds} s of virtual time, {events} events in {:.1} s: \
             Jain's index {within:.6} on the worst card, {across:.6} across all VFs",
            start.elapsed().as_secs_f64()
        );
        checked();
    }
    ExitCode::SUCCESS
}

fn checked() {
    println!("no rule broken; checked after every event:");
    for rule in RULES {
        println!("- {rule}");
    }
}
