// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! A PCI driver with the callbacks that [`kernel::pci::Driver`] lacks.

use super::{
    super::vf_events,
    reset::LostConfig, //
};
use core::{
    marker::PhantomData,
    mem::MaybeUninit, //
};
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

    /// The machine goes down or starts another kernel: the device must not do anything any more. Called with the device
    /// lock held, like all that follow.
    fn shutdown(dev: &pci::Device<device::Core<'_>>, this: Pin<&Self::Data<'_>>);

    /// The system is about to sleep; all devices work yet, but for user space.
    ///
    /// # Errors
    ///
    /// Any: the system does not sleep then.
    fn prepare_sleep(dev: &pci::Device<device::Core<'_>>, this: Pin<&Self::Data<'_>>) -> Result;

    /// The system is to sleep, and the device loses power; afterwards the PCI core saves its configuration.
    ///
    /// # Errors
    ///
    /// Any: the system does not sleep then.
    fn suspend(dev: &pci::Device<device::Core<'_>>, this: Pin<&Self::Data<'_>>) -> Result;

    /// The system is awake again, and the PCI core has restored the device's configuration.
    ///
    /// # Errors
    ///
    /// Any: the device cannot be used.
    fn resume(dev: &pci::Device<device::Core<'_>>, this: Pin<&Self::Data<'_>>) -> Result;

    /// There was an error on the way to the device; says what it needs.
    fn error_detected(
        dev: &pci::Device<device::Core<'_>>,
        this: Pin<&Self::Data<'_>>,
        channel: Channel,
    ) -> Recovery;

    /// The device was reset after an error, and has lost its configuration. The PCI core holds its list of devices.
    ///
    /// # Errors
    ///
    /// Any: the device cannot be used.
    fn slot_reset(
        dev: &pci::Device<device::Core<'_>>,
        this: Pin<&Self::Data<'_>>,
        lost: LostConfig<'_>,
    ) -> Result;

    /// The error is over.
    fn error_resume(dev: &pci::Device<device::Core<'_>>, this: Pin<&Self::Data<'_>>);
}

/// What an error has done to the way to a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    /// Nothing: it can be used.
    Normal,
    /// It is blocked.
    Frozen,
    /// The device will not come back.
    Dead,
}

/// What a driver wants after an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recovery {
    /// Nothing was lost.
    Recovered,
    /// The device has to be reset.
    Reset,
    /// Nothing can be done.
    Disconnect,
}

impl Recovery {
    fn result(self) -> bindings::pci_ers_result_t {
        match self {
            Recovery::Recovered => bindings::pci_ers_result_PCI_ERS_RESULT_CAN_RECOVER,
            Recovery::Reset => bindings::pci_ers_result_PCI_ERS_RESULT_NEED_RESET,
            Recovery::Disconnect => bindings::pci_ers_result_PCI_ERS_RESULT_DISCONNECT,
        }
    }
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
        unsafe {
            (*pdrv.get()).sriov_configure = Some(Self::sriov_configure_callback);
            (*pdrv.get()).shutdown = Some(Self::shutdown_callback);
            (*pdrv.get()).err_handler = Self::error_handlers();
            (*pdrv.get()).driver.pm = Self::pm();
        }
        // SAFETY: A module has one driver of this kind, which it registers once, when it is loaded.
        unsafe { vf_events::init() };
        // SAFETY: The caller's promises are passed on; `pci::Adapter` keeps the fields it does not know.
        unsafe { <pci::Adapter<T> as driver::RegistrationOps>::register(pdrv, name, module) }
    }

    unsafe fn unregister(pdrv: &Opaque<Self::DriverType>) {
        // SAFETY: The caller's promises are passed on.
        unsafe { <pci::Adapter<T> as driver::RegistrationOps>::unregister(pdrv) }
    }
}

impl<T: Driver> Adapter<T> {
    const PM: bindings::dev_pm_ops = bindings::dev_pm_ops {
        prepare: Some(Self::prepare_callback),
        suspend: Some(Self::suspend_callback),
        resume: Some(Self::resume_callback),
        freeze: Some(Self::suspend_callback),
        thaw: Some(Self::resume_callback),
        poweroff: Some(Self::suspend_callback),
        restore: Some(Self::resume_callback),
        // SAFETY: All fields are optional functions, for which zero is none.
        ..unsafe { MaybeUninit::zeroed().assume_init() }
    };

    const ERROR_HANDLERS: bindings::pci_error_handlers = bindings::pci_error_handlers {
        error_detected: Some(Self::error_detected_callback),
        slot_reset: Some(Self::slot_reset_callback),
        resume: Some(Self::error_resume_callback),
        // SAFETY: All fields are optional functions, for which zero is none.
        ..unsafe { MaybeUninit::zeroed().assume_init() }
    };

    const fn pm() -> &'static bindings::dev_pm_ops {
        &Self::PM
    }

    const fn error_handlers() -> &'static bindings::pci_error_handlers {
        &Self::ERROR_HANDLERS
    }

    /// Calls `f` with a device and its driver's data.
    ///
    /// # Safety
    ///
    /// `pdev` is a valid device that is bound to this driver, and its lock is held.
    unsafe fn with<R>(
        pdev: *mut bindings::pci_dev,
        f: impl FnOnce(&pci::Device<device::Core<'_>>, Pin<&T::Data<'_>>) -> R,
    ) -> R {
        // SAFETY: By the safety requirement.
        let dev = unsafe { &*pdev.cast::<pci::Device<device::CoreInternal<'_>>>() };
        let generic: &device::Device<device::CoreInternal<'_>> = dev.as_ref();
        // SAFETY: Probe has stored a `Pin<KBox<T::Data<'_>>>` before the lock was released.
        let data = unsafe { generic.drvdata_borrow::<T::Data<'_>>() };
        f(dev, data)
    }

    /// The PCI device around a generic one.
    ///
    /// # Safety
    ///
    /// `dev` is that of a PCI device.
    unsafe fn pci(dev: *mut bindings::device) -> *mut bindings::pci_dev {
        // SAFETY: By the safety requirement.
        unsafe { kernel::container_of!(dev, bindings::pci_dev, dev) }
    }

    extern "C" fn sriov_configure_callback(pdev: *mut bindings::pci_dev, nr: c_int) -> c_int {
        from_result(|| {
            let nr = u16::try_from(nr)?;
            // SAFETY: The PCI core passes a bound device and holds its lock.
            unsafe { Self::with(pdev, |dev, data| T::sriov_configure(dev, data, nr)) }
                .map(c_int::from)
        })
    }

    extern "C" fn shutdown_callback(pdev: *mut bindings::pci_dev) {
        // SAFETY: The driver core passes a bound device and holds its lock.
        unsafe { Self::with(pdev, T::shutdown) };
    }

    unsafe extern "C" fn prepare_callback(dev: *mut bindings::device) -> c_int {
        // SAFETY: The PM core passes a bound device and holds its lock.
        from_result(|| unsafe { Self::with(Self::pci(dev), T::prepare_sleep) }.map(|()| 0))
    }

    unsafe extern "C" fn suspend_callback(dev: *mut bindings::device) -> c_int {
        // SAFETY: The PM core passes a bound device and holds its lock.
        from_result(|| unsafe { Self::with(Self::pci(dev), T::suspend) }.map(|()| 0))
    }

    unsafe extern "C" fn resume_callback(dev: *mut bindings::device) -> c_int {
        // SAFETY: The PM core passes a bound device and holds its lock.
        from_result(|| unsafe { Self::with(Self::pci(dev), T::resume) }.map(|()| 0))
    }

    unsafe extern "C" fn error_detected_callback(
        pdev: *mut bindings::pci_dev,
        state: bindings::pci_channel_state_t,
    ) -> bindings::pci_ers_result_t {
        let channel = match state {
            PCI_CHANNEL_IO_NORMAL => Channel::Normal,
            PCI_CHANNEL_IO_FROZEN => Channel::Frozen,
            _ => Channel::Dead,
        };
        // SAFETY: The PCI core passes a bound device and holds its lock.
        unsafe { Self::with(pdev, |dev, data| T::error_detected(dev, data, channel)) }.result()
    }

    unsafe extern "C" fn slot_reset_callback(
        pdev: *mut bindings::pci_dev,
    ) -> bindings::pci_ers_result_t {
        let slot_reset = |dev: &pci::Device<device::Core<'_>>, data: Pin<&T::Data<'_>>| {
            // SAFETY: What it had when it was enabled is saved, and its lock is held.
            let lost = unsafe { LostConfig::new(dev) };
            T::slot_reset(dev, data, lost)
        };
        // SAFETY: The PCI core passes a bound device and holds its lock.
        match unsafe { Self::with(pdev, slot_reset) } {
            Ok(()) => bindings::pci_ers_result_PCI_ERS_RESULT_RECOVERED,
            Err(_) => bindings::pci_ers_result_PCI_ERS_RESULT_DISCONNECT,
        }
    }

    unsafe extern "C" fn error_resume_callback(pdev: *mut bindings::pci_dev) {
        // SAFETY: The PCI core passes a bound device and holds its lock.
        unsafe { Self::with(pdev, T::error_resume) };
    }
}

/// `pci_channel_io_normal` and `pci_channel_io_frozen`, which are casts that bindgen leaves out.
const PCI_CHANNEL_IO_NORMAL: bindings::pci_channel_state_t = 1;
const PCI_CHANNEL_IO_FROZEN: bindings::pci_channel_state_t = 2;
