// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! A driver's table of devices, in one form for all kernels.
//!
//! C header: [`include/linux/pci.h`](srctree/include/linux/pci.h)

use super::raw;
use kernel::{
    bindings,
    device,
    pci, //
};

/// [`kernel::pci_device_table`], which wanted one more name before 7.3.
#[cfg(not(before_7_3))]
macro_rules! device_table {
    ($table:ident, $info:ty, $entries:tt) => {
        ::kernel::pci_device_table!($table, $info, $entries);
    };
}

#[cfg(before_7_3)]
macro_rules! device_table {
    ($table:ident, $info:ty, $entries:tt) => {
        ::kernel::pci_device_table!($table, MODULE_DEVICE_TABLE, $info, $entries);
    };
}

pub(crate) use device_table;

/// What probe is told of the entry that names the device. Before 7.3 it is that of the first entry where there is none:
/// see [`is_in_table`].
#[cfg(not(before_7_3))]
pub(crate) type Info<'a, T> = Option<&'a T>;

#[cfg(before_7_3)]
pub(crate) type Info<'a, T> = &'a T;

/// Whether the driver's table names the device, which `driver_override` does not mind.
pub(crate) fn is_in_table<T: pci::Driver>(dev: &pci::Device<device::Bound>) -> bool {
    // SAFETY: The table ends with an empty entry; the device is valid. What is found is only looked at for being there.
    !unsafe { bindings::pci_match_id(T::ID_TABLE.as_ptr(), raw(dev)) }.is_null()
}
