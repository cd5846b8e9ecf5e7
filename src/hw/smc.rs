// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! SMC, the system management controller, through its index/data windows (sections 3.2 and 3.4 of the hardware
//! reference).

use super::mmio::{
    Mmio,
    Setting, //
};
use kernel::{
    io::{
        poll::read_poll_timeout,
        register,
        Io, //
    },
    prelude::*,
    time::Delta, //
};

register! {
    /// Address of window 8, also called SMU_IND_INDEX_0.
    SMU_IND_INDEX_0(u32) @ 0x698 {
        31:0 address;
    }

    /// The register at the address of window 8.
    SMU_IND_DATA_0(u32) @ 0x69c {
        31:0 value;
    }

    /// A message to the SMC: a write sends it.
    SMC_MESSAGE_0(u32) @ 0x250 {
        15:0 message;
    }

    /// The answer; 0 until there is one.
    SMC_RESP_0(u32) @ 0x254 {
        15:0 response;
    }

    /// What comes with a message, or with its answer.
    SMC_MSG_ARG_0(u32) @ 0x290 {
        31:0 value;
    }
}

/// CG_INTERRUPT_STATUS in SMC space.
const CG_INTERRUPT_STATUS: u32 = 0xc020_0048;
/// DISP_TIMER2_TRIGGER_MASK and DISP_TIMER_TRIGGER_MASK; 1 is masked.
const TIMER_MASKS: u32 = 1 << 10 | 1 << 11;

fn at<T>(mmio: &Mmio<'_>, address: u32, access: impl FnOnce() -> T) -> T {
    mmio.write_reg(SMU_IND_INDEX_0::from(address));
    let result = access();
    mmio.write_reg(SMU_IND_INDEX_0::from(0));
    result
}

/// The two timer interrupts that the C driver unmasks at probe (section 3.5: sources e5 and fd).
pub(crate) static TIMERS_UNMASKED: Setting = Setting {
    read: |mmio| {
        at(mmio, CG_INTERRUPT_STATUS, || {
            mmio.read(SMU_IND_DATA_0).into()
        })
    },
    write: |mmio, value| {
        at(mmio, CG_INTERRUPT_STATUS, || {
            mmio.write_reg(SMU_IND_DATA_0::from(value));
        })
    },
    change: |found| found & !TIMER_MASKS,
};

/// Timer interrupts off, as they have to be while the card is reset (section 4.12, step 2).
pub(crate) static TIMERS_MASKED: Setting = Setting {
    read: TIMERS_UNMASKED.read,
    write: TIMERS_UNMASKED.write,
    change: |found| found | TIMER_MASKS,
};

/// UcodeLoadStatus, the versions of microcode, and two flags that say that the driver's address is valid.
const UCODE_LOAD_STATUS: u32 = 0x3_fc54;
const UCODE_VERSIONS: u32 = 0x3_d440;
const UCODE_VERSION_SIZE: u32 = 0x20;
const UCODE_VERSIONS_COUNT: u32 = 13;
const DRIVER_ADDRESS_VALID: [u32; 2] = [0x3_d674, 0x3_d678];

/// Clears what the SMC's memory keeps of microcode over a reset of the bus, which does not empty it (section 4.12, step 7).
pub(crate) fn forget_microcode(mmio: &Mmio<'_>) {
    let clear = |address| at(mmio, address, || mmio.write_reg(SMU_IND_DATA_0::from(0)));
    clear(UCODE_LOAD_STATUS);
    for i in 0..UCODE_VERSIONS_COUNT {
        clear(UCODE_VERSIONS + i * UCODE_VERSION_SIZE);
    }
    DRIVER_ADDRESS_VALID.into_iter().for_each(clear);
}

/// Reads a register or a dword of the memory of the SMC. For the worker alone, and for probe before there is one.
pub(crate) fn read(mmio: &Mmio<'_>, address: u32) -> u32 {
    at(mmio, address, || mmio.read(SMU_IND_DATA_0).into())
}

/// How long the SMC may take for an answer: it gives one within microseconds, and whoever asks keeps the GPU waiting.
const ANSWER_LIMIT: Delta = Delta::from_millis(5);
/// How often it is looked for.
const ANSWER_POLL: Delta = Delta::from_micros(10);
/// The answer to a message that was understood.
const OK: u32 = 1;

/// Sends a message, and gives what comes with the answer. For the worker alone.
///
/// # Errors
///
/// `ETIMEDOUT` if the SMC is busy with another message or does not answer, `EIO` if it refuses.
pub(crate) fn message(mmio: &Mmio<'_>, message: u16) -> Result<u32> {
    let answer = || -> Result<u32> {
        read_poll_timeout(
            || Ok(u32::from(mmio.read(SMC_RESP_0).response())),
            |response| *response != 0,
            ANSWER_POLL,
            ANSWER_LIMIT,
        )
    };
    answer()?;
    // Or an old answer would be taken for the new one, as the C driver does (section 3.4 of the behaviour reference).
    mmio.write_reg(SMC_RESP_0::from(0));
    mmio.write_reg(SMC_MESSAGE_0::from(u32::from(message)));
    match answer()? {
        OK => Ok(mmio.read(SMC_MSG_ARG_0).into()),
        _ => Err(EIO),
    }
}
