// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Straps of the bus interface, through the PCIE index/data pair (section 1.5 of the hardware reference).

use super::mmio::Setting;
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
    read: |mmio| {
        mmio.write_reg(PCIE_INDEX::from(STRAP8));
        mmio.read(PCIE_DATA).into()
    },
    write: |mmio, value| {
        mmio.write_reg(PCIE_INDEX::from(STRAP8));
        mmio.write_reg(PCIE_DATA::from(value));
    },
    change: |found| found & !STRAP8_ARI_MODE,
};
