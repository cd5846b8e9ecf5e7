// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Attributes that every PCI device of the kernel has.
//!
//! What some of them stand for is private to the PCI core; their own show and store functions are the way to it.

use super::raw;
use kernel::{
    bindings,
    device,
    pci,
    prelude::*, //
};

/// Page for an attribute's text, which has to be aligned.
#[repr(C, align(4096))]
struct Text([u8; 4096]);

/// An attribute of a device.
///
/// # Invariants
///
/// `attr` is one of the attributes of the type or bus of `dev`, which are static.
pub(super) struct Attribute<'a> {
    dev: &'a pci::Device<device::Bound>,
    attr: *mut bindings::device_attribute,
}

impl<'a> Attribute<'a> {
    /// The attribute of this name; `None` if there is none.
    pub(super) fn find(dev: &'a pci::Device<device::Bound>, name: &CStr) -> Option<Self> {
        // SAFETY: A PCI device has a type and a bus.
        let groups = unsafe {
            let dev = &raw const (*raw(dev)).dev;
            [(*(*dev).type_).groups, (*(*dev).bus).dev_groups]
        };
        for mut group in groups {
            // SAFETY: Lists of groups and of attributes are static and end with NULL.
            unsafe {
                while !group.is_null() && !(*group).is_null() {
                    let mut attr = (**group).__bindgen_anon_2.attrs;
                    while !attr.is_null() && !(*attr).is_null() {
                        if CStr::from_char_ptr((**attr).name) == name {
                            // CAST: All attributes of devices are the first member of a `struct device_attribute`.
                            let attr = (*attr).cast();
                            // INVARIANT: Found in such a list.
                            return Some(Self { dev, attr });
                        }
                        attr = attr.add(1);
                    }
                    group = group.add(1);
                }
            }
        }
        None
    }

    /// The first byte of its text.
    pub(super) fn first_byte(&self) -> Option<u8> {
        let mut text = KBox::new(Text([0; 4096]), GFP_KERNEL).ok()?;
        // SAFETY: The attribute belongs to `dev`, and the buffer is a page as in sysfs.
        let n = unsafe {
            let show = (*self.attr).__bindgen_anon_1.show?;
            let dev = &raw mut (*raw(self.dev)).dev;
            show(dev, self.attr, text.0.as_mut_ptr().cast())
        };
        (n > 0).then(|| text.0[0])
    }

    /// Writes a text; whether the attribute took it.
    pub(super) fn store(&self, text: &CStr) -> bool {
        // SAFETY: The attribute belongs to `dev`, and the text is as long as stated.
        let stored = unsafe {
            let Some(store) = (*self.attr).__bindgen_anon_2.store else {
                return false;
            };
            let dev = &raw mut (*raw(self.dev)).dev;
            store(dev, self.attr, text.as_char_ptr(), text.to_bytes().len())
        };
        usize::try_from(stored) == Ok(text.to_bytes().len())
    }
}
