// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! A part of a VF's BAR, reached from the PF's driver.

use super::raw;
use core::ptr::NonNull;
use kernel::{
    bindings,
    device,
    pci,
    prelude::*, //
};

/// A mapping of the beginning of a VF's memory BAR, uncached, as its other users have it.
///
/// # Invariants
///
/// `base` is a mapping of `len` bytes.
pub(crate) struct VfWindow {
    base: NonNull<c_void>,
    len: usize,
}

impl VfWindow {
    /// Maps the first `len` bytes of BAR `bar` of the VF with index `index` (from 0) of `total`.
    ///
    /// # Errors
    ///
    /// `EINVAL` if there is no such range, `ENOMEM` if it cannot be mapped.
    pub(crate) fn new(
        dev: &pci::Device<device::Bound>,
        bar: u32,
        total: u16,
        index: u16,
        len: usize,
    ) -> Result<Self> {
        if bar >= bindings::PCI_SRIOV_NUM_BARS || index >= total {
            return Err(EINVAL);
        }
        // SAFETY: `dev` is a valid device; the PCI core does not move BARs of a device that has a driver.
        let res = unsafe { (*raw(dev)).resource[(bindings::PCI_IOV_RESOURCES + bar) as usize] };
        if res.parent.is_null() || res.end < res.start {
            return Err(EINVAL);
        }
        let size = ((res.end - res.start).saturating_add(1) / u64::from(total)) as usize;
        if len > size {
            return Err(EINVAL);
        }
        let start = res.start + u64::from(index) * size as u64;
        // SAFETY: The range is within memory that belongs to the device.
        let base = unsafe { bindings::ioremap(start, len) };
        // INVARIANT: Just mapped.
        Ok(Self {
            base: NonNull::new(base).ok_or(ENOMEM)?,
            len,
        })
    }

    /// Writes at the beginning.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the bytes do not fit.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result {
        if bytes.len() > self.len {
            return Err(EINVAL);
        }
        // SAFETY: By the type invariant and the check above.
        unsafe { bindings::memcpy_toio(self.base.as_ptr(), bytes.as_ptr().cast(), bytes.len()) };
        Ok(())
    }

    /// A register by its offset in bytes.
    fn at(&self, offset: usize) -> Result<*mut c_void> {
        if offset % 4 != 0 || offset.checked_add(4).ok_or(EINVAL)? > self.len {
            return Err(EINVAL);
        }
        // SAFETY: By the check above, this is within the mapping.
        Ok(unsafe { self.base.as_ptr().byte_add(offset) })
    }

    /// Reads a register by its offset in bytes.
    ///
    /// # Errors
    ///
    /// `EINVAL` for an offset that is not in the mapping or no multiple of 4.
    pub(crate) fn read32(&self, offset: usize) -> Result<u32> {
        // SAFETY: By `at` and the type invariant.
        Ok(unsafe { bindings::readl(self.at(offset)?) })
    }

    /// Writes a register by its offset in bytes.
    ///
    /// # Errors
    ///
    /// As [`VfWindow::read32`].
    pub(crate) fn write32(&self, value: u32, offset: usize) -> Result {
        // SAFETY: By `at` and the type invariant.
        unsafe { bindings::writel(value, self.at(offset)?) };
        Ok(())
    }
}

impl Drop for VfWindow {
    fn drop(&mut self) {
        // SAFETY: By the type invariant.
        unsafe { bindings::iounmap(self.base.as_ptr()) };
    }
}
