// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! A simulator for the engine: a card that insists on the legal order of commands, guests that behave and guests that do
//! not, faults and an administrator, all on virtual time and all from one seed.
//!
//! A [`plan::Plan`] says what happens; [`world::World`] plays it; after every event [`oracle::Oracle`] checks what must
//! always hold, by what it saw itself and not by what the engine says of itself. A plan that fails is shrunk
//! ([`shrink::shrink`]) to one that is short enough to read.

// A test tool: it may stop at what cannot be.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic
)]

pub mod card;
pub mod fleet;
pub mod guest;
pub mod oracle;
pub mod plan;
pub mod rng;
pub mod shrink;
pub mod world;

/// Nanoseconds in a microsecond.
pub const US: u64 = 1_000;
/// Nanoseconds in a millisecond.
pub const MS: u64 = 1_000_000;
/// Nanoseconds in a second.
pub const S: u64 = 1_000_000_000;

/// Jain's index of fairness: 1 if all are equal, 1/n if one has everything.
pub fn jain(shares: &[u64]) -> f64 {
    let sum: f64 = shares.iter().map(|&s| s as f64).sum();
    let squares: f64 = shares.iter().map(|&s| (s as f64).powi(2)).sum();
    sum * sum / (shares.len() as f64 * squares)
}
