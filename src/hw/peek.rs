// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Registers that a developer may look at by name, wherever they are (chapter 3 of the hardware reference). All may be
//! read at any time without an effect.

use super::status;

/// Where a register is.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    /// In the register BAR, at a byte offset.
    Mmio(usize),
    /// Behind the SMC's index registers, at an address.
    Smc(u32),
    /// Behind PCIE_INDEX, at an address.
    Strap(u32),
}

/// What is neither in [`status`] nor needs to be in the dump of a hang.
const OTHERS: [(&str, Place); 18] = [
    ("CONFIG_MEMSIZE", Place::Mmio(0x5428)),
    ("MC_VM_FB_LOCATION", Place::Mmio(0x2024)),
    ("VM_INIT_STATUS", Place::Mmio(0x534c)),
    ("RLC_CGCG_CGLS_CTRL", Place::Mmio(0x3b124)),
    ("SMC_RESP_0", Place::Mmio(0x254)),
    ("SMC_MSG_ARG_0", Place::Mmio(0x290)),
    ("CG_INTERRUPT_STATUS", Place::Smc(0xc020_0048)),
    ("CG_MULT_THERMAL_CTRL", Place::Smc(0xc030_0010)),
    ("PWR_SVI2_STATUS", Place::Smc(0xc020_0294)),
    ("TARGET_AND_CURRENT_PROFILE_INDEX", Place::Smc(0xc020_0014)),
    ("AverageGraphicsActivity", Place::Smc(0x3_fc24)),
    ("SMU_PM_STATUS_95", Place::Smc(0x3_ff7c)),
    ("UcodeLoadStatus", Place::Smc(0x3_fc54)),
    ("FIRMWARE_FLAGS", Place::Smc(0x3_f800)),
    ("SMC_PC_C", Place::Smc(0x8000_0370)),
    ("BIF_STRAP8", Place::Strap(0x0150_0008)),
    ("PCIE_STRAP_MISC", Place::Strap(0x0140_00c0)),
    ("SWRST_EP_CONTROL_0", Place::Strap(0x0140_010c)),
];

/// All of them.
pub(crate) fn registers() -> impl Iterator<Item = (&'static str, Place)> {
    let status = status::REGISTERS
        .into_iter()
        .map(|(name, offset)| (name, Place::Mmio(offset)));
    status.chain(OTHERS)
}
