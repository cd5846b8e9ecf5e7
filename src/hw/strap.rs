// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Straps of the bus interface, through the PCIE index/data pair (section 1.5 of the hardware reference).

use super::mmio::{
    Mmio,
    Setting, //
};
use kernel::io::{
    register,
    Io, //
};

register! {
    /// Address in the PCIE-core register space.
    PCIE_INDEX(u32) @ 0x38 {
        31:0 address;
    }

    /// The register at that address.
    PCIE_DATA(u32) @ 0x3c {
        31:0 value;
    }
}

/// BIF strap 8.
const STRAP8: u32 = 0x0150_0008;
/// ARI mode; 0 is "VFs on the PF's bus".
const STRAP8_ARI_MODE: u32 = 0x0060_0000;

/// VFs on the PF's bus, which needs ARI on the way to the card.
pub(crate) static VFS_ON_PF_BUS: Setting = Setting {
    read: |mmio| read(mmio, STRAP8),
    write: |mmio, value| write(mmio, STRAP8, value),
    change: |found| found & !STRAP8_ARI_MODE,
};

/// PCIE_STRAP_MISC.
const STRAP_MISC: u32 = 0x0140_00c0;
/// Functions can be reset one by one.
const STRAP_MISC_FLR_EN: u32 = 1 << 30;
/// SWRST_EP_CONTROL_0.
const SWRST_CONTROL: u32 = 0x0140_010c;
/// EP_FLR0_RESET_EN and EP_FLR_DISABLE_CFG_RST.
const SWRST_CONTROL_FLR: u32 = 1 << 16 | 0xf << 20;

/// Reads a register of the PCIE core. For the worker alone, and for probe before there is one.
pub(crate) fn read(mmio: &Mmio<'_>, address: u32) -> u32 {
    mmio.write_reg(PCIE_INDEX::from(address));
    mmio.read(PCIE_DATA).into()
}

fn write(mmio: &Mmio<'_>, address: u32, value: u32) {
    mmio.write_reg(PCIE_INDEX::from(address));
    mmio.write_reg(PCIE_DATA::from(value));
}

/// The straps as they were before [`allow_flr`].
pub(crate) struct FlrStraps {
    misc: u32,
    control: u32,
}

/// Lets the card carry out function-level resets as the PF driver needs them (section 4.11, steps 3 and 4).
pub(crate) fn allow_flr(mmio: &Mmio<'_>) -> FlrStraps {
    let found = FlrStraps {
        misc: read(mmio, STRAP_MISC),
        control: read(mmio, SWRST_CONTROL),
    };
    write(mmio, STRAP_MISC, found.misc | STRAP_MISC_FLR_EN);
    write(mmio, SWRST_CONTROL, found.control | SWRST_CONTROL_FLR);
    found
}

impl FlrStraps {
    /// Puts them back.
    pub(crate) fn restore(self, mmio: &Mmio<'_>) {
        write(mmio, STRAP_MISC, self.misc);
        write(mmio, SWRST_CONTROL, self.control);
    }
}
