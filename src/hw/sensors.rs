// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What the SMC measures (section 3.11 of the hardware reference). All of it is the whole chip's, whoever has the GPU, and
//! is read through registers that a world switch does not use.

use super::{
    mmio::Mmio,
    smc, //
};
use crate::{
    gim_core::sensors,
    kernel_ext::error::enodata, //
};
use kernel::{
    prelude::*,
    time::{
        delay::fsleep,
        Delta, //
    },
};

const CG_MULT_THERMAL_CTRL: u32 = 0xc030_0010;
const PWR_SVI2_STATUS: u32 = 0xc020_0294;
const TARGET_AND_CURRENT_PROFILE_INDEX: u32 = 0xc020_0014;
/// AverageGraphicsActivity, in the SMC's memory.
const GRAPHICS_ACTIVITY: u32 = 0x3_fc24;
/// SMU_PM_STATUS_95, in the SMC's memory: power.
const PM_STATUS_95: u32 = 0x3_ff7c;
const SMU_EFUSE_0: u32 = 0xc010_0000;

/// PmStatusLogStart, PmStatusLogSample, and the question for the engine clock.
const LOG_START: u16 = 0x170;
const LOG_SAMPLE: u16 = 0x171;
const GET_SCLK: u16 = 0x200;

/// What a sample takes to be there (section 3.4 of the behaviour reference).
const SAMPLE: Delta = Delta::from_micros(100);
/// How often a voltage is looked at that is just being changed.
const VOLTAGE_TRIES: u32 = 10;

/// One reading of everything, each with its own error: `ENODATA` if there is no such value at the moment, those of
/// [`smc::message`].
#[derive(Clone, Copy)]
pub(crate) struct Readings {
    /// In millidegrees Celsius.
    pub(crate) temperature_mdeg: Result<i32>,
    /// Of the graphics core, in mV.
    pub(crate) voltage_mv: Result<u32>,
    /// In uW.
    pub(crate) power_uw: Result<u64>,
    /// Of the graphics engine, in Hz.
    pub(crate) clock_hz: Result<u64>,
    /// Of the graphics engine, in percent.
    pub(crate) busy_percent: Result<u32>,
    /// Performance level of the engine clock.
    pub(crate) sclk_level: u32,
}

impl Readings {
    /// Reads everything; takes a fraction of a millisecond, and some more if the SMC does not answer.
    pub(crate) fn take(mmio: &Mmio<'_>) -> Self {
        let power = power(mmio);
        Self {
            temperature_mdeg: sensors::temperature_register(smc::read(mmio, CG_MULT_THERMAL_CTRL))
                .and_then(|register| sensors::temperature_mdeg(smc::read(mmio, register)))
                .ok_or_else(enodata),
            voltage_mv: (0..VOLTAGE_TRIES)
                .find_map(|_| sensors::voltage_mv(smc::read(mmio, PWR_SVI2_STATUS)))
                .ok_or_else(enodata),
            power_uw: power,
            // An SMC that does not answer is not asked twice.
            clock_hz: match power {
                Err(e) if e == ETIMEDOUT => Err(e),
                _ => smc::message(mmio, GET_SCLK).map(sensors::clock_hz),
            },
            busy_percent: sensors::busy_percent(smc::read(mmio, GRAPHICS_ACTIVITY))
                .ok_or_else(enodata),
            sclk_level: sensors::sclk_level(smc::read(mmio, TARGET_AND_CURRENT_PROFILE_INDEX)),
        }
    }

    /// Whether the SMC did not answer.
    pub(crate) fn timed_out(&self) -> bool {
        self.clock_hz.is_err_and(|e| e == ETIMEDOUT)
    }
}

/// The first sample after the start of a log is an old one.
fn power(mmio: &Mmio<'_>) -> Result<u64> {
    for message in [LOG_START, LOG_SAMPLE, LOG_SAMPLE] {
        smc::message(mmio, message)?;
    }
    fsleep(SAMPLE);
    sensors::power_uw(smc::read(mmio, PM_STATUS_95)).ok_or_else(enodata)
}

/// The two parts of the chip's serial number. For probe, before there is a worker.
pub(crate) fn serial_number(mmio: &Mmio<'_>) -> [u64; 2] {
    sensors::serial_number(|offset| smc::read(mmio, SMU_EFUSE_0 + offset))
}
