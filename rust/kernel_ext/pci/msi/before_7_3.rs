// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The vector and its handler where the kernel crate's are of no use: before 7.3, its handlers may not borrow, and its
//! vectors stay for as long as the device is bound.
//!
//! C headers: [`include/linux/pci.h`](srctree/include/linux/pci.h),
//! [`include/linux/interrupt.h`](srctree/include/linux/interrupt.h)

use super::{
    super::raw,
    Handler, //
};
use kernel::{
    bindings,
    device,
    error::to_result,
    pci,
    prelude::*, //
};

/// The device's allocation of a vector.
struct Vector<'a> {
    dev: &'a pci::Device<device::Bound>,
    irq: c_uint,
}

impl<'a> Vector<'a> {
    fn new(dev: &'a pci::Device<device::Bound>) -> Result<Self> {
        // SAFETY: `dev` is a valid device.
        to_result(unsafe {
            bindings::pci_alloc_irq_vectors(raw(dev), 1, 1, bindings::PCI_IRQ_MSI)
        })?;
        let mut vector = Self { dev, irq: 0 };
        // SAFETY: `dev` is a valid device, with a vector.
        let irq = unsafe { bindings::pci_irq_vector(raw(dev), 0) };
        to_result(irq)?;
        vector.irq = irq.unsigned_abs();
        Ok(vector)
    }
}

impl Drop for Vector<'_> {
    fn drop(&mut self) {
        // SAFETY: `dev` is a valid device, with a vector that `new` has allocated and nobody uses any more.
        unsafe { bindings::pci_free_irq_vectors(raw(self.dev)) };
    }
}

/// An interrupt that is handled as long as this lives. It must not be leaked (see [`super::super::super::kthread::Thread`]).
pub(crate) struct Msi<'a, T: Handler + 'a> {
    // Boxed: the kernel has its address.
    handler: Pin<KBox<T>>,
    vector: Vector<'a>,
}

impl<'a, T: Handler + 'a> Msi<'a, T> {
    /// Allocates the vector and requests its interrupt.
    ///
    /// # Errors
    ///
    /// `ENOSPC` if the device or the platform has no MSI.
    pub(crate) fn new(
        dev: &'a pci::Device<device::Bound>,
        name: &'static CStr,
        handler: T,
    ) -> Result<Self> {
        let vector = Vector::new(dev)?;
        let handler = KBox::pin(handler, GFP_KERNEL)?;
        // SAFETY: The functions and the name are there as long as the module is, the handler until `drop` has freed the
        // interrupt.
        to_result(unsafe {
            bindings::request_threaded_irq(
                vector.irq,
                Some(Self::wake),
                Some(Self::handle),
                0,
                name.as_char_ptr(),
                Self::cookie(&handler),
            )
        })?;
        Ok(Self { handler, vector })
    }

    /// What the kernel knows the handler by.
    fn cookie(handler: &Pin<KBox<T>>) -> *mut c_void {
        core::ptr::from_ref::<T>(handler).cast_mut().cast()
    }

    unsafe extern "C" fn wake(_: c_int, _: *mut c_void) -> bindings::irqreturn_t {
        bindings::irqreturn_IRQ_WAKE_THREAD
    }

    unsafe extern "C" fn handle(_: c_int, cookie: *mut c_void) -> bindings::irqreturn_t {
        // SAFETY: `new` gave the kernel a handler that stays until the interrupt was freed, which waits for this.
        unsafe { &*cookie.cast_const().cast::<T>() }.handle() as bindings::irqreturn_t
    }
}

impl<T: Handler> Drop for Msi<'_, T> {
    fn drop(&mut self) {
        // SAFETY: `new` requested it with this cookie. This waits for a handler that runs.
        unsafe { bindings::free_irq(self.vector.irq, Self::cookie(&self.handler)) };
    }
}
