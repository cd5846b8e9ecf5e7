// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What the card shows of the states of its VFs (section 3.12 of the hardware reference).

use super::mmio::Mmio;
use kernel::io::{
    register,
    Io, //
};

register! {
    /// Functions whose reset RLC-V has been asked for: bit 0 for VF1, bit 31 for the PF.
    BIF_VIRT_RESET_REQ(u32) @ 0x5348 {
        31:31 pf => bool;
        15:0 vfs;
    }
}

/// VFs that were reset, by whomever: bit 0 for VF1; `None` if the card does not answer.
///
/// When the card takes a bit back is not known: only a bit that was not set before tells anything.
pub(crate) fn resets(mmio: &Mmio<'_>) -> Option<u16> {
    let value: u32 = mmio.read(BIF_VIRT_RESET_REQ).into();
    (value != u32::MAX).then_some(value as u16)
}
