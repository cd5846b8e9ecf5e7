// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What the registers of the SMC say about temperature, voltage, power, clock and load.
//!
//! Pure decoding; may not touch the card. Registers: section 3.11 of the hardware reference. Where the C driver's
//! formulas differ, they are wrong (section 3.4 of the behaviour reference): it prints negative temperatures as huge ones,
//! and a voltage that rises as the card lowers it.

/// TEMP_SEL of CG_MULT_THERMAL_CTRL: bits 27:20.
const TEMP_SEL_SHIFT: u32 = 20;
/// The sensors' registers in SMC space: first number and last, and the first one's address.
const SENSORS: [(u32, u32, u32); 4] = [
    (0, 3, 0xc030_0100),   // TMON0, RDIL
    (16, 31, 0xc030_0140), // TMON0, RDIR
    (32, 35, 0xc030_0180), // TMON1, RDIL
    (48, 63, 0xc030_01c0), // TMON1, RDIR
];
/// VALID of a sensor's register.
const TEMP_VALID: u32 = 1 << 11;
/// The largest value of SMU_PM_STATUS_95 that can be a power.
const POWER_MAX: u32 = 256_000;

/// The address of the register of the sensor that CG_MULT_THERMAL_CTRL selects; `None` if there is no such sensor.
pub fn temperature_register(thermal_ctrl: u32) -> Option<u32> {
    let number = (thermal_ctrl >> TEMP_SEL_SHIFT) & 0xff;
    SENSORS.into_iter().find_map(|(first, last, address)| {
        let n = number.checked_sub(first).filter(|_| number <= last)?;
        address.checked_add(n.checked_mul(4)?)
    })
}

/// Temperature in millidegrees Celsius: bits 23:12 are a signed number of quarters of a degree. `None` if it is not valid.
pub fn temperature_mdeg(sensor: u32) -> Option<i32> {
    // The sign is moved to bit 31 and back.
    let quarters = ((sensor << 8) as i32) >> 20;
    (sensor & TEMP_VALID != 0).then_some(quarters.saturating_mul(250))
}

/// Voltage of the graphics core in mV from PWR_SVI2_STATUS: 1.55 V less 6.25 mV for each step of PLANE2_VID, bits 15:8, as
/// SVI2 has it; 0 from 248 on, which is off. `None` while SVI2_BUSY, bit 17, or CHANGE_BUSY, bit 16, is set.
pub fn voltage_mv(svi2_status: u32) -> Option<u32> {
    const BUSY: u32 = 1 << 16 | 1 << 17;
    let vid = (svi2_status >> 8) & 0xff;
    (svi2_status & BUSY == 0).then_some(6200u32.saturating_sub(vid.saturating_mul(25)) / 4)
}

/// Power in uW from SMU_PM_STATUS_95, which counts 1/256 W; `None` if the SMC has logged none.
pub fn power_uw(pm_status: u32) -> Option<u64> {
    (1..POWER_MAX)
        .contains(&pm_status)
        .then_some(u64::from(pm_status).saturating_mul(1_000_000) / 256)
}

/// Clock of the graphics engine in Hz from the answer to message 200, which counts 10 kHz.
pub fn clock_hz(answer: u32) -> u64 {
    u64::from(answer).saturating_mul(10_000)
}

/// Load of the graphics engine in percent from AverageGraphicsActivity, which counts 1/256 %. `None` if it is none.
pub fn busy_percent(activity: u32) -> Option<u32> {
    Some(activity / 256).filter(|percent| *percent <= 100)
}

/// Performance level of the engine clock from TARGET_AND_CURRENT_PROFILE_INDEX: CURR_SCLK_INDEX, bits 20:16.
pub fn sclk_level(profile_index: u32) -> u32 {
    (profile_index >> 16) & 0x1f
}

/// First bits and numbers of bits of the two parts of the serial number in SMU_EFUSE (section 3.11): as it is written,
/// the second part comes first.
const SERIAL: [(u32, u32); 2] = [(368, 50), (506, 43)];

/// The two parts of the serial number as they are written, from the fuses as dwords by their byte offset.
pub fn serial_number(fuse: impl Fn(u32) -> u32) -> [u64; 2] {
    let [low, high] = SERIAL.map(|(first, len)| {
        // A part lies within three dwords, and does not begin at the beginning of the first one.
        let start = first / 32;
        let [a, b, c] =
            [0, 1, 2].map(|i| u64::from(fuse(start.saturating_add(i).saturating_mul(4))));
        let shift = first % 32;
        let bits = (a | b << 32).checked_shr(shift).unwrap_or(0)
            | c.checked_shl(64u32.saturating_sub(shift)).unwrap_or(0);
        bits & 1u64.checked_shl(len).unwrap_or(0).saturating_sub(1)
    });
    [high, low]
}

#[cfg(test)]
#[path = "sensors_tests.rs"]
mod tests;
