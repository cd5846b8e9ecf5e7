// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! One physical function, from probe to unbind. Owns everything below it.

use crate::{
    card::Card,
    hw::iov::GpuIov,
    kernel_ext::pci::{
        is_present,
        Enabled,
        Sriov,
        VirtualFunctions, //
    },
    params,
};
use kernel::{
    device::{
        Bound,
        Core, //
    },
    new_mutex,
    pci,
    prelude::*,
    sync::Mutex, //
};

/// A bound physical function. Fields are dropped in the order in which they stand here: the opposite of set-up.
#[pin_data]
pub(crate) struct Pf<'a> {
    #[pin]
    vfs: Mutex<Option<VirtualFunctions<'a>>>,
    /// `None` for a device without GPU-IOV, which gets plain SR-IOV.
    card: Option<Card<'a>>,
    sriov: Sriov<'a>,
    dev: &'a pci::Device<Bound>,
    _enabled: Enabled<'a>,
}

impl<'a> Pf<'a> {
    /// Takes over a device. `forced` says that no entry of the driver's table names it: then it may lack GPU-IOV.
    pub(crate) fn probe<'core>(
        dev: &'a pci::Device<Core<'core>>,
        forced: bool,
    ) -> impl PinInit<Self, Error> + use<'a, 'core> {
        pin_init::pin_init_scope(move || {
            Self::set_up(dev, forced).inspect_err(|_| Self::say_if_gone(dev))
        })
    }

    /// Whatever else was said comes from that.
    fn say_if_gone(dev: &pci::Device<Bound>) {
        if !is_present(dev) {
            dev_err!(dev, "the card does not answer: check its slot and power\n");
        }
    }

    fn set_up<'core>(
        dev: &'a pci::Device<Core<'core>>,
        forced: bool,
    ) -> Result<impl PinInit<Self, Error> + use<'a, 'core>> {
        if !is_present(dev) {
            return Err(ENODEV);
        }
        let enabled = Enabled::new(dev)?;
        let sriov = Sriov::new(dev)?.ok_or_else(|| {
            dev_err!(
                dev,
                "no SR-IOV capability: enable SR-IOV in the firmware setup\n"
            );
            ENODEV
        })?;
        let card = match GpuIov::find(dev)? {
            Some(iov) => Some(Card::new(dev, iov, &sriov)?),
            None if forced => None,
            None => {
                dev_err!(
                    dev,
                    "no GPU-IOV capability: this card's VBIOS offers no virtualization\n"
                );
                return Err(ENODEV);
            }
        };
        let vfs = Self::first_vfs(dev, &sriov, card.as_ref())?;
        if card.is_none() {
            dev_info!(dev, "no GPU-IOV: plain SR-IOV, {} VFs\n", vfs.count());
        }
        Ok(try_pin_init!(Self {
                vfs <- new_mutex!(Some(vfs), "Pf::vfs"),
                card,
                sriov,
                dev,
                _enabled: enabled,
            }? Error))
    }

    /// The VFs that a newly bound device has: as many as the parameter `vf_num` says, or those that somebody holds.
    fn first_vfs(
        dev: &'a pci::Device<Core<'_>>,
        sriov: &Sriov<'a>,
        card: Option<&Card<'a>>,
    ) -> Result<VirtualFunctions<'a>> {
        if let Some(left) = sriov.adopt(dev) {
            if card.is_some_and(Card::took_over) {
                return Self::keep(left, card);
            }
            let Some(user) = sriov.in_use() else {
                dev_info!(
                    dev,
                    "{} VFs were left enabled: starting anew\n",
                    left.count()
                );
                drop(left);
                return Self::wanted_vfs(dev, sriov, card);
            };
            return Self::keep(left, card)
                .inspect(|vfs| {
                    dev_info!(dev, "{} is in use: keeping the {} VFs\n", user, vfs.count());
                })
                .inspect_err(|_| {
                    dev_err!(dev, "{} is in use: stop its user, then bind again\n", user);
                });
        }
        Self::wanted_vfs(dev, sriov, card)
    }

    /// VFs that somebody else has enabled, if the framebuffer is divided among them; else they are left as they are.
    fn keep(vfs: VirtualFunctions<'a>, card: Option<&Card<'a>>) -> Result<VirtualFunctions<'a>> {
        match card.map_or(Ok(()), |card| card.adopt(vfs.count())) {
            Ok(()) => Ok(vfs),
            Err(e) => {
                vfs.leave();
                Err(e)
            }
        }
    }

    fn wanted_vfs(
        dev: &'a pci::Device<Core<'_>>,
        sriov: &Sriov<'a>,
        card: Option<&Card<'a>>,
    ) -> Result<VirtualFunctions<'a>> {
        let total = sriov.total();
        let wanted = match u16::try_from(params::VF_NUM.value())? {
            0 => total,
            n if n <= total => n,
            n => {
                dev_err!(
                    dev,
                    "vf_num={n}, but the card has {total} VFs: give 0 to {total}\n"
                );
                return Err(EINVAL);
            }
        };
        Self::enable(dev, dev, sriov, card, wanted)
    }

    /// Divides the card among `n` VFs, or fewer if it has not the memory, and enables them.
    fn enable(
        core: &pci::Device<Core<'_>>,
        dev: &'a pci::Device<Bound>,
        sriov: &Sriov<'a>,
        card: Option<&Card<'a>>,
        n: u16,
    ) -> Result<VirtualFunctions<'a>> {
        let n = card.map_or(Ok(n), |card| card.divide(n))?;
        let enabled = sriov.enable(core, n).inspect_err(|e| {
            dev_err!(
                dev,
                "{n} VFs cannot be enabled ({}): enable SR-IOV, ARI and 'Above 4G decoding' in the firmware setup, or \
                 boot with pci=realloc\n",
                e.to_errno()
            );
        });
        let Some(card) = card else {
            return enabled;
        };
        enabled
            .and_then(|vfs| card.vfs_enabled(n).map(|()| vfs))
            .inspect_err(|_| card.no_vfs())
    }

    /// Enables `n` VFs, or disables all for 0.
    ///
    /// # Errors
    ///
    /// `EBUSY` if a VF is in use; others as the log says.
    pub(crate) fn set_vfs(self: Pin<&Self>, core: &pci::Device<Core<'_>>, n: u16) -> Result<u16> {
        let mut vfs = self.vfs.lock();
        if n == 0 {
            if let Some(user) = self.sriov.in_use() {
                dev_err!(
                    self.dev,
                    "{} is in use: stop its user before you disable the VFs\n",
                    user
                );
                return Err(EBUSY);
            }
            if let Some(card) = &self.card {
                card.vfs_go();
            }
            *vfs = None;
            return Ok(0);
        }
        let new = Self::enable(core, self.dev, &self.sriov, self.card.as_ref(), n)
            .inspect_err(|_| Self::say_if_gone(self.dev))?;
        let count = new.count();
        *vfs = Some(new);
        Ok(count)
    }

    /// `None` for a device without GPU-IOV.
    pub(crate) fn card(&self) -> Option<&Card<'a>> {
        self.card.as_ref()
    }

    /// Its VFs' capability.
    pub(crate) fn sriov(&self) -> &Sriov<'a> {
        &self.sriov
    }

    /// Its device.
    pub(crate) fn dev(&self) -> &pci::Device<Bound> {
        self.dev
    }

    /// Lets go of the device: VFs are disabled unless somebody holds one.
    pub(crate) fn unbind(self: Pin<&Self>, _core: &pci::Device<Core<'_>>) {
        let Some(vfs) = self.vfs.lock().take() else {
            return;
        };
        if let (Some(card), 1) = (&self.card, params::KEEP_VFS.value()) {
            if card.hand_over().is_ok() {
                dev_info!(
                    self.dev,
                    "leaving {} VFs and their guests to the next driver\n",
                    vfs.count()
                );
                vfs.leave();
                return;
            }
        }
        if let Some(user) = self.sriov.in_use() {
            dev_warn!(
                self.dev,
                "{} is in use: leaving {} VFs as they are\n",
                user,
                vfs.count()
            );
            vfs.leave();
            if let Some(card) = &self.card {
                card.leave();
            }
            return;
        }
        if let Some(card) = &self.card {
            card.vfs_go();
        }
    }
}
