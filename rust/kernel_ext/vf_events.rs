// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What other modules tell the PF's driver of its VFs: the C function `gim_vf_event`.
//!
//! A PF whose driver listens is in a list. The lock of the list is held while a listener is called, so that none is called
//! once its registration is gone; it is taken last of all locks, but for those that a listener takes.

use super::pci::raw;
use core::ptr::NonNull;
use kernel::{
    bindings,
    device::Bound,
    pci,
    prelude::*,
    sync::Arc, //
};

/// What the user of a VF has done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VfEvent {
    /// Somebody has it from now on.
    Opened,
    /// Nobody has it any more.
    Closed,
    /// It was reset.
    Reset,
}

impl VfEvent {
    /// An event by its number in `enum gim_vf_event` (`c/vf_events.h`).
    fn from_number(number: c_uint) -> Result<Self> {
        match number {
            0 => Ok(VfEvent::Opened),
            1 => Ok(VfEvent::Closed),
            2 => Ok(VfEvent::Reset),
            _ => Err(EINVAL),
        }
    }
}

/// Hears of VFs.
pub(crate) trait Listener: Send + Sync {
    /// Something became of the VF with index `index`, from 0. May not wait for whoever is about to end its registration.
    ///
    /// # Errors
    ///
    /// `EINVAL` if there is no such VF.
    fn vf_event(&self, index: u32, event: VfEvent) -> Result;
}

/// A PF and its listener.
struct Entry {
    pf: NonNull<bindings::pci_dev>,
    listener: NonNull<c_void>,
    /// Calls the listener, which must be `listener`.
    call: unsafe fn(NonNull<c_void>, u32, VfEvent) -> Result,
}

// SAFETY: The device is only compared, and a listener may be called from anywhere.
unsafe impl Send for Entry {}

kernel::sync::global_lock! {
    // SAFETY: `init` is called before a driver is registered, without which nobody listens and nobody can call.
    unsafe(uninit) static ENTRIES: Mutex<KVec<Entry>> = KVec::new();
}

/// Makes the list ready.
///
/// # Safety
///
/// Must be called once, before a driver is registered.
pub(super) unsafe fn init() {
    // SAFETY: By the safety requirement.
    unsafe { ENTRIES.init() };
}

/// A listener that is called as long as this lives. It must not be leaked (see [`super::kthread::Thread`]).
pub(crate) struct Registration<L: Listener> {
    listener: Arc<L>,
}

impl<L: Listener> Registration<L> {
    /// Lets a listener hear of the VFs of `pf`.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn new(pf: &pci::Device<Bound>, listener: Arc<L>) -> Result<Self> {
        let entry = Entry {
            pf: NonNull::new(raw(pf)).ok_or(EINVAL)?,
            listener: NonNull::from(&*listener).cast(),
            call: Self::call,
        };
        ENTRIES.lock().push(entry, GFP_KERNEL)?;
        Ok(Self { listener })
    }

    /// # Safety
    ///
    /// `listener` must point to an `L`.
    unsafe fn call(listener: NonNull<c_void>, index: u32, event: VfEvent) -> Result {
        // SAFETY: By the safety requirement.
        unsafe { listener.cast::<L>().as_ref() }.vf_event(index, event)
    }
}

impl<L: Listener> Drop for Registration<L> {
    fn drop(&mut self) {
        let own: NonNull<c_void> = NonNull::from(&*self.listener).cast();
        let mut entries = ENTRIES.lock();
        entries.retain(|entry| entry.listener != own);
        if entries.is_empty() {
            // Nobody drops what is static when the module goes.
            *entries = KVec::new();
        }
    }
}

/// See `c/vf_events.h`.
#[no_mangle]
pub(crate) extern "C" fn gim_vf_event(
    pf: *mut bindings::pci_dev,
    vf: c_uint,
    event: c_uint,
) -> c_int {
    let tell = || -> Result {
        let event = VfEvent::from_number(event)?;
        let entries = ENTRIES.lock();
        let entry = entries
            .iter()
            .find(|entry| entry.pf.as_ptr() == pf)
            .ok_or(ENODEV)?;
        // SAFETY: `listener` lives as long as its entry is in the list, and is what `call` was made for.
        unsafe { (entry.call)(entry.listener, vf, event) }
    };
    match tell() {
        Ok(()) => 0,
        Err(e) => e.to_errno(),
    }
}
