// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The BARs of PF and VFs: number, type and least size (section 1.2 of the hardware reference).

use super::{
    doorbell,
    mmio, //
};
use crate::kernel_ext::pci::{
    resource,
    vf_resource,
    Resource, //
};
use kernel::{
    device, pci,
    prelude::*,
    sizes::{
        SZ_16M,
        SZ_1M, //
    },
};

/// Number of the framebuffer BAR.
pub(crate) const FRAMEBUFFER: u32 = 0;

/// Number of the register BAR.
pub(crate) const REGISTERS: u32 = mmio::BAR;

struct Expected {
    bar: u32,
    name: &'static str,
    prefetchable: bool,
    least: u64,
}

const PF: [Expected; 3] = [
    Expected {
        bar: FRAMEBUFFER,
        name: "framebuffer",
        prefetchable: true,
        least: SZ_16M as u64,
    },
    Expected {
        bar: doorbell::BAR,
        name: "doorbell",
        prefetchable: true,
        least: doorbell::SIZE as u64,
    },
    Expected {
        bar: mmio::BAR,
        name: "register",
        prefetchable: false,
        least: mmio::SIZE as u64,
    },
];

/// Checks the PF's BARs.
///
/// # Errors
///
/// `ENODEV` if a BAR is not what the card has, `ENOMEM` if it has no address space; the log says which.
pub(crate) fn check_pf(dev: &pci::Device<device::Bound>) -> Result {
    for e in &PF {
        let r = resource(dev, e.bar).ok_or(EINVAL)?;
        check_type(dev, "BAR", e, &r, e.least)?;
        if !r.assigned {
            dev_err!(
                dev,
                "{} BAR {} has no address space: check the firmware's PCI settings, or boot with pci=realloc\n",
                e.name,
                e.bar
            );
            return Err(ENOMEM);
        }
    }
    Ok(())
}

/// Checks the VF BARs, which must have room for all `total` VFs.
///
/// # Errors
///
/// As [`check_pf`].
pub(crate) fn check_vfs(dev: &pci::Device<device::Bound>, total: u16) -> Result {
    for e in &PF {
        let r = vf_resource(dev, e.bar).ok_or(EINVAL)?;
        // The kernel forgets the size of a range it could not place.
        if !r.assigned {
            dev_err!(
                dev,
                "not enough address space for {} BAR {} of {} VFs ({} MB found): enable 'Above 4G decoding' and SR-IOV \
                 in the firmware setup, or boot with pci=realloc, or use a slot behind a larger bridge window\n",
                e.name,
                e.bar,
                total,
                r.size / SZ_1M as u64
            );
            return Err(ENOMEM);
        }
        check_type(dev, "VF BAR", e, &r, e.least.saturating_mul(total.into()))?;
    }
    Ok(())
}

/// Framebuffer aperture of the PF in MB.
pub(crate) fn pf_aperture_mb(dev: &pci::Device<device::Bound>) -> u32 {
    resource(dev, FRAMEBUFFER).map_or(0, |r| mb(r.size))
}

/// Framebuffer aperture of each of `total` VFs in MB.
pub(crate) fn vf_aperture_mb(dev: &pci::Device<device::Bound>, total: u16) -> u32 {
    vf_resource(dev, FRAMEBUFFER).map_or(0, |r| mb(r.size.checked_div(total.into()).unwrap_or(0)))
}

fn mb(bytes: u64) -> u32 {
    u32::try_from(bytes / SZ_1M as u64).unwrap_or(u32::MAX)
}

fn check_type(
    dev: &pci::Device<device::Bound>,
    kind: &str,
    e: &Expected,
    r: &Resource,
    least: u64,
) -> Result {
    if r.memory && r.prefetchable == e.prefetchable && r.size >= least {
        return Ok(());
    }
    dev_err!(
        dev,
        "{} {} is no {} BAR of an S7150: {} bytes, memory {}, prefetchable {}; expected at least {} bytes\n",
        kind,
        e.bar,
        e.name,
        r.size,
        r.memory,
        r.prefetchable,
        least
    );
    Err(ENODEV)
}
