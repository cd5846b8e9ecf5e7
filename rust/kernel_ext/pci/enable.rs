// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! A device that is enabled as long as its guard lives.

use super::raw;
use kernel::{
    bindings,
    device,
    pci,
    prelude::*, //
};

/// Memory decoding and bus mastering are on while this lives.
///
/// # Invariants
///
/// `pci_enable_device_mem()` was called once on `dev`.
pub(crate) struct Enabled<'a> {
    dev: &'a pci::Device<device::Bound>,
}

impl<'a> Enabled<'a> {
    /// Wakes the device (D0), enables its memory BARs and bus mastering.
    pub(crate) fn new(dev: &'a pci::Device<device::Core<'_>>) -> Result<Self> {
        dev.enable_device_mem()?;
        dev.set_master();
        // SAFETY: `dev` is a valid device. What is saved is what it gets back after a reset.
        unsafe { bindings::pci_save_state(raw(dev)) };
        // INVARIANT: Just enabled.
        Ok(Self { dev })
    }
}

/// Whether the device answers: one that was pulled out, or whose link is down, does not.
pub(crate) fn is_present(dev: &pci::Device<device::Bound>) -> bool {
    // SAFETY: `dev` is a valid device.
    unsafe { bindings::pci_device_is_present(raw(dev)) }
}

/// Keeps a device from accessing memory, and thus from interrupting: for one that is not used any more.
pub(crate) fn clear_master(dev: &pci::Device<device::Core<'_>>) {
    // SAFETY: `dev` is a valid device.
    unsafe { bindings::pci_clear_master(raw(dev)) };
}

impl Drop for Enabled<'_> {
    fn drop(&mut self) {
        // SAFETY: `dev` is valid, and by the type invariant this balances `pci_enable_device_mem()`.
        unsafe { bindings::pci_disable_device(raw(self.dev)) };
    }
}
