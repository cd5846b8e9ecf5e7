// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What a developer sees in debugfs. Documented in `Documentation/ABI/testing/debugfs-driver-gim`.
//!
//! Only reads. What is behind the card's index registers, and what the worker keeps to itself, the worker is asked for.

use super::{
    priority_name,
    NS_PER_US, //
};
use crate::{
    ask::{
        Answer,
        Question, //
    },
    dump,
    gim_core::vfid::VfId,
    gpu::Gpu,
    hw::peek::{
        self,
        Place, //
    },
    kernel_ext::{
        debugfs::{
            Files,
            Folder,
            Output,
            Top, //
        },
        pci::is_present, //
    },
};
use core::fmt::{
    self,
    Write, //
};
use kernel::{
    io::Io,
    prelude::*,
    sync::Arc, //
};

/// Name of the top folder, which the module makes.
pub(crate) const TOP: &CStr = c"gim";

/// One card's folders. Fields are dropped in the order in which they stand here.
pub(super) struct Debug<'a> {
    _registers: Folder<Registers<'a>>,
    _card: Folder<Card<'a>>,
}

impl<'a> Debug<'a> {
    /// Makes them.
    pub(super) fn new(gpu: &Arc<Gpu<'a>>) -> Result<Self> {
        let card = Arc::new(Card(gpu.clone()), GFP_KERNEL)?;
        let card = Folder::new(&Top(TOP), gpu.dev.as_ref().name(), &card)?;
        let registers = Arc::new(Registers(gpu.clone()), GFP_KERNEL)?;
        Ok(Self {
            _registers: Folder::new(&card, c"registers", &registers)?,
            _card: card,
        })
    }
}

/// The files about the card.
struct Card<'a>(Arc<Gpu<'a>>);

impl Files for Card<'_> {
    fn names() -> impl Iterator<Item = &'static str> {
        ["engine", "run_list", "framebuffer", "journal", "hardware"].into_iter()
    }

    fn show(&self, index: usize, to: &mut Output<'_>) -> Result {
        let gpu = &*self.0;
        match index {
            0 => dump::engine(to, &gpu.engine.lock()).map_err(|_| EINVAL),
            1 => run_list(to, gpu).map_err(|_| EINVAL),
            2 => framebuffer(to, gpu).map_err(|_| EINVAL),
            3 => match gpu.ask(Question::Journal)? {
                Answer::Text(text) => {
                    to.write_bytes(&text);
                    Ok(())
                }
                _ => Err(EINVAL),
            },
            _ => hardware(to, gpu),
        }
    }
}

fn run_list(to: &mut Output<'_>, gpu: &Gpu<'_>) -> fmt::Result {
    let engine = gpu.engine.lock();
    let settings = engine.settings();
    writeln!(to, "policy: {}", settings.policy)?;
    for vf in engine.run_list() {
        let share = settings.shares.get(vf);
        writeln!(
            to,
            "{vf}: quantum {} us, weight {}, priority {}{}",
            share.quantum(settings.quantum_ns) / NS_PER_US,
            share.weight,
            priority_name(share.priority),
            if engine.running() == Some(vf) {
                ", runs"
            } else {
                ""
            }
        )?;
    }
    Ok(())
}

/// Who has which part, as the driver knows it.
fn framebuffer(to: &mut Output<'_>, gpu: &Gpu<'_>) -> fmt::Result {
    let Some(partition) = gpu.division.partition() else {
        return writeln!(to, "not divided: no VFs are enabled");
    };
    let (pf, csa) = (partition.pf(), partition.csa());
    writeln!(
        to,
        "PF: framebuffer {} MB at {} MB",
        pf.size_mb, pf.offset_mb
    )?;
    writeln!(
        to,
        "context save area: {} MB at {} MB",
        csa.size_mb, csa.offset_mb
    )?;
    for (i, range) in (0..partition.vfs()).filter_map(|i| Some((i, partition.vf(i)?))) {
        writeln!(
            to,
            "VF{}: framebuffer {} MB at {} MB",
            i + 1,
            range.size_mb,
            range.offset_mb
        )?;
    }
    for gap in partition.gaps(None) {
        writeln!(to, "free: {} MB at {} MB", gap.size_mb, gap.offset_mb)?;
    }
    Ok(())
}

/// What the card itself says.
fn hardware(to: &mut Output<'_>, gpu: &Gpu<'_>) -> Result {
    if !is_present(gpu.dev) {
        return Err(ENODEV);
    }
    let (control, status) = gpu.iov.command_port();
    let total = gpu.iov.total_fb_mb()?;
    let registers = gpu.iov.fb_registers()?;
    let mut write = || -> fmt::Result {
        writeln!(to, "CMD_CONTROL {control:08x}, CMD_STATUS {status:02x}")?;
        writeln!(to, "TOTAL_FB_AVAILABLE {total:04x}")?;
        writeln!(to, "{registers}")
    };
    write().map_err(|_| EINVAL)?;
    for vf in VfId::all() {
        if let Some(range) = gpu.iov.vf_range(vf)? {
            writeln!(
                to,
                "{vf}: framebuffer {} MB at {} MB",
                range.size_mb, range.offset_mb
            )
            .map_err(|_| EINVAL)?;
        }
    }
    Ok(())
}

/// One file for each register.
struct Registers<'a>(Arc<Gpu<'a>>);

impl Files for Registers<'_> {
    fn names() -> impl Iterator<Item = &'static str> {
        peek::registers().map(|(name, _)| name)
    }

    fn show(&self, index: usize, to: &mut Output<'_>) -> Result {
        let gpu = &*self.0;
        let (_, place) = peek::registers().nth(index).ok_or(EINVAL)?;
        let question = match place {
            Place::Mmio(offset) => {
                if !is_present(gpu.dev) {
                    return Err(ENODEV);
                }
                let value = gpu.mmio.try_read32(offset)?;
                return writeln!(to, "{value:08x}").map_err(|_| EINVAL);
            }
            Place::Smc(address) => Question::Smc(address),
            Place::Strap(address) => Question::Strap(address),
        };
        match gpu.ask(question)? {
            Answer::Register(value) => writeln!(to, "{value:08x}").map_err(|_| EINVAL),
            _ => Err(EINVAL),
        }
    }
}
