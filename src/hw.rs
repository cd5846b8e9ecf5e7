// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The card, one file per block of silicon: its registers, then its sequences. No policy.
//!
//! Register numbers, fields and sequences are from the hardware reference; each file names the sections.

pub(crate) mod atom_bus;
pub(crate) mod bars;
pub(crate) mod bif;
pub(crate) mod cp_dma;
pub(crate) mod doorbell;
pub(crate) mod flr;
pub(crate) mod hdp;
pub(crate) mod ih;
pub(crate) mod iov;
pub(crate) mod mailbox;
pub(crate) mod mmio;
pub(crate) mod peek;
pub(crate) mod rlc;
pub(crate) mod rom;
pub(crate) mod sdma;
pub(crate) mod sensors;
pub(crate) mod smc;
pub(crate) mod status;
pub(crate) mod strap;
pub(crate) mod vf_status;
pub(crate) mod vram;
