// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! A PCI driver with the callbacks that [`kernel::pci::Driver`] lacks.

use core::marker::PhantomData;
use kernel::{
    bindings,
    device,
    driver,
    error::from_result,
    pci,
    prelude::*,
    types::Opaque, //
};

/// What a driver of an SR-IOV physical function offers on top of [`pci::Driver`].
pub(crate) trait Driver: pci::Driver {
    /// An administrator wrote `nr` to `sriov_numvfs`: enable that many VFs, or disable all for 0.
    ///
    /// Called with the device lock held; the PCI core has checked `nr` against the card's limit and never asks for VFs
    /// while some are enabled. Returns the number of VFs enabled, which may be less than `nr`.
    fn sriov_configure(
        dev: &pci::Device<device::Core<'_>>,
        this: Pin<&Self::Data<'_>>,
        nr: u16,
    ) -> Result<u16>;
}

/// [`pci::Adapter`] plus the callbacks of [`Driver`].
pub(crate) struct Adapter<T: Driver>(PhantomData<T>);

// SAFETY: Type, data and offset are those of `pci::Adapter<T>`.
unsafe impl<T: Driver> driver::DriverLayout for Adapter<T> {
    type DriverType = bindings::pci_driver;
    type DriverData<'bound> = T::Data<'bound>;
    const DEVICE_DRIVER_OFFSET: usize = core::mem::offset_of!(bindings::pci_driver, driver);
}

// SAFETY: Registration is that of `pci::Adapter<T>`.
unsafe impl<T: Driver> driver::RegistrationOps for Adapter<T> {
    unsafe fn register(
        pdrv: &Opaque<Self::DriverType>,
        name: &'static CStr,
        module: &'static ThisModule,
    ) -> Result {
        // SAFETY: Fields of `struct pci_driver` may be set before it is registered.
        unsafe { (*pdrv.get()).sriov_configure = Some(Self::sriov_configure_callback) };
        // SAFETY: The caller's promises are passed on; `pci::Adapter` keeps the fields it does not know.
        unsafe { <pci::Adapter<T> as driver::RegistrationOps>::register(pdrv, name, module) }
    }

    unsafe fn unregister(pdrv: &Opaque<Self::DriverType>) {
        // SAFETY: The caller's promises are passed on.
        unsafe { <pci::Adapter<T> as driver::RegistrationOps>::unregister(pdrv) }
    }
}

impl<T: Driver> Adapter<T> {
    extern "C" fn sriov_configure_callback(pdev: *mut bindings::pci_dev, nr: c_int) -> c_int {
        // SAFETY: The PCI core passes a valid device and holds its lock.
        let dev = unsafe { &*pdev.cast::<pci::Device<device::CoreInternal<'_>>>() };

        from_result(|| {
            let generic: &device::Device<device::CoreInternal<'_>> = dev.as_ref();
            // SAFETY: The PCI core only calls this while the driver is bound, so probe has stored a
            // `Pin<KBox<T::Data<'_>>>`.
            let data = unsafe { generic.drvdata_borrow::<T::Data<'_>>() };
            T::sriov_configure(dev, data, u16::try_from(nr)?).map(c_int::from)
        })
    }
}
