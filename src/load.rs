// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Which VFs have work: what the ring pointers of their engines say (section 4.10 of the hardware reference).
//!
//! While a VF runs, its registers show how far its rings are. While it does not, a guest adds work by writing a pointer to
//! memory, at an address that it gave the engine; where that is in the VF's framebuffer, the PF can look. A guest gives
//! these addresses, so each is checked. Where it cannot be known, a VF counts as having work: compute queues, whose
//! registers cannot be read without disturbing the guest, and pointers in system memory.

use crate::{
    gim_core::{
        fb::Range,
        vfid::{
            PerVf,
            VfId, //
        },
    },
    gpu::Gpu,
    hw::{
        bars,
        vram, //
    },
    kernel_ext::pci::VfWindow,
};
use kernel::{
    prelude::*,
    sizes::{
        SZ_1M,
        SZ_64K, //
    },
};

/// Bytes of a VF's register BAR that are needed.
const WINDOW: usize = SZ_64K;

/// Where the memory controller of a Windows guest has its framebuffer (section 4.10).
const WINDOWS_BASE: u64 = 0xf4_0000_0000;

/// CP_STAT and its bits CP_BUSY, DMA_BUSY.
const CP_STAT: (usize, u32) = (0x8680, 1 << 31 | 1 << 22);

/// Registers of a ring, by their offsets in bytes.
struct Registers {
    /// The bit that says that the ring is used; the gfx ring has none that a guest does not also use otherwise.
    enabled: Option<(usize, u32)>,
    rptr: usize,
    wptr: usize,
    poll_lo: usize,
    poll_hi: usize,
}

/// CP_RB0, SDMA0_GFX, SDMA1_GFX.
const RINGS: [Registers; 3] = [
    Registers {
        enabled: None,
        rptr: 0x8700,
        wptr: 0xc114,
        poll_lo: 0xc118,
        poll_hi: 0xc11c,
    },
    Registers {
        enabled: Some((0xd200, 1)),
        rptr: 0xd20c,
        wptr: 0xd210,
        poll_lo: 0xd21c,
        poll_hi: 0xd218,
    },
    Registers {
        enabled: Some((0xda00, 1)),
        rptr: 0xda0c,
        wptr: 0xda10,
        poll_lo: 0xda1c,
        poll_hi: 0xda18,
    },
];

/// What is known of a ring.
#[derive(Clone, Copy)]
enum Ring {
    /// It is not used.
    Unused,
    /// It had work when the VF last ran, or what it has cannot be known.
    Work,
    /// It had done everything up to this pointer; the next one will be at this byte of video memory.
    Done { upto: u32, next_at: u64 },
}

/// What is known of all VFs.
pub(crate) struct Loads(PerVf<Option<[Ring; RINGS.len()]>>);

impl Loads {
    /// Nothing is known.
    pub(crate) fn new() -> Self {
        Self(PerVf::new(None))
    }

    /// Forgets a VF, which starts anew.
    pub(crate) fn forget(&mut self, vf: VfId) {
        *self.0.get_mut(vf) = None;
    }

    /// Which VFs have work, bit 0 for VF1; `running` is the VF that runs.
    pub(crate) fn query(
        &mut self,
        gpu: &Gpu<'_>,
        total_vfs: u16,
        running: Option<VfId>,
    ) -> Result<u16> {
        if let Some(vf) = running {
            let registers = VfWindow::new(
                gpu.dev,
                bars::REGISTERS,
                total_vfs,
                vf.index() as u16,
                WINDOW,
            )?;
            let range = gpu.iov.vf_range(vf)?.ok_or(EINVAL)?;
            *self.0.get_mut(vf) = Some(look(&registers, range)?);
        }
        let mut mask = 0;
        for (vf, rings) in self.0.iter() {
            let work = rings.map_or(true, |rings| {
                rings.iter().any(|ring| match *ring {
                    Ring::Unused => false,
                    Ring::Work => true,
                    Ring::Done { upto, next_at } => vram::read(&gpu.mmio, next_at) != upto,
                })
            });
            if work {
                mask |= vf.bit();
            }
        }
        Ok(mask)
    }
}

/// Looks at the rings of a VF that runs and has the framebuffer `range`.
fn look(registers: &VfWindow, range: Range) -> Result<[Ring; RINGS.len()]> {
    let mut rings = [Ring::Work; RINGS.len()];
    if registers.read32(CP_STAT.0)? & CP_STAT.1 != 0 {
        return Ok(rings);
    }
    for (ring, r) in rings.iter_mut().zip(&RINGS) {
        if let Some((offset, bit)) = r.enabled {
            if registers.read32(offset)? & bit == 0 {
                *ring = Ring::Unused;
                continue;
            }
        }
        let upto = registers.read32(r.rptr)?;
        if registers.read32(r.wptr)? != upto {
            continue;
        }
        let address =
            u64::from(registers.read32(r.poll_hi)?) << 32 | u64::from(registers.read32(r.poll_lo)?);
        if let Some(next_at) = in_framebuffer(address & !3, range) {
            *ring = Ring::Done { upto, next_at };
        }
    }
    Ok(rings)
}

/// The byte of video memory at an address that a guest gave; `None` if that is not in its framebuffer.
fn in_framebuffer(address: u64, range: Range) -> Option<u64> {
    let mb = SZ_1M as u64;
    let offset = address.checked_sub(WINDOWS_BASE).unwrap_or(address);
    let end = u64::from(range.size_mb).checked_mul(mb)?;
    (offset != 0 && offset.checked_add(4)? <= end).then(|| u64::from(range.offset_mb) * mb + offset)
}
