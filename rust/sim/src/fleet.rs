// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Many cards, each with 16 busy VFs, for long: what `make bench` says of the engine alone.

use crate::oracle::times;
use crate::plan::Plan;
use crate::world::{Failed, World};
use crate::{jain, S};
use gim_core::policy::Kind;
use std::thread;

/// VFs of each card.
const VFS: u8 = 16;
/// By then all guests have started.
const BEGIN: u64 = 3 * S;

/// What cards came to.
#[derive(Clone, Debug, Default)]
pub struct Fleet {
    /// Events that the engines took.
    pub events: u64,
    /// GPU time of each VF of each card, in ns.
    pub shares: Vec<Vec<u64>>,
}

impl Fleet {
    /// Plays so many cards, on all processors.
    ///
    /// # Errors
    ///
    /// A rule was broken.
    pub fn play(cards: u64, seconds: u64) -> Result<Self, Failed> {
        let workers = thread::available_parallelism().map_or(1, |n| n.get() as u64);
        let mut fleet = Self::default();
        let parts: Vec<_> = thread::scope(|scope| {
            let started: Vec<_> = (0..workers)
                .map(|first| {
                    scope.spawn(move || {
                        (first..cards)
                            .step_by(workers as usize)
                            .map(|seed| play_one(seed, seconds))
                            .collect::<Vec<_>>()
                    })
                })
                .collect();
            started
                .into_iter()
                .flat_map(|t| t.join().unwrap())
                .collect()
        });
        for part in parts {
            let (events, share) = part?;
            fleet.events += events;
            fleet.shares.push(share);
        }
        Ok(fleet)
    }

    /// The least index of fairness on one card, and that of all VFs of all cards.
    pub fn jain(&self) -> (f64, f64) {
        let within = self.shares.iter().map(|s| jain(s)).fold(1.0, f64::min);
        (within, jain(&self.shares.concat()))
    }
}

fn play_one(seed: u64, seconds: u64) -> Result<(u64, Vec<u64>), Failed> {
    let plan = Plan {
        seed,
        ..Plan::calm(Kind::Solid, VFS, 0)
    };
    let mut world = World::new(plan, false);
    world.begin()?;
    world.run(BEGIN)?;
    let before = times(&world.ran(), VFS);
    world.run(BEGIN + seconds * S)?;
    let after = times(&world.ran(), VFS);
    let share = after.iter().zip(before).map(|(a, b)| a - b).collect();
    Ok((world.events(), share))
}
