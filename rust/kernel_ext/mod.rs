// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What the `kernel` crate lacks, in its own style; the only unsafe code of the driver.
//!
//! Each file stands alone and knows nothing of the S7150, so that it could be sent upstream. Everything that depends on
//! the kernel's version belongs here as well.

#![allow(unsafe_code)]

pub(crate) mod coredump;
pub(crate) mod debugfs;
pub(crate) mod dma;
pub(crate) mod error;
pub(crate) mod fmt;
pub(crate) mod heap;
pub(crate) mod hwmon;
pub(crate) mod kthread;
pub(crate) mod module_param;
pub(crate) mod pci;
pub(crate) mod sysfs;
pub(crate) mod time;
pub(crate) mod trace;
pub(crate) mod vf_events;
pub(crate) mod wait;
