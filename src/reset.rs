// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Resetting the GPU: the bus it is on, with the card set up again as it was (section 4.12 of the hardware reference).
//!
//! For the worker, when nothing less helps. The engine has told the guests before, and starts the GPU anew afterwards. Also
//! for a card that comes back without what its VBIOS had set up, while the worker has nothing to do.

use crate::{
    card::SETTINGS,
    gpu::Gpu,
    hw::{
        bif,
        ih::Ring,
        mmio::{
            Mmio,
            Setting, //
        },
        smc,
        strap, //
    },
    irq::Interrupts,
    kernel_ext::pci::{
        is_present,
        LostConfig,
        OwnBus, //
    },
    post::Vbios,
};
use kernel::{
    prelude::*,
    time::{
        delay::fsleep,
        Delta, //
    },
};

/// What guests have to notice that the GPU will be reset: their mailboxes are empty afterwards.
const NOTICE: Delta = Delta::from_millis(10);

fn set(mmio: &Mmio<'_>, setting: &Setting) {
    (setting.write)(mmio, (setting.change)((setting.read)(mmio)));
}

/// Resets the GPU. `lent` says whether the device lock is held for the caller. All waits are bounded: a second for the locks, a minute for a card that does not come back, and what
/// [`Vbios::post`] takes.
///
/// # Errors
///
/// `EAGAIN` if somebody has a function's lock and does not wait for this, or the slot's hot-plug driver does not go on with
/// a lock that is lent; `EBUSY` if other devices are below
/// the same bridge, others if the card does not come back or its VBIOS fails; the log says which. Its configuration space
/// is restored as far as it answers.
pub(crate) fn gpu(
    gpu: &Gpu<'_>,
    vbios: &mut Vbios,
    interrupts: &Interrupts,
    lent: impl Fn() -> bool,
) -> Result {
    let (dev, mmio) = (gpu.dev, &gpu.mmio);
    fsleep(NOTICE);
    if !is_present(dev) {
        return Err(ENODEV);
    }
    vbios.find_firmware(dev)?;
    let mut bus = OwnBus::lock(dev, lent).inspect_err(|e| {
        if *e == EBUSY {
            dev_err!(
                dev,
                "no reset of the bus: other devices share it with the card\n"
            );
        } else if *e == EAGAIN {
            dev_err!(dev, "no reset of the bus: the card is being reconfigured\n");
        } else {
            dev_err!(dev, "no reset of the bus ({})\n", e.to_errno());
        }
    })?;
    Ring::disable(mmio);
    set(mmio, &smc::TIMERS_MASKED);

    bus.reset().inspect_err(|e| {
        dev_err!(
            dev,
            "the card does not come back from a reset of the bus ({})\n",
            e.to_errno()
        );
    })?;
    bus.open_registers()?;
    bif::set_straps(mmio, gpu.straps);
    post(gpu, vbios)?;
    bus.restore();
    // Not as the card had them just before: it has nothing, if this is not the first try.
    gpu.division.restore()?;
    set_up(gpu, interrupts);
    Ok(())
}

/// Sets the card up again whose bus somebody else has reset, and whose registers can be reached. Its framebuffer registers
/// stay as they are after a reset.
///
/// # Errors
///
/// `ENOMEM`, and those of [`Vbios::post`].
pub(crate) fn again(
    gpu: &Gpu<'_>,
    vbios: &mut Vbios,
    interrupts: &Interrupts,
    config: LostConfig<'_>,
) -> Result {
    vbios.find_firmware(gpu.dev)?;
    post(gpu, vbios)?;
    drop(config);
    set_up(gpu, interrupts);
    Ok(())
}

/// Runs the VBIOS on a card that has lost everything, while its VFs are not there.
fn post(gpu: &Gpu<'_>, vbios: &mut Vbios) -> Result {
    // Before the VFs are there again, whose addresses depend on it.
    set(&gpu.mmio, &strap::VFS_ON_PF_BUS);
    smc::forget_microcode(&gpu.mmio);
    vbios.post(gpu.dev, &gpu.mmio)
}

/// Makes the driver's own settings on a card that is initialised and has its configuration.
fn set_up(gpu: &Gpu<'_>, interrupts: &Interrupts) {
    for setting in SETTINGS {
        set(&gpu.mmio, setting);
    }
    bif::set_vm_initialised(&gpu.mmio);
    interrupts.enable(gpu);
    gpu.mailbox.lock().enable(&gpu.mmio);
}
