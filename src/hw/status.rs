// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Registers that tell how the engines stand, for a dump (sections 3.5 to 3.8 of the hardware reference). All may be read
//! at any time without an effect.

use super::mmio::Mmio;
use kernel::io::Io;

/// Name and byte offset.
pub(super) const REGISTERS: [(&str, usize); 25] = [
    ("SRBM_STATUS", 0xe50),
    ("SRBM_STATUS2", 0xe4c),
    ("GRBM_STATUS", 0x8010),
    ("GRBM_STATUS2", 0x8008),
    ("CP_STAT", 0x8680),
    ("CP_RB0_RPTR", 0x8700),
    ("CP_RB0_WPTR", 0xc114),
    ("SDMA0_STATUS_REG", 0xd034),
    ("SDMA1_STATUS_REG", 0xd834),
    ("RLC_CNTL", 0x3b000),
    ("RLC_GPM_STAT", 0x3b100),
    ("RLC_GPU_IOV_VF_ENABLE", 0x3ec00),
    ("RLC_GPU_IOV_ACTIVE_FCN_ID", 0x3ed00),
    ("RLC_GPU_IOV_F32_CNTL", 0x3ed18),
    ("RLC_GPU_IOV_SDMA0_STATUS", 0x3ed20),
    ("RLC_GPU_IOV_SDMA1_STATUS", 0x3ed24),
    ("RLC_GPU_IOV_SMU_RESPONSE", 0x3ed28),
    ("RLC_GPU_IOV_VIRT_RESET_REQ", 0x3ed30),
    ("RLC_GPU_IOV_RLC_RESPONSE", 0x3ed34),
    ("IH_RB_CNTL", 0x38c0),
    ("IH_RB_RPTR", 0x38c8),
    ("IH_RB_WPTR", 0x38cc),
    ("IH_STATUS", 0x38e0),
    ("MAILBOX_INT_CNTL", 0x5344),
    ("BIF_VIRT_RESET_REQ", 0x5348),
];

/// Reads them, in order.
pub(crate) fn read<'a>(mmio: &'a Mmio<'_>) -> impl Iterator<Item = (&'static str, u32)> + 'a {
    REGISTERS
        .into_iter()
        .map(|(name, offset)| (name, mmio.try_read32(offset).unwrap_or(u32::MAX)))
}
