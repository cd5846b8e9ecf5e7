// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Virtual functions: enabling them, and who uses them.

use super::{
    attribute::Attribute,
    raw, //
};
use crate::kernel_ext::sysfs::Object;
use kernel::{
    bindings,
    device,
    error::to_result,
    fmt,
    pci,
    prelude::*,
    time::{
        delay::fsleep,
        Delta, //
    }, //
};

/// A VF that somebody outside the kernel's own drivers holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InUse {
    /// Its number, from 1.
    pub(crate) vf: u32,
}

/// SR-IOV of a physical function; host drivers do not take its VFs while this lives, unless the administrator says so
/// in `sriov_drivers_autoprobe`.
pub(crate) struct Sriov<'a> {
    dev: &'a pci::Device<device::Bound>,
    pos: c_int,
    vf_device: u32,
    autoprobe: bool,
}

impl fmt::Display for InUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VF{}", self.vf)
    }
}

impl<'a> Sriov<'a> {
    /// Takes over SR-IOV of a device; `None` if it has none.
    pub(crate) fn new(dev: &'a pci::Device<device::Core<'_>>) -> Result<Option<Self>> {
        let Some(pos) = super::find_ext_capability(dev, bindings::PCI_EXT_CAP_ID_SRIOV) else {
            return Ok(None);
        };
        let pos = c_int::try_from(pos)?;
        let vf_device = read(dev, pos, bindings::PCI_SRIOV_VF_DID)?.into();
        let autoprobe = autoprobe(dev).unwrap_or(true);
        set_autoprobe(dev, false);
        Ok(Some(Self {
            dev,
            pos,
            vf_device,
            autoprobe,
        }))
    }

    /// Whether ARI is on, which the PCI core sees to if all bridges on the way to the device can forward it.
    pub(crate) fn ari(&self) -> Result<bool> {
        let control = read(self.dev, self.pos, bindings::PCI_SRIOV_CTRL)?;
        Ok(u32::from(control) & bindings::PCI_SRIOV_CTRL_ARI != 0)
    }

    /// Most VFs that can be enabled.
    pub(crate) fn total(&self) -> u16 {
        // SAFETY: `dev` is a valid device.
        let n = unsafe { bindings::pci_sriov_get_totalvfs(raw(self.dev)) };
        u16::try_from(n).unwrap_or(u16::MAX)
    }

    /// VFs enabled at the moment, by whomever.
    pub(crate) fn enabled(&self) -> u16 {
        enabled(self.dev)
    }

    /// The first VF found that is assigned to a guest or open through vfio: nobody may pull it away.
    pub(crate) fn in_use(&self) -> Option<InUse> {
        (0..self.enabled()).find_map(|index| {
            let vf = VfDevice::find(self.dev, self.vf_device, index)?;
            // SAFETY: `vf` has a reference.
            unsafe { is_taken(vf.0) }.then_some(InUse {
                vf: u32::from(index) + 1,
            })
        })
    }

    /// Enables `n` VFs. `_core` proves that the device lock is held.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: no address space or bus numbers for the VFs; `EIO`: the card's capability is inconsistent; `EINVAL`: more
    /// VFs than there are, or VFs enabled already.
    pub(crate) fn enable(
        &self,
        _core: &pci::Device<device::Core<'_>>,
        n: u16,
    ) -> Result<VirtualFunctions<'a>> {
        // SAFETY: `dev` is a valid device with a driver.
        to_result(unsafe { bindings::pci_enable_sriov(raw(self.dev), n.into()) })?;
        Ok(VirtualFunctions {
            dev: self.dev,
            n,
            leave: false,
        })
    }

    /// Takes over VFs that were enabled before this driver came; `None` if there are none.
    pub(crate) fn adopt(
        &self,
        _core: &pci::Device<device::Core<'_>>,
    ) -> Option<VirtualFunctions<'a>> {
        let n = self.enabled();
        (n != 0).then_some(VirtualFunctions {
            dev: self.dev,
            n,
            leave: false,
        })
    }
}

impl Drop for Sriov<'_> {
    fn drop(&mut self) {
        set_autoprobe(self.dev, self.autoprobe);
    }
}

/// A VF's own device, with a reference.
pub(crate) struct VfDevice(*mut bindings::pci_dev);

impl VfDevice {
    /// The VF of `pf` with index `index`, from 0; `vf_device` is the device id of its VFs.
    pub(super) fn find(
        pf: &pci::Device<device::Bound>,
        vf_device: u32,
        index: u16,
    ) -> Option<Self> {
        let vendor = u32::from(pf.vendor_id().as_raw());
        let mut vf = core::ptr::null_mut();
        loop {
            // SAFETY: `vf` is NULL or a device with a reference, which the call drops.
            vf = unsafe { bindings::pci_get_device(vendor, vf_device, vf) };
            if vf.is_null() {
                return None;
            }
            // SAFETY: The call above took a reference to `vf`. The union holds `physfn` for a VF, which is not changed
            // as long as the VF exists.
            let found = unsafe {
                (*vf).is_virtfn() != 0
                    && (*vf).__bindgen_anon_1.physfn == raw(pf)
                    && bindings::pci_iov_vf_id(vf) == c_int::from(index)
            };
            if found {
                return Some(Self(vf));
            }
        }
    }
}

impl VfDevice {
    /// The VFs of `pf` that are enabled.
    pub(super) fn all(
        pf: &pci::Device<device::Bound>,
    ) -> Result<impl Iterator<Item = Self> + use<'_>> {
        let vf_device = vf_device(pf)?;
        Ok((0..enabled(pf)).filter_map(move |index| Self::find(pf, vf_device, index)))
    }

    /// The device; valid as long as this lives.
    pub(super) fn as_ptr(&self) -> *mut bindings::pci_dev {
        self.0
    }
}

impl Drop for VfDevice {
    fn drop(&mut self) {
        // SAFETY: `find` took a reference.
        unsafe { bindings::pci_dev_put(self.0) };
    }
}

impl Object for VfDevice {
    fn kobject(&self) -> *mut bindings::kobject {
        // SAFETY: `find` took a reference.
        unsafe { &raw mut (*self.0).dev.kobj }
    }
}

/// The VF of `pf` with index `index`, from 0.
///
/// # Errors
///
/// `ENODEV` if there is no such VF.
pub(crate) fn find_vf(pf: &pci::Device<device::Bound>, index: u16) -> Result<VfDevice> {
    VfDevice::find(pf, vf_device(pf)?, index).ok_or(ENODEV)
}

fn enabled(pf: &pci::Device<device::Bound>) -> u16 {
    // SAFETY: `pf` is a valid device.
    let n = unsafe { bindings::pci_num_vf(raw(pf)) };
    u16::try_from(n).unwrap_or(0)
}

/// Device id of a PF's VFs.
pub(super) fn vf_device(pf: &pci::Device<device::Bound>) -> Result<u32> {
    let pos = super::find_ext_capability(pf, bindings::PCI_EXT_CAP_ID_SRIOV).ok_or(ENODEV)?;
    Ok(read(pf, c_int::try_from(pos)?, bindings::PCI_SRIOV_VF_DID)?.into())
}

/// How often a VF is tried that somebody holds, and how long each time, in ms.
const RESET_TRIES: u32 = 20;
const RESET_PAUSE_MS: u32 = 10;

/// Resets the VF with index `index`, from 0, by FLR; its configuration is kept.
///
/// # Errors
///
/// `ENODEV` if there is no such VF, `EAGAIN` if somebody else held it for 200 ms, others of the PCI core.
pub(crate) fn reset_vf(pf: &pci::Device<device::Bound>, index: u16) -> Result {
    let vf = find_vf(pf, index)?;
    let mut tries = 0;
    loop {
        // SAFETY: `vf` has a reference. This takes its lock if nobody has it, and does not wait for it: who has it may
        // wait for the caller.
        let result = to_result(unsafe { bindings::pci_try_reset_function(vf.0) });
        tries += 1;
        if result != Err(EAGAIN) || tries == RESET_TRIES {
            return result;
        }
        fsleep(Delta::from_millis(RESET_PAUSE_MS.into()));
    }
}

/// Enabled VFs; they are disabled when this is dropped, which must happen where the driver core holds the device lock:
/// in a callback, or with the driver's data.
pub(crate) struct VirtualFunctions<'a> {
    dev: &'a pci::Device<device::Bound>,
    n: u16,
    leave: bool,
}

impl VirtualFunctions<'_> {
    /// How many there are.
    pub(crate) fn count(&self) -> u16 {
        self.n
    }

    /// Leaves the VFs enabled: for a driver that goes while a guest holds one.
    pub(crate) fn leave(mut self) {
        self.leave = true;
    }
}

impl Drop for VirtualFunctions<'_> {
    fn drop(&mut self) {
        if !self.leave {
            // SAFETY: `dev` is a valid device; a call without enabled VFs does nothing.
            unsafe { bindings::pci_disable_sriov(raw(self.dev)) };
        }
    }
}

/// A 16-bit register of the SR-IOV capability at `pos`.
fn read(dev: &pci::Device<device::Bound>, pos: c_int, register: u32) -> Result<u16> {
    let at = pos + c_int::try_from(register)?;
    let mut value = 0;
    // SAFETY: `dev` is a valid device.
    to_result(unsafe { bindings::pci_read_config_word(raw(dev), at, &mut value) })?;
    Ok(value)
}

/// Whether a VF is assigned (KVM, Xen) or its IOMMU group belongs to a process (vfio, iommufd).
///
/// # Safety
///
/// `vf` points to a device with a reference.
unsafe fn is_taken(vf: *mut bindings::pci_dev) -> bool {
    // SAFETY: By the safety requirement. A flag that changes meanwhile is as good as one that changes right after.
    if u32::from(unsafe { (*vf).dev_flags }) & bindings::pci_dev_flags_PCI_DEV_FLAGS_ASSIGNED != 0 {
        return true;
    }
    // SAFETY: By the safety requirement; a group got is put.
    unsafe {
        let group = bindings::iommu_group_get(&raw mut (*vf).dev);
        if group.is_null() {
            return false;
        }
        let claimed = bindings::iommu_group_dma_owner_claimed(group);
        bindings::iommu_group_put(group);
        claimed
    }
}

/// What the PCI core keeps to itself whether host drivers take VFs.
fn attribute(dev: &pci::Device<device::Bound>) -> Option<Attribute<'_>> {
    Attribute::find(dev, c"sriov_drivers_autoprobe")
}

fn autoprobe(dev: &pci::Device<device::Bound>) -> Option<bool> {
    Some(attribute(dev)?.first_byte()? != b'0')
}

fn set_autoprobe(dev: &pci::Device<device::Bound>, on: bool) {
    let text = if on { c"1" } else { c"0" };
    if !attribute(dev).is_some_and(|attribute| attribute.store(text)) {
        dev_warn!(
            dev,
            "cannot set sriov_drivers_autoprobe: host drivers may take VFs\n"
        );
    }
}
