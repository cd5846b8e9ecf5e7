// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! SMC, the system management controller, through its index/data windows (sections 3.2 and 3.4 of the hardware
//! reference).

use super::mmio::{
    Mmio,
    Setting, //
};
use kernel::io::{
    register,
    Io, //
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
