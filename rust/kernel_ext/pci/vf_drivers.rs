// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Whether drivers have VFs of a physical function: whoever uses a VF needs one, be it vfio's.
//!
//! C header: [`include/linux/device/bus.h`](srctree/include/linux/device/bus.h)

use super::{
    raw,
    sriov::VfDevice, //
};
use kernel::{
    bindings,
    device,
    error::to_result,
    pci,
    prelude::*,
    types::Opaque, //
};

/// What is done when it changes.
pub(crate) trait Changed: Send + Sync {
    /// A driver was bound to a VF (`bound`), or is gone from it. May sleep; may not bind or unbind drivers.
    fn changed(&self, bound: bool);
}

/// Watches the VFs of one PF as long as this lives.
///
/// It must not be leaked (see [`super::super::kthread::Thread`]).
pub(crate) struct VfDrivers<T: Changed>(Pin<KBox<Watched<T>>>);

// SAFETY: It can be dropped in any thread.
unsafe impl<T: Changed> Send for VfDrivers<T> {}

// SAFETY: There is nothing to do with a `&VfDrivers`.
unsafe impl<T: Changed> Sync for VfDrivers<T> {}

#[repr(C)]
struct Watched<T> {
    // The first field, so that its address is that of the whole.
    block: Opaque<bindings::notifier_block>,
    pf: *mut bindings::pci_dev,
    then: T,
}

impl<T: Changed> VfDrivers<T> {
    /// Begins to watch. `then` is told of each VF that has a driver already; of one that gets or loses it at this very
    /// moment it may not be told.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn watch(pf: &pci::Device<device::Bound>, then: T) -> Result<Self> {
        let watched = KBox::pin(
            Watched {
                block: Opaque::new(bindings::notifier_block {
                    notifier_call: Some(Self::notified),
                    ..Default::default()
                }),
                pf: raw(pf),
                then,
            },
            GFP_KERNEL,
        )?;
        for vf in VfDevice::all(pf)? {
            // SAFETY: `vf` has a reference; whether there is a driver may change at any time.
            if !unsafe { (*vf.as_ptr()).dev.driver }.is_null() {
                watched.then.changed(true);
            }
        }
        // SAFETY: The block is pinned, and taken off the list before it goes.
        to_result(unsafe {
            bindings::bus_register_notifier(&raw const bindings::pci_bus_type, watched.block.get())
        })?;
        Ok(Self(watched))
    }

    unsafe extern "C" fn notified(
        block: *mut bindings::notifier_block,
        action: c_ulong,
        dev: *mut c_void,
    ) -> c_int {
        let bound = match action as bindings::bus_notifier_event {
            bindings::bus_notifier_event_BUS_NOTIFY_BOUND_DRIVER => true,
            bindings::bus_notifier_event_BUS_NOTIFY_UNBOUND_DRIVER => false,
            _ => return bindings::NOTIFY_DONE as c_int,
        };
        // SAFETY: `watch` registered the block of a `Watched<T>` that lives until it is taken off the list.
        let watched = unsafe { &*block.cast::<Watched<T>>() };
        // SAFETY: What is on the PCI bus is part of a PCI device; the union holds `physfn` for a VF.
        let is_ours = unsafe {
            let dev: *mut bindings::device = dev.cast();
            let dev = kernel::container_of!(dev, bindings::pci_dev, dev);
            (*dev).is_virtfn() != 0 && (*dev).__bindgen_anon_1.physfn == watched.pf
        };
        if is_ours {
            watched.then.changed(bound);
        }
        bindings::NOTIFY_DONE as c_int
    }
}

impl<T: Changed> Drop for VfDrivers<T> {
    fn drop(&mut self) {
        // SAFETY: `watch` registered it. This waits for a call that is under way.
        unsafe {
            bindings::bus_unregister_notifier(&raw const bindings::pci_bus_type, self.0.block.get())
        };
    }
}
