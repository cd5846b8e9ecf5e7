// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Sensors of a device that the kernel's hardware monitoring shows, with one each of temperature, power, voltage and clock.
//!
//! C header: [`include/linux/hwmon.h`](srctree/include/linux/hwmon.h)

use super::error::eopnotsupp;
use core::{
    marker::PhantomData,
    ptr::NonNull, //
};
use kernel::{
    device,
    error::{
        from_err_ptr,
        from_result, //
    },
    prelude::*, //
};

/// A sensor, in the order of `c/hwmon.c`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sensor {
    /// `temp1_input`, in millidegrees Celsius.
    Temperature,
    /// `power1_average`, in uW.
    Power,
    /// `in0_input`, in mV.
    Voltage,
    /// `freq1_input`, in Hz.
    Clock,
}

const ALL: [Sensor; 4] = [
    Sensor::Temperature,
    Sensor::Power,
    Sensor::Voltage,
    Sensor::Clock,
];

/// The sensors of a device, and how they are read.
pub(crate) trait Sensors: Send + Sync {
    /// Name of the chip: letters, digits and underscores.
    const NAME: &'static CStr;

    /// What each sensor measures, in the order of [`Sensor`].
    const LABELS: [&'static CStr; ALL.len()];

    /// Reads one, in its unit.
    fn read(&self, sensor: Sensor) -> Result<i64>;
}

/// What C knows of, and the sensors behind it.
#[repr(C)]
struct Chip<T: Sensors> {
    read: unsafe extern "C" fn(*const c_void, c_uint, *mut i64) -> c_int,
    labels: [*const c_char; ALL.len()],
    sensors: T,
}

impl<T: Sensors> Chip<T> {
    unsafe extern "C" fn read(chip: *const c_void, which: c_uint, value: *mut i64) -> c_int {
        // SAFETY: hwmon passes what it was registered with, as long as it is registered.
        let chip = unsafe { &*chip.cast::<Self>() };
        from_result(|| {
            let sensor = ALL.get(which as usize).ok_or_else(eopnotsupp)?;
            let read = chip.sensors.read(*sensor)?;
            // SAFETY: C passes a place for the value.
            unsafe { *value = read };
            Ok(0)
        })
    }
}

extern "C" {
    fn kernel_ext_hwmon_register(
        parent: *mut c_void,
        name: *const c_char,
        chip: *mut c_void,
    ) -> *mut c_void;
    fn kernel_ext_hwmon_unregister(dev: *mut c_void);
}

/// Sensors that are shown as long as this lives.
pub(crate) struct Hwmon<T: Sensors> {
    dev: NonNull<c_void>,
    chip: NonNull<Chip<T>>,
    _chip: PhantomData<KBox<Chip<T>>>,
}

// SAFETY: A hwmon device may be unregistered by any thread, and sensors may be dropped by any.
unsafe impl<T: Sensors> Send for Hwmon<T> {}

// SAFETY: There is nothing to do with a `&Hwmon`.
unsafe impl<T: Sensors> Sync for Hwmon<T> {}

impl<T: Sensors> Hwmon<T> {
    /// Shows a device's sensors.
    ///
    /// # Errors
    ///
    /// `EOPNOTSUPP` if the kernel has no hardware monitoring.
    pub(crate) fn new(dev: &device::Device<device::Bound>, sensors: T) -> Result<Self> {
        let chip = KBox::new(
            Chip {
                read: Chip::<T>::read,
                labels: T::LABELS.map(|label| label.as_char_ptr()),
                sensors,
            },
            GFP_KERNEL,
        )?;
        let chip = NonNull::from(KBox::leak(chip));
        // CAST: `device::Device` is a transparent wrapper of `struct device`.
        let parent = core::ptr::from_ref(dev).cast_mut().cast();
        // SAFETY: The device is bound; name and labels are static; the chip stays until `drop` has unregistered it.
        let registered = from_err_ptr(unsafe {
            kernel_ext_hwmon_register(parent, T::NAME.as_char_ptr(), chip.as_ptr().cast())
        })
        .and_then(|dev| NonNull::new(dev).ok_or(EINVAL));
        match registered {
            Ok(dev) => Ok(Self {
                dev,
                chip,
                _chip: PhantomData,
            }),
            Err(e) => {
                // SAFETY: It was leaked above, and nobody has it.
                drop(unsafe { KBox::from_raw(chip.as_ptr()) });
                Err(e)
            }
        }
    }
}

impl<T: Sensors> Drop for Hwmon<T> {
    fn drop(&mut self) {
        // SAFETY: `new` registered it; this waits for readers.
        unsafe { kernel_ext_hwmon_unregister(self.dev.as_ptr()) };
        // SAFETY: It was leaked in `new`, and nobody reads it any more.
        drop(unsafe { KBox::from_raw(self.chip.as_ptr()) });
    }
}
