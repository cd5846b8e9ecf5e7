// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! A device's one MSI vector with a threaded handler.

use kernel::irq::IrqReturn;

#[cfg_attr(before_7_3, path = "msi/before_7_3.rs")]
mod of_crate;

pub(crate) use of_crate::Msi;

/// What happens at an interrupt.
pub(crate) trait Handler: Send + Sync {
    /// Runs in a thread, never twice at the same time.
    fn handle(&self) -> IrqReturn;
}
