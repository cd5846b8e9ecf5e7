// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The functional core: everything that decides and knows no kernel.
//!
//! Root for both users of these files, the Cargo package (`lib.rs`) and the kernel module (`src/gim.rs`). Modules
//! refer to each other through `super::`, so that they mean the same in both.

pub mod atom;
pub mod engine;
pub mod fb;
pub mod gpuiov;
pub mod guard;
pub mod handover;
pub mod ih;
pub mod mailbox;
pub mod options;
pub mod policy;
pub mod runlist;
pub mod sensors;
pub mod vbios;
pub mod vf;
pub mod vfid;
pub mod wait;
