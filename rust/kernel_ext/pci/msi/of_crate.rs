// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The vector and its handler, of the kernel crate.

use super::Handler;
use kernel::{
    device,
    irq::{
        Flags,
        IrqReturn,
        ThreadedHandler,
        ThreadedRegistration, //
    },
    pci::{
        self,
        IrqType,
        IrqTypes,
        IrqVectorRegistration, //
    },
    prelude::*,
};

struct Threaded<T: Handler>(T);

impl<T: Handler> ThreadedHandler for Threaded<T> {
    fn handle_threaded(&self) -> IrqReturn {
        self.0.handle()
    }
}

/// An interrupt that is handled as long as this lives. It must not be leaked (see [`super::super::super::kthread::Thread`]).
pub(crate) struct Msi<'a, T: Handler + 'a> {
    // Dropped before the vector that it stands on.
    _handler: Pin<KBox<ThreadedRegistration<'a, Threaded<T>>>>,
    _vectors: KBox<IrqVectorRegistration<'a>>,
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
        let types = IrqTypes::default().with(IrqType::Msi);
        let vectors = KBox::new(dev.alloc_irq_vectors(1, 1, types)?, GFP_KERNEL)?;
        // SAFETY: The box is kept beside the registration that uses it, which is dropped first.
        let lent: &'a IrqVectorRegistration<'a> = unsafe { &*core::ptr::from_ref(&*vectors) };
        let handler = KBox::pin_init(
            // SAFETY: The registration is dropped with `Self`.
            unsafe {
                ThreadedRegistration::new(
                    lent.index(0)?.into(),
                    Flags::TRIGGER_NONE,
                    name,
                    Ok::<_, Error>(Threaded(handler)),
                )
            },
            GFP_KERNEL,
        )?;
        Ok(Self {
            _handler: handler,
            _vectors: vectors,
        })
    }
}
