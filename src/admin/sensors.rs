// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What the SMC measures, in hwmon and in `sriov_admin/pf/`. The card is asked once a second at most, however often and
//! by whomever the files are read.

use crate::{
    ask::{
        Answer,
        Question, //
    },
    gpu::Gpu,
    hw::sensors::Readings,
    kernel_ext::{
        error::enodata,
        hwmon::{
            self,
            Sensor, //
        },
        time::now_ns, //
    },
};
use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    },
};

/// How long readings count, in ns.
const AGE_NS: u64 = 1_000_000_000;
/// How long an SMC that does not answer is left alone, in ns: whoever waits for it keeps the GPU's owner from its work.
const SILENCE_NS: u64 = 10_000_000_000;

/// The last readings.
struct Last {
    readings: Result<Readings>,
    /// Until when they count, in monotonic ns.
    until: u64,
}

/// The sensors of one card.
#[pin_data]
pub(crate) struct Sensors<'a> {
    gpu: Arc<Gpu<'a>>,
    #[pin]
    last: Mutex<Last>,
}

impl<'a> Sensors<'a> {
    /// Nothing was read yet.
    pub(crate) fn new(gpu: &Arc<Gpu<'a>>) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                gpu: gpu.clone(),
                last <- new_mutex!(
                    Last {
                        readings: Err(enodata()),
                        until: 0,
                    },
                    "Sensors::last"
                ),
            }),
            GFP_KERNEL,
        )
    }

    /// Readings that are at most a second old.
    ///
    /// # Errors
    ///
    /// Those of [`Gpu::ask`].
    pub(crate) fn readings(&self) -> Result<Readings> {
        let mut last = self.last.lock();
        if now_ns() < last.until {
            return last.readings;
        }
        last.readings = match self.gpu.ask(Question::Sensors) {
            Ok(Answer::Sensors(readings)) => Ok(readings),
            Ok(_) => Err(EINVAL),
            Err(e) => Err(e),
        };
        let age = match last.readings {
            Ok(readings) if readings.timed_out() => SILENCE_NS,
            _ => AGE_NS,
        };
        last.until = now_ns().saturating_add(age);
        last.readings
    }
}

/// The same for hwmon.
pub(super) struct Chip<'a>(pub(super) Arc<Sensors<'a>>);

impl hwmon::Sensors for Chip<'_> {
    const NAME: &'static CStr = c"gim";
    const LABELS: [&'static CStr; 4] = [c"edge", c"GPU", c"vddgfx", c"sclk"];

    fn read(&self, sensor: Sensor) -> Result<i64> {
        let readings = self.0.readings()?;
        match sensor {
            Sensor::Temperature => readings.temperature_mdeg.map(i64::from),
            Sensor::Power => Ok(i64::try_from(readings.power_uw?)?),
            Sensor::Voltage => readings.voltage_mv.map(i64::from),
            Sensor::Clock => Ok(i64::try_from(readings.clock_hz?)?),
        }
    }
}
