// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The expansion ROM.

use super::raw;
use kernel::{
    bindings,
    device,
    pci,
    prelude::*, //
};

/// Reads the images in the expansion ROM, one behind the other as they are there.
///
/// # Errors
///
/// `ENODEV` if the device has no such ROM or no address space for it, `ENOMEM`.
pub(crate) fn expansion_rom(dev: &pci::Device<device::Bound>) -> Result<KVVec<u8>> {
    let mut size = 0;
    // SAFETY: `dev` is a valid device with a driver; `size` is valid during the call.
    let rom = unsafe { bindings::pci_map_rom(raw(dev), &mut size) };
    if rom.is_null() {
        return Err(ENODEV);
    }
    let bytes = KVVec::from_elem(0u8, size, GFP_KERNEL).map(|mut bytes| {
        // SAFETY: The ROM is mapped with at least `size` bytes, and `bytes` has as many.
        unsafe { bindings::memcpy_fromio(bytes.as_mut_ptr().cast(), rom, size) };
        bytes
    });
    // SAFETY: Mapped above.
    unsafe { bindings::pci_unmap_rom(raw(dev), rom) };
    Ok(bytes?)
}
