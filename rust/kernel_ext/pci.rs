// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! PCI: what [`kernel::pci`] lacks.

use kernel::{
    bindings,
    device,
    pci, //
};

mod attribute;
mod capability;
mod driver;
mod enable;
mod msi;
mod reset;
mod resource;
mod rom;
mod sriov;
mod table;
mod vf_drivers;
mod vf_window;

pub(crate) use self::{
    capability::{
        find_ext_capability,
        find_vsec, //
    },
    driver::{
        Adapter,
        Channel,
        Driver,
        Recovery, //
    },
    enable::{
        clear_master,
        is_present,
        Enabled, //
    },
    msi::{
        Handler,
        Msi, //
    },
    reset::{
        LostConfig,
        OwnBus, //
    },
    resource::{
        resource,
        vf_resource,
        Resource, //
    },
    rom::expansion_rom,
    sriov::{
        find_vf,
        reset_vf,
        Sriov,
        VirtualFunctions, //
    },
    table::{
        device_table,
        is_in_table,
        Info, //
    },
    vf_drivers::{
        Changed,
        VfDrivers, //
    },
    vf_window::VfWindow,
};

/// `pci::Device::as_raw()` is private to the kernel crate.
pub(crate) fn raw<C: device::DeviceContext>(dev: &pci::Device<C>) -> *mut bindings::pci_dev {
    // CAST: `pci::Device` is a transparent wrapper of `struct pci_dev`.
    core::ptr::from_ref(dev).cast_mut().cast()
}
