// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Finding extended capabilities.

use super::raw;
use kernel::{
    bindings, device,
    pci::{
        self,
        Vendor, //
    },
    prelude::*,
};

/// Offset in configuration space of the first extended capability `id` (`PCI_EXT_CAP_ID_*`).
pub(crate) fn find_ext_capability(dev: &pci::Device<device::Bound>, id: u32) -> Option<usize> {
    let id = c_int::try_from(id).ok()?;
    // SAFETY: `dev` is a valid device.
    let pos = unsafe { bindings::pci_find_ext_capability(raw(dev), id) };
    (pos != 0).then_some(pos.into())
}

/// Offset in configuration space of the vendor-specific extended capability of `vendor` with VSEC id `id`.
pub(crate) fn find_vsec(
    dev: &pci::Device<device::Bound>,
    vendor: Vendor,
    id: u16,
) -> Option<usize> {
    // SAFETY: `dev` is a valid device.
    let pos = unsafe { bindings::pci_find_vsec_capability(raw(dev), vendor.as_raw(), id.into()) };
    (pos != 0).then_some(pos.into())
}
