// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! One S7150: what is found on it, what is set while the driver has it, and how it is divided among VFs.

use crate::{
    gim_core::{
        fb::{
            self,
            Partition, //
        },
        gpuiov::{
            Command,
            Function, //
        },
    },
    hw::{
        bars,
        iov::{
            FbRegisters,
            GpuIov, //
        },
        mmio::{
            self,
            Mmio,
            Undo, //
        },
        rlc, rom, smc, strap,
        vram::{
            self,
            Posted, //
        },
    },
    kernel_ext::{
        dma,
        fmt::Core,
        pci::Sriov, //
    },
    params,
};
use kernel::{
    device::{
        self,
        Bound, //
    },
    pci,
    prelude::*,
    sync::atomic::{
        Atomic,
        Relaxed, //
    },
};

/// Bits of a bus address that the card can use (section 4.1, step 15).
const DMA_BITS: u32 = 40;

/// A card in the driver's hands; when this is dropped, the card is as it was found.
pub(crate) struct Card<'a> {
    dev: &'a pci::Device<Bound>,
    iov: GpuIov<'a>,
    mmio: Mmio<'a>,
    total_vfs: u16,
    found: FbRegisters,
    undo: Undo,
    /// Guests hold VFs beyond this driver's life: the card stays as it is.
    leave: Atomic<bool>,
}

impl<'a> Card<'a> {
    /// Looks at everything that has to be as expected, then sets the card up for VFs.
    ///
    /// # Errors
    ///
    /// The log says what was seen and what to do; the card is as it was.
    pub(crate) fn new(
        dev: &'a pci::Device<device::Core<'_>>,
        iov: GpuIov<'a>,
        sriov: &Sriov<'a>,
    ) -> Result<Self> {
        let total_vfs = sriov.total();
        bars::check_pf(dev)?;
        bars::check_vfs(dev, total_vfs)?;
        if !sriov.ari()? {
            dev_err!(
                dev,
                "the way to the card has no ARI, without which VFs cannot be reached: enable ARI in the firmware setup, \
                 do not boot with pci=noari, or use another slot\n"
            );
            return Err(ENODEV);
        }
        dma::set_mask(dev, DMA_BITS)?;

        let mmio = dev.iomap_region_sized::<{ mmio::SIZE }>(mmio::BAR, c"gim")?;
        check_posted(dev, &mmio)?;
        let revision = read_rom(dev, &mmio)?;
        let mut card = Self {
            dev,
            iov,
            mmio,
            total_vfs,
            found: iov.fb_registers()?,
            undo: Undo::new(),
            leave: Atomic::new(false),
        };
        for setting in [
            &rlc::CLEAR_LIMITED,
            &strap::VFS_ON_PF_BUS,
            &smc::TIMERS_UNMASKED,
            &rlc::CLOCK_GATING_OFF,
        ] {
            card.undo.change(&card.mmio, setting)?;
        }
        dev_info!(
            dev,
            "S7150 with {} MB of framebuffer, up to {} VFs, VBIOS {}.{}\n",
            iov.total_fb_mb()?,
            total_vfs,
            revision.0,
            revision.1
        );
        Ok(card)
    }

    fn partition(&self, vfs: u16) -> Result<Partition> {
        // A size below the aperture is raised to it: the least share.
        const LEAST: u32 = 1;
        let vf_fb_mb = match (params::VF_FB.value(), params::FB_OPTION.value()) {
            (0, 1) => LEAST,
            (mb, _) => mb,
        };
        Partition::new(&fb::Request {
            total_mb: self.iov.total_fb_mb()?.into(),
            pf_aperture_mb: bars::pf_aperture_mb(self.dev),
            vf_aperture_mb: bars::vf_aperture_mb(self.dev, self.total_vfs),
            vfs: vfs.into(),
            pf_fb_mb: params::PF_FB.value(),
            vf_fb_mb,
        })
        .map_err(|e| {
            dev_err!(self.dev, "framebuffer cannot be divided: {}\n", Core(e));
            ENOSPC
        })
    }

    /// Divides the framebuffer among `n` VFs; returns for how many it suffices.
    ///
    /// # Errors
    ///
    /// `ENOSPC` if it does not suffice for one; `EIO` if the card does not take the values.
    pub(crate) fn divide(&self, n: u16) -> Result<u16> {
        let partition = self.partition(n)?;
        let regs = FbRegisters::new(&partition, &self.found)?;
        self.iov.set_fb_registers(&regs)?;
        let seen = self.iov.fb_registers()?;
        if seen != regs {
            dev_err!(
                self.dev,
                "the card does not keep its framebuffer registers: wrote {regs}, read {seen}\n"
            );
            return Err(EIO);
        }
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
        for (i, range) in (0..partition.vfs()).filter_map(|i| Some((i, partition.vf(i)?))) {
            let number = i.saturating_add(1);
            dev_info!(
                self.dev,
                "VF{number}: framebuffer {} MB at {} MB\n",
                range.size_mb,
                range.offset_mb
            );
        }
        Ok(vfs)
    }

    /// Whether the framebuffer is already divided as [`Card::divide`] would.
    ///
    /// # Errors
    ///
    /// `EBUSY` if not.
    pub(crate) fn check_division(&self, n: u16) -> Result {
        let wanted = FbRegisters::new(&self.partition(n)?, &self.found)?;
        if self.found == wanted {
            return Ok(());
        }
        dev_err!(
            self.dev,
            "the framebuffer is divided otherwise among {n} VFs: found {}, wanted {wanted}\n",
            self.found
        );
        Err(EBUSY)
    }

    /// To be called once `n` VFs are enabled: makes the clean register image, which later starts each VF.
    ///
    /// # Errors
    ///
    /// `EIO` if a command fails.
    pub(crate) fn vfs_enabled(&self, n: u16) -> Result {
        // The order that is known to work has the image made with VFs on (section 4.1, steps 10 and 18).
        for command in [Command::Init, Command::Run, Command::Idle, Command::Save] {
            self.iov.execute(command, Function::Pf).map_err(|failure| {
                dev_err!(
                    self.dev,
                    "{} PF failed, {}: reset the card or switch the machine off and on\n",
                    Core(command),
                    Core(failure)
                );
                EIO
            })?;
        }
        dev_dbg!(self.dev, "{n} VFs ready\n");
        Ok(())
    }

    /// Leaves the card as it is when the driver goes.
    pub(crate) fn leave(&self) {
        self.leave.store(true, Relaxed);
    }
}

impl Drop for Card<'_> {
    fn drop(&mut self) {
        if self.leave.load(Relaxed) {
            return;
        }
        self.undo.undo(&self.mmio);
        if self.iov.set_fb_registers(&self.found).is_err() {
            dev_warn!(self.dev, "framebuffer registers not restored\n");
        }
    }
}

fn check_posted(dev: &pci::Device<Bound>, mmio: &Mmio<'_>) -> Result {
    match vram::posted(mmio) {
        Posted::Yes => Ok(()),
        Posted::No => {
            dev_err!(
                dev,
                "the card is not initialised (CONFIG_MEMSIZE is 0): let the system firmware run its VBIOS, as it does \
                 for a primary display or with option ROMs enabled\n"
            );
            Err(ENODEV)
        }
        Posted::Gone => {
            dev_err!(
                dev,
                "the card does not answer (all bits of CONFIG_MEMSIZE are set)\n"
            );
            Err(EIO)
        }
    }
}

/// Reads and validates the VBIOS; returns its revision.
fn read_rom(dev: &pci::Device<Bound>, mmio: &Mmio<'_>) -> Result<(u8, u8)> {
    rom::read(mmio, dev.vendor_id().as_raw(), dev.device_id()).map_err(|e| match e {
        rom::Error::Image(e) => {
            dev_err!(
                dev,
                "VBIOS not usable: {}: flash the card's VBIOS anew\n",
                Core(e)
            );
            EINVAL
        }
        rom::Error::Memory => ENOMEM,
    })
}
