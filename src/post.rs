// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The VBIOS of one card, and initialising the card with it: at probe if the system's firmware did not, and after a
//! reset. Order: section 4.3 of the hardware reference.

use crate::{
    firmware,
    gim_core::{
        atom::{
            data::GpuVirt,
            post::{
                self,
                Init,
                Posted, //
            },
            strings,
            Interpreter,
            Limits,
            Memory,
            Tables,
            MAX_DEPTH,
            SCRATCH_DWORDS,
            WORKSPACE_DWORDS, //
        },
        vbios::{
            self,
            Image, //
        },
    },
    hw::{
        atom_bus::Registers,
        mmio::Mmio,
        rom,
        vram, //
    },
    kernel_ext::{
        fmt::Core,
        pci::is_present,
        time::now_ns, //
    },
};
use kernel::{
    device::Bound,
    pci,
    prelude::*, //
};

/// How long the tables may take, all together: a real card's are done within two seconds.
const LIMIT_NS: u64 = 15_000_000_000;

/// Steps of one table with those that it calls. It takes some thousands; the rest is for polling.
const LIMITS: Limits = Limits {
    steps: 2_000_000,
    idle_steps: 1 << 16,
    depth: MAX_DEPTH,
    delay_us: 10_000_000,
};

/// Says which VBIOS it is, as far as it tells.
fn about(dev: &pci::Device<Bound>, image: &Image<'_>) {
    const UNKNOWN: &str = "unknown";
    let part = strings::part_number(image).unwrap_or(UNKNOWN);
    let version = strings::version(image).unwrap_or(UNKNOWN);
    match strings::build_date(image) {
        Some(date) => dev_info!(
            dev,
            "VBIOS {part}, version {version}, built {}\n",
            Core(date)
        ),
        None => dev_info!(dev, "VBIOS {part}, version {version}\n"),
    }
}

/// The VBIOS of one card, with all that it takes to run its tables.
pub(crate) struct Vbios {
    image: KVVec<u8>,
    revision: (u8, u8),
    /// Whether the flash can be read, and with it the firmware in it.
    flash: bool,
    /// The optional file, once it was looked for.
    file: Option<KVVec<u8>>,
    looked_for_file: bool,
    workspace: KVVec<u32>,
    scratch: KVVec<u32>,
}

impl Vbios {
    /// Reads and validates the VBIOS.
    ///
    /// # Errors
    ///
    /// `EINVAL` if it is not usable, and the log says why; `ENOMEM`.
    pub(crate) fn read(dev: &pci::Device<Bound>, mmio: &Mmio<'_>) -> Result<Self> {
        let (vendor, device) = (dev.vendor_id().as_raw(), dev.device_id());
        let (image, flash) = match rom::read(mmio, vendor, device) {
            Ok(image) => (image, true),
            Err(rom::Error::Memory) => return Err(ENOMEM),
            Err(rom::Error::Image(e)) => {
                let other = if is_present(dev) {
                    rom::read_expansion_rom(dev)
                } else {
                    Err(EINVAL)
                };
                let Ok(image) = other else {
                    dev_err!(
                        dev,
                        "VBIOS not usable: {}: flash the card's VBIOS anew\n",
                        Core(e)
                    );
                    return Err(EINVAL);
                };
                dev_warn!(
                    dev,
                    "VBIOS in the flash not usable: {}: using that of the expansion ROM\n",
                    Core(e)
                );
                (image, false)
            }
        };
        // It was validated.
        let parsed = Image::new(&image, vendor, device).map_err(|_| EINVAL)?;
        let revision = parsed.revision();
        about(dev, &parsed);
        Ok(Self {
            image,
            revision,
            flash,
            file: None,
            looked_for_file: false,
            workspace: KVVec::from_elem(0, WORKSPACE_DWORDS, GFP_KERNEL)?,
            scratch: KVVec::from_elem(0, SCRATCH_DWORDS, GFP_KERNEL)?,
        })
    }

    /// Its bytes, for a VF's driver.
    pub(crate) fn image(&self) -> &[u8] {
        &self.image
    }

    /// Its revision, major and minor.
    pub(crate) fn revision(&self) -> (u8, u8) {
        self.revision
    }

    /// Looks for the firmware file, unless that was done before: to be called before the card is reset, when the file
    /// system can be waited for.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn find_firmware(&mut self, dev: &pci::Device<Bound>) -> Result {
        if !self.looked_for_file {
            self.file = firmware::request(dev)?;
            self.looked_for_file = true;
        }
        Ok(())
    }

    /// Initialises a card that is not, or not any more.
    ///
    /// # Errors
    ///
    /// `EIO`, and the log says which table failed, where and why; others of loading firmware.
    pub(crate) fn post(&mut self, dev: &pci::Device<Bound>, mmio: &Mmio<'_>) -> Result {
        let posted = self
            .post_until(dev, mmio, now_ns().saturating_add(LIMIT_NS))
            .inspect_err(|_| {
                // The tables may have come far enough for it to look like a card that can be used.
                vram::forget(mmio);
            })?;
        dev_info!(
            dev,
            "initialised by the driver: {} MB of memory\n",
            posted.memory_mb
        );
        if !posted.smu_running {
            dev_warn!(dev, "the SMU does not run its firmware\n");
        }
        Ok(())
    }

    fn post_until(
        &mut self,
        dev: &pci::Device<Bound>,
        mmio: &Mmio<'_>,
        deadline: u64,
    ) -> Result<Posted> {
        let failed = |e: post::Error| {
            dev_err!(dev, "the card cannot be initialised: {}\n", Core(e));
            EIO
        };
        let mut bus = Registers::new(mmio, deadline);
        self.scratch.fill(0);
        self.run(dev, &mut bus, Init::Asic).map_err(failed)?;
        // Without memory there is no place for firmware.
        if !post::posted(&mut bus).map_err(failed)? {
            return Err(failed(post::Error::NoMemory));
        }
        self.load_firmware(dev, mmio)?;
        self.run(dev, &mut bus, Init::LoadMicrocode)
            .map_err(failed)?;
        post::verify(&mut bus).map_err(failed)
    }

    /// Runs asic_init. The interpreter is 3 KB of stack, which is why this is a function of its own.
    #[inline(never)]
    fn run(
        &mut self,
        dev: &pci::Device<Bound>,
        bus: &mut Registers<'_, '_>,
        what: Init,
    ) -> Result<(), post::Error> {
        let image = Image::new(&self.image, dev.vendor_id().as_raw(), dev.device_id())?;
        let memory = Memory {
            workspace: &mut self.workspace,
            scratch: &mut self.scratch,
        };
        let tables = Tables::new(&image)?;
        post::init(&mut Interpreter::new(tables, bus, memory, LIMITS), what)
    }

    fn load_firmware(&mut self, dev: &pci::Device<Bound>, mmio: &Mmio<'_>) -> Result {
        let flash = Image::new(&self.image, dev.vendor_id().as_raw(), dev.device_id())
            .and_then(|image| Tables::new(&image).and_then(|tables| GpuVirt::new(&tables)));
        match flash {
            Ok(Some(flash)) if self.flash => {
                firmware::load_all(dev, mmio, &flash, self.file.as_deref(), &mut self.image)
            }
            Ok(Some(_)) => {
                dev_warn!(dev, "no firmware loaded: the flash cannot be read\n");
                Ok(())
            }
            Ok(None) => {
                dev_info!(dev, "the VBIOS has no firmware for SR-IOV\n");
                Ok(())
            }
            Err(e) => {
                dev_err!(dev, "VBIOS not usable: {}\n", Core::<vbios::Error>(e));
                Err(EINVAL)
            }
        }
    }
}
