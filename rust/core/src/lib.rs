// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The functional core as a Cargo package: tests, proptest, fuzzers and the simulator build this crate.
//!
//! The kernel module includes the same files through `mod.rs`; nothing may be added here but crate attributes.

#![cfg_attr(not(test), no_std)]

#[path = "mod.rs"]
mod modules;

pub use modules::*;
