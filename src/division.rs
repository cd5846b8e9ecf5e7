// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! How the framebuffer is divided among the functions of one card: what the administrator wants, and what is in force.
//!
//! All VFs get their ranges before they are enabled. Later only the worker changes one, as nobody else knows that nothing
//! of a VF is on the GPU. The lock is held for a few accesses to configuration space, never while anybody waits.

use crate::{
    gim_core::{
        fb::{
            self,
            Error as FbError,
            Partition,
            Quotas,
            Range, //
        },
        vfid::{
            self,
            VfId, //
        },
    },
    hw::{
        bars,
        iov::{
            FbRegisters,
            GpuIov, //
        },
    },
    kernel_ext::fmt::Core,
    params,
};
use core::fmt;
use kernel::{
    device::Bound,
    new_mutex,
    pci,
    prelude::*,
    sizes::SZ_1M,
    sync::Mutex, //
};

/// A quota for nobody.
const NO_QUOTAS: Quotas = [0; vfid::COUNT];

/// What may change.
struct State {
    /// What VFs are to have when they are enabled next, in MB; 0 for a share.
    quotas_mb: Quotas,
    /// What they have, while they are enabled.
    partition: Option<Partition>,
}

/// The framebuffer of one card.
#[pin_data]
pub(crate) struct Division<'a> {
    dev: &'a pci::Device<Bound>,
    iov: GpuIov<'a>,
    total_vfs: u16,
    /// The registers as they were before this driver came.
    found: FbRegisters,
    #[pin]
    state: Mutex<State>,
}

fn errno(e: FbError) -> Error {
    match e {
        FbError::TooSmall { .. } | FbError::NoRoom { .. } => ENOSPC,
        FbError::NoVf => EBUSY,
        _ => EINVAL,
    }
}

impl<'a> Division<'a> {
    /// Of a card whose registers nobody of this driver has written yet.
    pub(crate) fn new(
        dev: &'a pci::Device<Bound>,
        iov: GpuIov<'a>,
        total_vfs: u16,
    ) -> Result<impl PinInit<Self> + 'a> {
        let found = iov.fb_registers()?;
        Ok(pin_init!(Self {
            dev,
            iov,
            total_vfs,
            found,
            state <- new_mutex!(
                State {
                    quotas_mb: NO_QUOTAS,
                    partition: None,
                },
                "Division::state"
            ),
        }))
    }

    /// The registers as they were before this driver came.
    pub(crate) fn found(&self) -> &FbRegisters {
        &self.found
    }

    fn vf_aperture_mb(&self) -> u32 {
        bars::vf_aperture_mb(self.dev, self.total_vfs)
    }

    fn request(&self, vfs: u16, quotas_mb: Quotas) -> Result<fb::Request> {
        // A size below the aperture is raised to it: the least share.
        const LEAST: u32 = 1;
        let vf_fb_mb = match (params::VF_FB.value(), params::FB_OPTION.value()) {
            (0, 1) => LEAST,
            (mb, _) => mb,
        };
        Ok(fb::Request {
            total_mb: self.iov.total_fb_mb()?.into(),
            pf_aperture_mb: bars::pf_aperture_mb(self.dev),
            vf_aperture_mb: self.vf_aperture_mb(),
            vfs: vfs.into(),
            pf_fb_mb: params::PF_FB.value(),
            vf_fb_mb,
            quotas_mb,
        })
    }

    /// Divides the framebuffer among `n` VFs; returns for how many it suffices.
    ///
    /// # Errors
    ///
    /// `ENOSPC` if it does not suffice for one, or not for the quotas; `EIO` if the card does not take the values.
    pub(crate) fn divide(&self, n: u16) -> Result<u16> {
        let mut state = self.state.lock();
        let partition = Partition::new(&self.request(n, state.quotas_mb)?).map_err(|e| {
            dev_err!(self.dev, "framebuffer cannot be divided: {}\n", Core(e));
            ENOSPC
        })?;
        self.write(&partition)?;
        state.partition = Some(partition);
        let vfs = u16::try_from(partition.vfs())?;
        if vfs < n {
            dev_warn!(
                self.dev,
                "framebuffer for {vfs} VFs, {n} asked for: give less to the PF (pf_fb)\n"
            );
        }
        let (pf, csa) = (partition.pf(), partition.csa());
        dev_info!(
            self.dev,
            "PF: framebuffer {} MB at {} MB, context save area {} MB at {} MB\n",
            pf.size_mb,
            pf.offset_mb,
            csa.size_mb,
            csa.offset_mb
        );
        dev_info!(self.dev, "{}\n", Core(Sizes(&partition)));
        Ok(vfs)
    }

    fn write(&self, partition: &Partition) -> Result {
        let regs = FbRegisters::new(partition, &self.found)?;
        self.iov.set_fb_registers(&regs)?;
        let seen = self.iov.fb_registers()?;
        if seen != regs {
            dev_err!(
                self.dev,
                "the card does not keep its framebuffer registers: wrote {}, read {}\n",
                Core(regs),
                Core(seen)
            );
            return Err(EIO);
        }
        Ok(())
    }

    /// Writes the registers anew, on a card that has lost them.
    ///
    /// # Errors
    ///
    /// `EIO` if the card does not take them.
    pub(crate) fn restore(&self) -> Result {
        match &self.state.lock().partition {
            Some(partition) => self.write(partition),
            None => Ok(()),
        }
    }

    /// Takes over what the card has for `n` VFs that are in use: what [`Division::divide`] would make, or any division that
    /// is sound, unless parameters want something particular and the guests were not taken over from another driver.
    ///
    /// # Errors
    ///
    /// `EBUSY` if it has something else; the log says what.
    pub(crate) fn adopt(&self, n: u16, took_over: bool) -> Result {
        let request = self.request(n, NO_QUOTAS)?;
        let usual = Partition::new(&request).map_err(errno)?;
        let wanted = FbRegisters::new(&usual, &self.found)?;
        let any = took_over || (request.pf_fb_mb == 0 && request.vf_fb_mb == 0);
        let partition = if self.found == wanted {
            Some(usual)
        } else {
            self.found.partition(&request).filter(|_| any)
        };
        let Some(partition) = partition else {
            dev_err!(
                self.dev,
                "the framebuffer is divided otherwise among {n} VFs: found {}, wanted {}\n",
                Core(self.found),
                Core(wanted)
            );
            return Err(EBUSY);
        };
        self.state.lock().partition = Some(partition);
        Ok(())
    }

    /// The VFs are not enabled, or not any more; `forget` says that quotas were for this once.
    pub(crate) fn end(&self, forget: bool) {
        let mut state = self.state.lock();
        state.partition = None;
        if forget {
            state.quotas_mb = NO_QUOTAS;
        }
    }

    /// What is in force, while VFs are enabled.
    pub(crate) fn partition(&self) -> Option<Partition> {
        self.state.lock().partition
    }

    /// The framebuffer that a VF has, or is to have, in bytes; 0 for none or a share.
    pub(crate) fn quota(&self, vf: VfId) -> u64 {
        let state = self.state.lock();
        bytes(match state.partition {
            Some(partition) => range_of(&partition, vf).map_or(0, |range| range.size_mb),
            None => state.quotas_mb.get(vf.index()).copied().unwrap_or(0),
        })
    }

    /// Takes a quota in bytes for a VF. While VFs are enabled, the worker is to give the VF what this returns, in MB;
    /// `None` if there is nothing to do.
    ///
    /// # Errors
    ///
    /// `EINVAL` for too little, `ENOSPC` for too much, `EBUSY` if others are enabled and this one is not; the log says why.
    pub(crate) fn set_quota(&self, vf: VfId, bytes: u64) -> Result<Option<u32>> {
        let mut state = self.state.lock();
        let result = fb::quota(bytes, self.vf_aperture_mb()).and_then(|mb| {
            let Some(mut partition) = state.partition else {
                return Ok((mb, false));
            };
            let now = range_of(&partition, vf).ok_or(FbError::NoVf)?;
            if now.size_mb == mb {
                return Ok((mb, false));
            }
            // Whether there is room, as far as can be told before the worker does it.
            partition.resize(vf.index() as u32, mb)?;
            Ok((mb, true))
        });
        let result = result.and_then(|(mb, change)| {
            if state.partition.is_none() {
                self.check_alone(mb)?;
                if let Some(place) = state.quotas_mb.get_mut(vf.index()) {
                    *place = mb;
                }
            }
            Ok(change.then_some(mb))
        });
        result.map_err(|e| self.refuse(vf, e))
    }

    /// Whether a VF could have so much if it were the only one.
    fn check_alone(&self, mb: u32) -> Result<(), FbError> {
        let mut quotas = NO_QUOTAS;
        quotas[0] = mb;
        // A card that does not answer says so elsewhere.
        self.request(1, quotas)
            .map_or(Ok(()), |request| Partition::new(&request).map(|_| ()))
    }

    fn refuse(&self, vf: VfId, e: FbError) -> Error {
        match e {
            FbError::NoVf => dev_warn!(
                self.dev,
                "no framebuffer for {}: it is not enabled and others are, disable them first\n",
                Core(vf)
            ),
            e => dev_warn!(
                self.dev,
                "no such framebuffer for {}: {}\n",
                Core(vf),
                Core(e)
            ),
        }
        errno(e)
    }

    /// Takes a quota in bytes for each VF that the card has.
    ///
    /// # Errors
    ///
    /// As [`Division::set_quota`], and `EBUSY` while VFs are enabled.
    pub(crate) fn set_quotas(&self, bytes: u64) -> Result {
        if self.partition().is_some() {
            dev_warn!(
                self.dev,
                "no framebuffers for all VFs at once while VFs are enabled: disable them first\n"
            );
            return Err(EBUSY);
        }
        for vf in VfId::all() {
            self.set_quota(vf, bytes)?;
        }
        Ok(())
    }

    /// For the worker: gives a VF of which nothing is on the GPU a framebuffer of so many MB.
    ///
    /// # Errors
    ///
    /// `ENOSPC` if there is no room by now, `EBUSY` if the VF is not enabled by now, `EIO` if the card does not take it.
    pub(crate) fn resize(&self, vf: VfId, mb: u32) -> Result {
        let mut state = self.state.lock();
        let mut partition = state.partition.ok_or(EBUSY)?;
        let range = partition
            .resize(vf.index() as u32, mb)
            .map_err(|e| self.refuse(vf, e))?;
        self.iov.set_vf_range(vf, range)?;
        if self.iov.vf_range(vf)? != Some(range) {
            dev_err!(
                self.dev,
                "the card does not keep the framebuffer register of {}\n",
                Core(vf)
            );
            return Err(EIO);
        }
        state.partition = Some(partition);
        dev_info!(
            self.dev,
            "{}: framebuffer {} MB at {} MB\n",
            Core(vf),
            range.size_mb,
            range.offset_mb
        );
        Ok(())
    }
}

/// Megabytes, in which the card's registers count, in bytes.
pub(crate) fn bytes(mb: u32) -> u64 {
    u64::from(mb) * SZ_1M as u64
}

fn range_of(partition: &Partition, vf: VfId) -> Option<Range> {
    partition.vf(vf.index() as u32)
}

/// The VFs' sizes on one line of the log.
struct Sizes<'a>(&'a Partition);

impl fmt::Display for Sizes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ranges = || (0..self.0.vfs()).filter_map(|i| self.0.vf(i));
        let Some(first) = ranges().next() else {
            return f.write_str("no VFs");
        };
        write!(f, "VF1 to VF{}: framebuffer ", self.0.vfs())?;
        if ranges().all(|range| range.size_mb == first.size_mb) {
            write!(f, "{} MB each", first.size_mb)?;
        } else {
            for (i, range) in ranges().enumerate() {
                write!(f, "{}{}", if i == 0 { "" } else { ", " }, range.size_mb)?;
            }
            f.write_str(" MB")?;
        }
        write!(f, ", one after the other from {} MB", first.offset_mb)
    }
}
