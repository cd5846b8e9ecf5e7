// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Post: initialising a card that the system's firmware did not, or that a reset has put back.
//!
//! Order and parameters: section 4.3 of the hardware reference. The caller sees to it that nobody else uses the card,
//! and loads firmware between the two steps if it has any:
//!
//! 1. [`init`] with [`Init::Asic`]
//! 2. firmware (section 4.4)
//! 3. [`init`] with [`Init::LoadMicrocode`]
//! 4. [`verify`]

use super::bus::{Bus, Refused, Space};
use super::data::FirmwareInfo;
use super::interpreter::Interpreter;
use super::vbios;
use core::fmt;

/// Command table `asic_init`.
pub const ASIC_INIT: u8 = 0x00;
/// Command table `write_byte_to_hw_assisted_i2c`.
const WRITE_BYTE_TO_I2C: u8 = 0x37;
/// Command table `speed_fan_control`.
const SPEED_FAN_CONTROL: u8 = 0x39;

/// Dwords of parameters: the ten of asic_init, and more for the tables it calls (as many as amdgpu gives).
pub const PARAMETERS: usize = 16;

/// CONFIG_MEMSIZE: megabytes of VRAM, 0 before the post (section 3.1).
pub const CONFIG_MEMSIZE: u32 = 0x150a;
/// BIOS_SCRATCH_7 (section 3.1).
pub const BIOS_SCRATCH_7: u32 = 0x5d0;
/// Bit of [`BIOS_SCRATCH_7`]: asic_init is complete.
pub const ASIC_INIT_COMPLETE: u32 = 1 << 9;
/// SMC_IND_INDEX_1, the pair that command tables use (sections 3.2, 4.4).
const SMC_IND_INDEX_1: u32 = 0x82;
/// SMC_IND_DATA_1.
const SMC_IND_DATA_1: u32 = 0x83;
/// SMC_PC_C: the SMU's program counter (section 3.4).
const SMC_PC_C: u32 = 0x8000_0370;
/// Where the SMU's firmware is: its program counter is past this when it runs (section 3.4).
const SMC_FIRMWARE: u32 = 0x2_0000;
/// What a register reads as when the card does not answer.
const GONE: u32 = u32::MAX;

/// What asic_init shall do: the flag in the top byte of its first parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Init {
    /// Initialise the ASIC, without the microcode of SR-IOV.
    Asic,
    /// Initialise the ASIC and load the microcode.
    Full,
    /// Load the microcode only.
    LoadMicrocode,
}

impl Init {
    fn flag(self) -> u32 {
        match self {
            Init::Asic => 0x00,
            Init::Full => 0x40,
            Init::LoadMicrocode => 0x42,
        }
    }
}

impl fmt::Display for Init {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Init::Asic => "ASIC initialisation",
            Init::Full => "full initialisation",
            Init::LoadMicrocode => "loading of microcode",
        })
    }
}

/// Why a card is not posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The image lacks something.
    Image(vbios::Error),
    /// The image has no default clocks.
    Clocks,
    /// A command table failed.
    Table {
        /// During what.
        init: Init,
        /// Where and why.
        error: super::Error,
    },
    /// The bus refused.
    Bus(Refused),
    /// The card does not answer.
    Gone,
    /// The tables ran, but did not say that they are complete.
    Incomplete {
        /// [`BIOS_SCRATCH_7`].
        scratch_7: u32,
    },
    /// The tables ran, but there is no VRAM.
    NoMemory,
}

impl From<vbios::Error> for Error {
    fn from(e: vbios::Error) -> Self {
        Error::Image(e)
    }
}

impl From<Refused> for Error {
    fn from(e: Refused) -> Self {
        Error::Bus(e)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Image(e) => write!(f, "VBIOS not usable: {e}"),
            Error::Clocks => f.write_str("VBIOS not usable: its default clocks are 0"),
            Error::Table { init, error } => write!(f, "{init} failed: {error}"),
            Error::Bus(e) => write!(f, "card cannot be reached: {e}"),
            Error::Gone => f.write_str("card does not answer"),
            Error::Incomplete { scratch_7 } => write!(
                f,
                "asic_init ran but is not complete: BIOS_SCRATCH_7 is {scratch_7:#010x}, bit 9 not set"
            ),
            Error::NoMemory => f.write_str("asic_init ran but CONFIG_MEMSIZE is 0"),
        }
    }
}

/// Whether the card is posted: whether it knows how much VRAM it has.
///
/// # Errors
///
/// [`Error::Gone`], [`Error::Bus`].
pub fn posted<B: Bus>(bus: &mut B) -> Result<bool, Error> {
    match bus.read(Space::Register, CONFIG_MEMSIZE)? {
        GONE => Err(Error::Gone),
        megabytes => Ok(megabytes != 0),
    }
}

/// The parameters of asic_init: clocks in bits 23:0 of the first two dwords, the flag in the top byte of the first. The
/// flag of the memory clock is 0, and so is the rest.
///
/// # Errors
///
/// [`Error::Clocks`] if one is 0: the tables would divide by it.
pub fn parameters(info: &FirmwareInfo, init: Init) -> Result<[u32; PARAMETERS], Error> {
    const CLOCK: u32 = 0x00ff_ffff;
    let (sclk, mclk) = (info.sclk_10khz & CLOCK, info.mclk_10khz & CLOCK);
    if sclk == 0 || mclk == 0 {
        return Err(Error::Clocks);
    }
    let mut parameters = [0; PARAMETERS];
    let [first, second, ..] = &mut parameters;
    *first = init.flag() << 24 | sclk;
    *second = mclk;
    Ok(parameters)
}

/// Runs asic_init, and speed_fan_control after it on a board whose write_byte_to_hw_assisted_i2c is older than 1.2.
///
/// # Errors
///
/// See [`Error`]; [`Error::Table`] names the table, the offset and the opcode.
pub fn init<B: Bus>(interpreter: &mut Interpreter<'_, B>, init: Init) -> Result<(), Error> {
    let failed = |error| Error::Table { init, error };
    let info = FirmwareInfo::new(interpreter.tables())?;
    let mut block = parameters(&info, init)?;
    interpreter.execute(ASIC_INIT, &mut block).map_err(failed)?;
    let old_i2c = interpreter
        .tables()
        .command(WRITE_BYTE_TO_I2C)?
        .is_some_and(|table| table.revision < (1, 2));
    if old_i2c && interpreter.tables().command(SPEED_FAN_CONTROL)?.is_some() {
        interpreter
            .execute(SPEED_FAN_CONTROL, &mut [0; PARAMETERS])
            .map_err(failed)?;
    }
    Ok(())
}

/// What a posted card says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posted {
    /// VRAM in MB.
    pub memory_mb: u32,
    /// Whether the SMU runs its firmware.
    pub smu_running: bool,
}

/// Looks whether the post has done what it should.
///
/// Uses the index pair of the command tables, which nobody else may use meanwhile. That the SMU does not run its
/// firmware is no error here: the caller knows whether it should.
///
/// # Errors
///
/// [`Error::Incomplete`], [`Error::NoMemory`], [`Error::Gone`], [`Error::Bus`].
pub fn verify<B: Bus>(bus: &mut B) -> Result<Posted, Error> {
    let memory_mb = bus.read(Space::Register, CONFIG_MEMSIZE)?;
    let scratch_7 = bus.read(Space::Register, BIOS_SCRATCH_7)?;
    if memory_mb == GONE {
        return Err(Error::Gone);
    }
    if scratch_7 & ASIC_INIT_COMPLETE == 0 {
        return Err(Error::Incomplete { scratch_7 });
    }
    if memory_mb == 0 {
        return Err(Error::NoMemory);
    }
    bus.write(Space::Register, SMC_IND_INDEX_1, SMC_PC_C)?;
    let counter = bus.read(Space::Register, SMC_IND_DATA_1)?;
    Ok(Posted {
        memory_mb,
        smu_running: counter > SMC_FIRMWARE && counter != GONE,
    })
}

#[cfg(test)]
#[path = "post_tests.rs"]
mod tests;
