// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Makes a plan that fails as short as it can be: fewer stimuli, fewer guests, an earlier end.

use crate::guest::Behaviour;
use crate::plan::Plan;
use crate::world::{Failed, World};

/// The shortest plan found that still breaks a rule (perhaps another one), and how.
pub fn shrink(plan: &Plan) -> (Plan, Failed) {
    let mut best = plan.clone();
    let mut failed = World::play(plan, false).expect_err("a plan that fails");
    loop {
        let before = size(&best);
        for candidate in smaller(&best) {
            if let Err(f) = World::play(&candidate, false) {
                best = candidate;
                failed = f;
                break;
            }
        }
        if size(&best) >= before {
            break;
        }
    }
    if let Err(traced) = World::play(&best, true) {
        failed = traced;
    }
    (best, failed)
}

fn size(plan: &Plan) -> u64 {
    let guests = plan.guests.iter().filter(|&&g| g != Behaviour::Off).count();
    let good = plan
        .guests
        .iter()
        .filter(|&&g| g == Behaviour::Good)
        .count();
    (plan.stimuli.len() as u64 * 4 + guests as u64 * 8 - good as u64) * 10_000
        + plan.horizon / crate::MS
}

fn smaller(plan: &Plan) -> Vec<Plan> {
    let mut plans = vec![];
    let mut with = |change: &dyn Fn(&mut Plan)| {
        let mut p = plan.clone();
        change(&mut p);
        if size(&p) < size(plan) {
            plans.push(p);
        }
    };
    with(&|p| p.horizon /= 2);
    with(&|p| p.horizon = p.horizon * 9 / 10);
    let mut chunk = plan.stimuli.len();
    while chunk > 0 {
        for start in (0..plan.stimuli.len()).step_by(chunk) {
            with(&|p| {
                let end = (start + chunk).min(p.stimuli.len());
                p.stimuli.drain(start..end);
            });
        }
        chunk /= 2;
    }
    for n in 0..16 {
        with(&|p| p.guests[n] = Behaviour::Off);
        with(&|p| p.guests[n] = Behaviour::Good);
    }
    plans
}
