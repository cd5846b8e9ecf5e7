// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! One S7150: what is found on it, what is set while the driver has it, and how it is divided among VFs.

use crate::{
    admin::Tree,
    gim_core::{
        engine::{
            Admin,
            Event, //
        },
        policy::Kind, //
    },
    gpu::Gpu,
    handover,
    hands::Hands,
    hw::{
        bars,
        ih::Ring,
        iov::{
            FbRegisters,
            GpuIov, //
        },
        mailbox::Mailbox,
        mmio::{
            Mmio,
            Setting,
            Undo, //
        },
        rlc, smc, strap,
        vram::{
            self,
            Posted, //
        },
    },
    identity::Identity,
    irq::{
        Consumer,
        Interrupts, //
    },
    kernel_ext::{
        dma,
        kthread::Thread,
        pci::{
            LostConfig,
            Msi,
            Sriov,
            VfDrivers, //
        },
        vf_events::Registration,
    },
    params,
    post::Vbios,
    reset,
    watch::Watch,
    worker::Worker,
};
use kernel::{
    device::{
        self,
        Bound, //
    },
    new_mutex, pci,
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc,
        Mutex, //
    },
};

/// Bits of a bus address that the card can use (section 4.1, step 15).
const DMA_BITS: u32 = 40;

/// What is set as long as the driver has the card. [`crate::reset`] sets the same again.
pub(crate) const SETTINGS: [&Setting; 4] = [
    &rlc::CLEAR_LIMITED,
    &strap::VFS_ON_PF_BUS,
    &smc::TIMERS_UNMASKED,
    &rlc::CLOCK_GATING_OFF,
];

/// A card in the driver's hands. Fields are dropped in the order in which they stand here: the opposite of set-up; then
/// the card is as it was found.
pub(crate) struct Card<'a> {
    _users: Registration<Gpu<'a>>,
    admin: Tree<'a>,
    _worker: Thread<Worker<'a>>,
    _irq: Msi<'a, Arc<Consumer<'a>>>,
    _vf_drivers: VfDrivers<Arc<Gpu<'a>>>,
    ring: Arc<Consumer<'a>>,
    vbios: Arc<Mutex<Vbios>>,
    found: Found<'a>,
    /// The VFs are those that another driver has left.
    took_over: bool,
}

/// What was found on a card, to be put back.
struct Found<'a> {
    gpu: Arc<Gpu<'a>>,
    fb: FbRegisters,
    undo: Undo,
    /// Whether the framebuffer registers are in use beyond this driver's life, by guests or by a GPU that hangs.
    keep_fb: Atomic<bool>,
    /// Guests hold VFs beyond this driver's life: everything stays as it is.
    leave: Atomic<bool>,
}

impl Drop for Found<'_> {
    fn drop(&mut self) {
        if self.leave.load(Relaxed) {
            return;
        }
        self.undo.undo(&self.gpu.mmio);
        if !self.keep_fb.load(Relaxed) && self.gpu.iov.set_fb_registers(&self.fb).is_err() {
            dev_warn!(self.gpu.dev, "framebuffer registers not restored\n");
        }
    }
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

        let gpu = Gpu::new(dev, iov, total_vfs)?;
        let posted = is_posted(dev, &gpu.mmio)?;
        let mut vbios = Vbios::read(dev, &gpu.mmio)?;
        let (major, minor) = vbios.revision();
        if !posted {
            dev_info!(
                dev,
                "the system firmware has not initialised the card: running its VBIOS\n"
            );
            vbios.find_firmware(dev)?;
            vbios.post(dev, &gpu.mmio)?;
        }
        let vbios = Arc::pin_init(new_mutex!(vbios, "Card::vbios"), GFP_KERNEL)?;
        let interrupts = Interrupts::new(dev)?;
        let identity = Identity::new(dev, &gpu.mmio, vbios.lock().image())?;
        let mut found = Found {
            gpu: gpu.clone(),
            fb: *gpu.division.found(),
            undo: Undo::new(),
            keep_fb: Atomic::new(false),
            leave: Atomic::new(false),
        };
        for setting in SETTINGS {
            found.undo.change(&gpu.mmio, setting)?;
        }
        Ring::remember(&mut found.undo, &gpu.mmio)?;
        Mailbox::remember(&mut found.undo, &gpu.mmio)?;

        let mut hands = Hands::new(gpu.clone(), total_vfs, vbios.clone(), interrupts.clone())?;
        let left = match sriov.enabled() {
            0 => None,
            _ => handover::take(&gpu).ok(),
        };
        let mut gap_ns = None;
        match left {
            Some(left) => {
                // The first of all drivers has found the card as it is to be in the end.
                left.found.restore(&mut found.undo, &mut found.fb);
                gap_ns = Some(left.gap_ns);
                hands.take_over(left)?;
            }
            // What was set by sysfs stays over an update.
            None => {
                for admin in settings() {
                    gpu.send(Event::Admin(admin));
                }
            }
        }
        *gpu.found.lock() = Some(handover::Found::new(&found.undo, found.fb)?);
        let consumer = Consumer::new(gpu.clone(), interrupts)?;
        let watch = Watch::new(gpu.clone(), consumer.clone());
        let worker = KBox::new(Worker::new(gpu.clone(), hands, watch)?, GFP_KERNEL)?;
        let irq = Msi::new(dev, c"gim", consumer.clone()).inspect_err(|e| {
            dev_err!(
                dev,
                "no MSI interrupt ({}): do not boot with pci=nomsi\n",
                e.to_errno()
            );
        })?;
        let worker = Thread::spawn(dev.as_ref(), worker)?;
        gpu.mailbox.lock().enable(&gpu.mmio);
        if let Some(gap_ns) = gap_ns {
            gpu.take_over()?;
            consumer.catch_up();
            dev_info!(
                dev,
                "{} VFs are taken over as they are, after {} ms without a driver\n",
                sriov.enabled(),
                gap_ns / 1_000_000
            );
        }
        dev_info!(
            dev,
            "S7150 with {} MB of framebuffer, up to {total_vfs} VFs, VBIOS {major}.{minor}\n",
            iov.total_fb_mb()?
        );
        Ok(Self {
            _users: Registration::new(dev, gpu.clone())?,
            admin: Tree::new(&gpu, total_vfs, identity)?,
            _worker: worker,
            _irq: irq,
            _vf_drivers: VfDrivers::watch(dev, gpu)?,
            ring: consumer,
            vbios,
            found,
            took_over: gap_ns.is_some(),
        })
    }

    fn gpu(&self) -> &Gpu<'a> {
        &self.found.gpu
    }

    /// Divides the framebuffer among `n` VFs; returns for how many it suffices.
    ///
    /// # Errors
    ///
    /// As [`Division::divide`](crate::division::Division::divide).
    pub(crate) fn divide(&self, n: u16) -> Result<u16> {
        self.gpu().division.divide(n)
    }

    /// Takes over `n` VFs that are in use, if the framebuffer is divided among them.
    ///
    /// # Errors
    ///
    /// `EBUSY` if not.
    pub(crate) fn adopt(&self, n: u16) -> Result {
        self.gpu().division.adopt(n, self.took_over)?;
        self.admin.vfs_enabled(n)
    }

    /// To be called once `n` VFs are enabled: takes the GPU into operation.
    ///
    /// # Errors
    ///
    /// `EIO` if it does not work; the log says how it failed.
    pub(crate) fn vfs_enabled(&self, n: u16) -> Result {
        self.start(n)?;
        self.admin.vfs_enabled(n)
    }

    fn start(&self, n: u16) -> Result {
        // The order that is known to work has the clean register image made with VFs on (section 4.1, steps 10 and 18).
        self.gpu().start(n).inspect_err(|_| {
            // Where its context is saved must not change while the GPU may be at it.
            self.found.keep_fb.store(true, Relaxed);
        })
    }

    /// What was divided is for nobody: no VFs could be enabled.
    pub(crate) fn no_vfs(&self) {
        self.gpu().division.end(false);
    }

    /// To be called before the VFs are disabled: takes them off the GPU.
    pub(crate) fn vfs_go(&self) {
        self.admin.vfs_go();
        self.gpu().stop();
        self.gpu().division.end(true);
    }

    /// A VF on which a guest's driver runs.
    pub(crate) fn started(&self) -> Option<u32> {
        self.gpu().started()
    }

    /// Takes all VFs off the GPU, and lets the card neither interrupt nor write to memory.
    pub(crate) fn quiet(&self) {
        self.gpu().stop();
        self.ring.disable();
    }

    /// The card cannot be reached.
    pub(crate) fn lost(&self) {
        self.gpu().lost();
    }

    /// Has at hand what it takes to initialise the card, while the file system can be waited for.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn find_firmware(&self) -> Result {
        self.vbios.lock().find_firmware(self.gpu().dev)
    }

    /// Takes a card into operation that has lost everything, with the `n` VFs that its SR-IOV capability has. The device
    /// lock must be held.
    ///
    /// lost: its configuration, if that was lost too.
    ///
    /// # Errors
    ///
    /// Those of [`reset::gpu`] if it must be initialised; others as for [`Card::vfs_enabled`].
    pub(crate) fn wake(&self, n: u16, lost: Option<LostConfig<'_>>) -> Result {
        let mmio = &self.gpu().mmio;
        if let Some(config) = &lost {
            config.open_registers()?;
        }
        if is_posted(self.gpu().dev, mmio)? {
            drop(lost);
            for setting in SETTINGS {
                (setting.write)(mmio, (setting.change)((setting.read)(mmio)));
            }
            self.ring.enable_again();
            self.gpu().mailbox.lock().enable(mmio);
        } else {
            let mut vbios = self.vbios.lock();
            let interrupts = self.ring.interrupts();
            dev_info!(
                self.gpu().dev,
                "the card has lost what its VBIOS set up: running its VBIOS\n"
            );
            match lost {
                Some(config) => reset::again(self.gpu(), &mut vbios, interrupts, config)?,
                None => reset::gpu(self.gpu(), &mut vbios, interrupts, || true)?,
            }
        }
        if n == 0 {
            return Ok(());
        }
        self.gpu().division.restore()?;
        self.start(n)
    }

    /// Whether the VFs that are enabled were taken over from another driver.
    pub(crate) fn took_over(&self) -> bool {
        self.took_over
    }

    /// Leaves the VFs and their guests alone when the driver goes, for another one to take over.
    ///
    /// # Errors
    ///
    /// `EIO` if the GPU is not in operation, so that there is nothing to go on with.
    pub(crate) fn hand_over(&self) -> Result {
        self.gpu().hand_over()?;
        self.leave();
        Ok(())
    }

    /// Leaves the card as it is when the driver goes.
    pub(crate) fn leave(&self) {
        self.found.leave.store(true, Relaxed);
    }
}

/// The scheduler's settings as the parameters have them.
fn settings() -> [Admin; 3] {
    let us = u64::from(params::SCHED_INTERVAL.value()) * 1000
        + u64::from(params::SCHED_INTERVAL_US.value());
    [
        // The parameter's range is that of the policies.
        Admin::Policy(Kind::from_option(params::SCHED_OPTION.value()).unwrap_or(Kind::Solid)),
        Admin::CommonQuantum(us * 1000),
        Admin::FbClear(params::FB_CLEAR.value() != 0),
    ]
}

/// Whether the card is initialised.
fn is_posted(dev: &pci::Device<Bound>, mmio: &Mmio<'_>) -> Result<bool> {
    match vram::posted(mmio) {
        Posted::Yes => Ok(true),
        Posted::No => Ok(false),
        Posted::Gone => {
            dev_err!(
                dev,
                "the card does not answer (all bits of CONFIG_MEMSIZE are set)\n"
            );
            Err(EIO)
        }
    }
}
