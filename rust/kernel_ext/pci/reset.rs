// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Resetting the bus of a physical function that has it for itself, with its virtual functions enabled; and what is to
//! be done when somebody else has reset it.
//!
//! The PCI core's own `pci_reset_bus()` puts SR-IOV back together with the rest of the configuration. Here the caller
//! comes in between, for a device that has to be set up before its VFs can be reached again.

use super::{
    attribute::Attribute,
    raw,
    sriov::{
        vf_device,
        VfDevice, //
    },
};
use kernel::{
    bindings,
    device,
    error::to_result,
    pci,
    prelude::*,
    time::{
        delay::fsleep,
        Delta, //
    }, //
};

/// How often locks are tried that somebody else has, and the pause between, in ms.
const LOCK_TRIES: u32 = 50;
const LOCK_PAUSE_MS: i64 = 20;

/// First of the six BARs in configuration space, in dwords.
const FIRST_BAR: usize = (bindings::PCI_BASE_ADDRESS_0 / 4) as usize;
const BARS: usize = 6;

/// A device that is locked against others.
#[derive(Clone, Copy)]
enum Locked {
    /// By `pci_dev_trylock()`.
    Device(*mut bindings::pci_dev),
    /// By `pci_cfg_access_trylock()`, while its device lock is lent.
    Config(*mut bindings::pci_dev),
}

/// A PF, its VFs and the bridge above them, locked against everybody else: drivers that come or go, other resets, and
/// accesses to configuration space from user space. When this is dropped, all functions have their configuration again.
///
/// # Invariants
///
/// What is in `locked` is locked as stated, in the order in which it stands there. The bridge exists as long as the PF.
pub(crate) struct OwnBus<'a> {
    pf: &'a pci::Device<device::Bound>,
    bridge: *mut bindings::pci_dev,
    vfs: KVec<VfDevice>,
    locked: KVec<Locked>,
    saved: bool,
}

impl<'a> OwnBus<'a> {
    /// Locks a PF's bus. Waits for the locks for a second and no longer: who has one may wait for the caller. Who does,
    /// with the PF's device lock, can lend it: `lent` says so, and it must not be taken back before this is dropped.
    ///
    /// # Errors
    ///
    /// `ENODEV` if there is no bridge above the PF, `EBUSY` if there are devices below it that are not VFs of this PF,
    /// `ENOTTY` if the kernel knows that a device or the bridge does not bear it, `EAGAIN` if somebody has a lock.
    pub(crate) fn lock(
        pf: &'a pci::Device<device::Bound>,
        lent: impl Fn() -> bool,
    ) -> Result<Self> {
        let vf_device = vf_device(pf)?;
        // SAFETY: `pf` is a valid device, and has a bus.
        let bridge = unsafe { (*(*raw(pf)).bus).self_ };
        if bridge.is_null() {
            return Err(ENODEV);
        }
        let mut tries = 0;
        loop {
            match Self::try_lock(pf, bridge, vf_device, &lent) {
                Err(e) if e == EAGAIN && tries < LOCK_TRIES => tries += 1,
                result => return result,
            }
            fsleep(Delta::from_millis(LOCK_PAUSE_MS));
        }
    }

    fn try_lock(
        pf: &'a pci::Device<device::Bound>,
        bridge: *mut bindings::pci_dev,
        vf_device: u32,
        lent: &impl Fn() -> bool,
    ) -> Result<Self> {
        let mut own = Self {
            pf,
            bridge,
            vfs: KVec::new(),
            locked: KVec::new(),
            saved: false,
        };
        own.add(bridge, &|| false)?;
        // From here on nobody adds or removes VFs.
        own.add(raw(pf), lent)?;
        // SAFETY: `pf` is a valid device.
        let n = unsafe { bindings::pci_num_vf(raw(pf)) };
        for index in 0..u16::try_from(n).unwrap_or(0) {
            let vf = VfDevice::find(pf, vf_device, index).ok_or(ENODEV)?;
            let locked = vf.as_ptr();
            own.vfs.push(vf, GFP_KERNEL)?;
            own.add(locked, &|| false)?;
        }
        own.check_alone()?;
        Ok(own)
    }

    fn add(&mut self, dev: *mut bindings::pci_dev, lent: &impl Fn() -> bool) -> Result {
        self.locked.reserve(1, GFP_KERNEL)?;
        // SAFETY: Callers pass valid devices.
        let locked = unsafe {
            if bindings::pci_dev_trylock(dev) != 0 {
                Locked::Device(dev)
            } else if lent() && bindings::pci_cfg_access_trylock(dev) {
                Locked::Config(dev)
            } else {
                return Err(EAGAIN);
            }
        };
        // INVARIANT: Just locked. There is room for it.
        self.locked
            .push(locked, GFP_KERNEL)
            .inspect_err(|_| Self::unlock(locked))?;
        Ok(())
    }

    fn unlock(locked: Locked) {
        // SAFETY: By the type invariant it is locked. VFs have a reference until that has ended.
        unsafe {
            match locked {
                Locked::Device(dev) => bindings::pci_dev_unlock(dev),
                Locked::Config(dev) => bindings::pci_cfg_access_unlock(dev),
            }
        }
    }

    /// Whether a reset of the bus hits nobody but the PF and its VFs.
    fn check_alone(&self) -> Result {
        struct Seen {
            pf: *mut bindings::pci_dev,
            result: Result,
        }

        unsafe extern "C" fn look(dev: *mut bindings::pci_dev, seen: *mut c_void) -> c_int {
            // SAFETY: The call below passes a `Seen` that lives, and nobody else uses it meanwhile.
            let seen = unsafe { &mut *seen.cast::<Seen>() };
            // SAFETY: The PCI core passes a valid device; the union holds `physfn` for a VF.
            let (own, flags) = unsafe {
                let is_vf = (*dev).is_virtfn() != 0;
                (
                    dev == seen.pf || (is_vf && (*dev).__bindgen_anon_1.physfn == seen.pf),
                    u32::from((*dev).dev_flags),
                )
            };
            if !own {
                seen.result = Err(EBUSY);
            } else if flags & bindings::pci_dev_flags_PCI_DEV_FLAGS_NO_BUS_RESET != 0 {
                seen.result = Err(ENOTTY);
            }
            c_int::from(seen.result.is_err())
        }

        let mut seen = Seen {
            pf: raw(self.pf),
            result: Ok(()),
        };
        // SAFETY: By the type invariant the bridge is valid, and it has the PF's bus below it.
        unsafe {
            if u32::from((*self.bridge).dev_flags)
                & bindings::pci_dev_flags_PCI_DEV_FLAGS_NO_BUS_RESET
                != 0
            {
                return Err(ENOTTY);
            }
            bindings::pci_walk_bus(
                (*self.bridge).subordinate,
                Some(look),
                (&raw mut seen).cast(),
            );
        }
        seen.result
    }

    /// The VFs, then the PF.
    fn functions(&self) -> impl Iterator<Item = *mut bindings::pci_dev> + '_ {
        let vfs = self.vfs.iter().map(VfDevice::as_ptr);
        Iterator::chain(vfs, core::iter::once(raw(self.pf)))
    }

    /// Keeps the configuration of all functions, stops their DMA, and resets the bus. Waits for the link and the device as
    /// long as the PCI core does: a second for a link that does not come up, a minute for a device that does not answer.
    ///
    /// # Errors
    ///
    /// Those of the PCI core; `ENODEV` if the PF does not answer.
    pub(crate) fn reset(&mut self) -> Result {
        for dev in self.functions() {
            // SAFETY: By the type invariant the device is valid, and nobody else uses its saved state.
            to_result(unsafe { bindings::pci_save_state(dev) })?;
        }
        self.saved = true;
        for dev in self.functions() {
            // No memory, no DMA, no interrupts. That it fails shows at the PF.
            // SAFETY: By the type invariant the device is valid.
            unsafe {
                bindings::pci_write_config_word(
                    dev,
                    bindings::PCI_COMMAND as c_int,
                    bindings::PCI_COMMAND_INTX_DISABLE as u16,
                )
            };
        }
        self.reset_bus()?;
        if super::is_present(self.pf) {
            Ok(())
        } else {
            Err(ENODEV)
        }
    }

    fn reset_bus(&self) -> Result {
        let pf = raw(self.pf);
        // SAFETY: By the type invariant both devices are valid and locked, which is what these functions want.
        unsafe {
            // A hot-plug driver takes a reset that it does not know of for a removal.
            if bindings::pci_probe_reset_slot((*pf).slot) == 0 {
                return self.reset_slot();
            }
            to_result(bindings::pci_dev_reset_iommu_prepare(pf))?;
            let result = to_result(bindings::pci_bridge_secondary_bus_reset(self.bridge));
            bindings::pci_dev_reset_iommu_done(pf);
            result
        }
    }

    /// The same by way of the slot's hot-plug driver, to which only the PCI core's reset method "bus" leads.
    fn reset_slot(&self) -> Result {
        let pf = raw(self.pf);
        // The PCI core insists that who resets has the lock himself.
        if self.locked.iter().any(|l| matches!(l, Locked::Config(_))) {
            return Err(EAGAIN);
        }
        let methods = Attribute::find(self.pf, c"reset_method").ok_or(ENOTTY)?;
        // SAFETY: The device is valid. These may change under an administrator's hands, who then has the last word.
        let before = unsafe { (*pf).reset_methods };
        if !methods.store(c"bus") {
            return Err(ENOTTY);
        }
        // SAFETY: By the type invariant the device is valid and locked.
        unsafe {
            let result = to_result(bindings::__pci_reset_function_locked(pf));
            (*pf).reset_methods = before;
            result
        }
    }

    /// Gives the PF its BARs again and lets it answer there; everything else is as after power-on.
    pub(crate) fn open_registers(&self) -> Result {
        // SAFETY: By the type invariant the device is valid, and `reset` has saved its configuration.
        unsafe { open_registers(raw(self.pf)) }
    }

    /// Gives the PF its configuration again, SR-IOV included, and then its VFs. Nothing if there was no reset.
    pub(crate) fn restore(&mut self) {
        if !core::mem::take(&mut self.saved) {
            return;
        }
        // SAFETY: By the type invariant the devices are valid, and their configuration was saved.
        unsafe {
            bindings::pci_restore_state(raw(self.pf));
            for vf in &self.vfs {
                bindings::pci_restore_state(vf.as_ptr());
            }
        }
    }
}

impl Drop for OwnBus<'_> {
    fn drop(&mut self) {
        self.restore();
        while let Some(locked) = self.locked.pop() {
            Self::unlock(locked);
        }
    }
}

/// A PF whose bus the PCI core has reset, as after an error that it could not get over otherwise. The PF has its
/// configuration again, SR-IOV included, when this is dropped.
///
/// Nothing is locked here, and the bus is not reset once more: the PCI core holds its locks while it lets drivers take their
/// devices into operation again, and whoever shares the bus may have done so already.
///
/// # Invariants
///
/// The PF's configuration was saved.
pub(crate) struct LostConfig<'a> {
    pf: &'a pci::Device<device::Bound>,
}

impl<'a> LostConfig<'a> {
    /// Of a PF.
    ///
    /// # Safety
    ///
    /// The PF's configuration was saved, and nobody else restores it meanwhile.
    pub(super) unsafe fn new(pf: &'a pci::Device<device::Bound>) -> Self {
        // INVARIANT: By the safety requirement.
        Self { pf }
    }

    /// As [`OwnBus::open_registers`].
    ///
    /// # Errors
    ///
    /// Those of the PCI core.
    pub(crate) fn open_registers(&self) -> Result {
        // SAFETY: By the type invariant.
        unsafe { open_registers(raw(self.pf)) }
    }
}

impl Drop for LostConfig<'_> {
    fn drop(&mut self) {
        // SAFETY: By the type invariant. What is restored is saved again for the next time.
        unsafe {
            bindings::pci_restore_state(raw(self.pf));
            bindings::pci_save_state(raw(self.pf));
        }
    }
}

/// Lets a PF's registers be reached, and nothing else.
///
/// # Safety
///
/// `pf` is a valid device, whose configuration was saved.
unsafe fn open_registers(pf: *mut bindings::pci_dev) -> Result {
    // SAFETY: By the safety requirement.
    unsafe {
        for i in FIRST_BAR..FIRST_BAR + BARS {
            let value = (*pf).saved_config_space[i];
            to_result(bindings::pci_write_config_dword(pf, 4 * i as c_int, value))?;
        }
        to_result(bindings::pci_write_config_word(
            pf,
            bindings::PCI_COMMAND as c_int,
            (bindings::PCI_COMMAND_MEMORY | bindings::PCI_COMMAND_INTX_DISABLE) as u16,
        ))
    }
}
