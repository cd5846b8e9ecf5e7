// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! BARs as the kernel set them up.

use super::raw;
use kernel::{
    bindings,
    device,
    pci,
    prelude::*, //
};

const STANDARD_BARS: u32 = 6;

/// One BAR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resource {
    /// Size in bytes, 0 if the BAR does not exist.
    pub(crate) size: u64,
    /// Memory, not I/O ports.
    pub(crate) memory: bool,
    /// Prefetchable.
    pub(crate) prefetchable: bool,
    /// The kernel found address space for it.
    pub(crate) assigned: bool,
}

/// BAR `bar` (0 to 5) of the function itself; `None` for another number.
pub(crate) fn resource(dev: &pci::Device<device::Bound>, bar: u32) -> Option<Resource> {
    (bar < STANDARD_BARS).then(|| read(dev, bar))
}

/// VF BAR `bar` (0 to 5) in the SR-IOV capability: the range of all VFs together.
///
/// `None` for another number, or in a kernel without SR-IOV.
pub(crate) fn vf_resource(dev: &pci::Device<device::Bound>, bar: u32) -> Option<Resource> {
    (bar < bindings::PCI_SRIOV_NUM_BARS).then(|| read(dev, bindings::PCI_IOV_RESOURCES + bar))
}

/// `index` must be below `PCI_NUM_RESOURCES`; panics otherwise.
fn read(dev: &pci::Device<device::Bound>, index: u32) -> Resource {
    // SAFETY: `dev` is a valid device; the PCI core does not move BARs of a device that has a driver.
    let res = unsafe { (*raw(dev)).resource[index as usize] };
    let flag = |f: u32| res.flags & f as c_ulong != 0;
    Resource {
        size: if res.flags == 0 || res.end < res.start {
            0
        } else {
            (res.end - res.start).saturating_add(1)
        },
        memory: flag(bindings::IORESOURCE_MEM),
        prefetchable: flag(bindings::IORESOURCE_PREFETCH),
        assigned: !res.parent.is_null() && !flag(bindings::IORESOURCE_UNSET),
    }
}
