// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The bus interface's own registers that a reset of the bus loses (sections 3.1 and 3.12 of the hardware reference).

use super::mmio::Mmio;
use kernel::io::{
    register,
    Io, //
};

register! {
    /// Whether virtualization is initialised.
    VM_INIT_STATUS(u32) @ 0x534c {
        0:0 done => bool;
    }

    /// Straps; nobody knows what they mean.
    CC_BIF_BX_STRAP0(u32) @ 0x5384 {
        31:0 value;
    }
}

/// The straps.
pub(crate) fn straps(mmio: &Mmio<'_>) -> u32 {
    mmio.read(CC_BIF_BX_STRAP0).into()
}

/// Writes the straps.
pub(crate) fn set_straps(mmio: &Mmio<'_>, value: u32) {
    mmio.write_reg(CC_BIF_BX_STRAP0::from(value));
}

/// Says that virtualization is initialised (section 4.12, step 10).
pub(crate) fn set_vm_initialised(mmio: &Mmio<'_>) {
    mmio.write_reg(VM_INIT_STATUS::from(1));
}
