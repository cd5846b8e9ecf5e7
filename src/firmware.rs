// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Firmware for SR-IOV: asks for the optional file, and carries out the plan that `gim_core::atom::firmware` makes.
//!
//! Only for a card that this driver posts; a card that the system's firmware has posted keeps what it has (section 4.4
//! of the hardware reference).

use crate::{
    gim_core::atom::{
        data::GpuVirt,
        firmware::{
            self,
            File,
            Load,
            Plan,
            Source,
            Versions, //
        },
    },
    hw::{
        hdp::Reserved,
        mmio::Mmio,
        rom, //
    },
    kernel_ext::fmt::Core,
};
use kernel::{
    device::Bound,
    firmware::Firmware,
    pci,
    prelude::*, //
};

/// [`firmware::FILE_NAME`] for C.
const FILE_NAME: &CStr = c"gim/tonga_sriov.bin";

/// Asks for the file; `None` if there is none. That it is good is seen when it is needed.
///
/// A copy, because the kernel gives everybody the file of the first who asked until that one lets it go.
///
/// # Errors
///
/// `ENOMEM`.
pub(crate) fn request(dev: &pci::Device<Bound>) -> Result<Option<KVVec<u8>>> {
    let Ok(file) = Firmware::request_nowarn(FILE_NAME, dev.as_ref()) else {
        return Ok(None);
    };
    let mut copy = KVVec::with_capacity(file.size(), GFP_KERNEL)?;
    copy.extend_from_slice(file.data(), GFP_KERNEL)?;
    Ok(Some(copy))
}

/// The file if it is good; the log says if it is not.
fn checked<'f>(dev: &pci::Device<Bound>, file: Option<&'f [u8]>) -> Option<File<'f>> {
    match file.map(File::new) {
        Some(Ok(file)) => Some(file),
        Some(Err(e)) => {
            dev_warn!(
                dev,
                "firmware file {} not usable, doing without it: {}\n",
                firmware::FILE_NAME,
                Core(e)
            );
            None
        }
        None => {
            dev_info!(
                dev,
                "no firmware file {}: using what the card's flash has\n",
                firmware::FILE_NAME
            );
            None
        }
    }
}

/// A dword of the flash.
fn flash_dword(mmio: &Mmio<'_>, at: u32) -> u32 {
    rom::seek(mmio, at);
    rom::next(mmio)
}

/// Decides what comes from where.
///
/// # Errors
///
/// `EINVAL` if what the flash has does not fit; the log says what.
fn plan(
    dev: &pci::Device<Bound>,
    mmio: &Mmio<'_>,
    flash: &GpuVirt,
    file: Option<&File<'_>>,
) -> Result<Plan> {
    let versions = match firmware::version_offsets(flash) {
        Some((smc, rlcv)) => Versions {
            smc: flash_dword(mmio, smc),
            rlcv: flash_dword(mmio, rlcv),
        },
        None => Versions { smc: 0, rlcv: 0 },
    };
    let (plan, file) = match Plan::new(flash, versions, file) {
        Err(e) if file.is_some() => {
            dev_warn!(
                dev,
                "firmware file {} not usable, doing without it: {}\n",
                firmware::FILE_NAME,
                Core(e)
            );
            (Plan::new(flash, versions, None), None)
        }
        plan => (plan, file),
    };
    let plan = plan.map_err(|e| {
        dev_err!(
            dev,
            "firmware in the card's flash not usable: {}\n",
            Core(e)
        );
        EINVAL
    })?;
    let has = |what: &str, source: Source| {
        plan.loads()
            .any(|load| load.what == what && load.source == source)
    };
    if let Some(file) = file {
        let of = |what, flash, file| match has(what, Source::File) {
            true => file,
            false => flash,
        };
        dev_info!(
            dev,
            "firmware: SMU {:08x} (flash {:08x}), RLC-V {:x} (flash {:x})\n",
            of("SMU firmware", versions.smc, file.versions().smc),
            versions.smc,
            of("RLC-V firmware", versions.rlcv, file.versions().rlcv),
            versions.rlcv
        );
    }
    Ok(plan)
}

/// Brings one piece to the reserved memory, and looks whether it is there.
fn load(mmio: &Mmio<'_>, to: &Reserved<'_, '_>, load: &Load, file: &[u8]) -> Result {
    if load.to % 4 != 0 || load.piece.start % 4 != 0 {
        return Err(EINVAL);
    }
    let dwords = load.piece.len.div_ceil(4);
    let bytes = match load.source {
        Source::Flash => {
            rom::seek(mmio, load.piece.start);
            None
        }
        Source::File => Some(
            file.get(load.piece.start as usize..)
                .and_then(|b| b.get(..load.piece.len as usize))
                .ok_or(EINVAL)?,
        ),
    };
    let (mut first, mut last) = (0, 0);
    for i in 0..dwords {
        let value = match bytes {
            None => rom::next(mmio),
            Some(bytes) => {
                let mut dword = [0; 4];
                for (to, from) in dword.iter_mut().zip(bytes.iter().skip(i as usize * 4)) {
                    *to = *from;
                }
                u32::from_le_bytes(dword)
            }
        };
        if i == 0 {
            first = value;
        }
        last = value;
        to.write(value, load.to + i * 4)?;
    }
    to.flush();
    let end = load.to + dwords.saturating_sub(1) * 4;
    if to.read(end)? != last || (dwords > 1 && to.read(load.to)? != first) {
        return Err(EIO);
    }
    Ok(())
}

/// Brings firmware to the reserved memory of a card whose memory is initialised, and puts the file's smc_init into
/// `image` if that goes with it.
///
/// # Errors
///
/// `EINVAL` or `EIO` as the log says, others if BAR0 cannot be used.
pub(crate) fn load_all(
    dev: &pci::Device<Bound>,
    mmio: &Mmio<'_>,
    flash: &GpuVirt,
    file: Option<&[u8]>,
    image: &mut [u8],
) -> Result {
    let parsed = checked(dev, file);
    let plan = plan(dev, mmio, flash, parsed.as_ref())?;
    if let (true, Some(parsed)) = (plan.replaces_smc_init, &parsed) {
        let (vendor, device) = (dev.vendor_id().as_raw(), dev.device_id());
        firmware::replace(image, vendor, device, firmware::SMC_INIT, parsed.smc_init()).map_err(
            |e| {
                dev_err!(
                    dev,
                    "firmware file {} cannot be used with this VBIOS: {}\n",
                    firmware::FILE_NAME,
                    Core(e)
                );
                EINVAL
            },
        )?;
    }
    let reserved = Reserved::new(dev, mmio).inspect_err(|e| {
        dev_err!(dev, "BAR0 cannot be used for firmware ({})\n", e.to_errno());
    })?;
    for piece in plan.loads() {
        load(mmio, &reserved, piece, file.unwrap_or_default()).inspect_err(|_| {
            dev_err!(
                dev,
                "{} cannot be brought to the card's reserved memory\n",
                piece.what
            );
        })?;
    }
    Ok(())
}
