// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The interrupt ring: memory that the card writes, and the registers around it (sections 3.5 and 4.7 of the hardware
//! reference). What its entries mean is in `gim_core::ih`.

use super::{
    doorbell::Doorbells,
    mmio::{
        Mmio,
        Undo, //
    },
};
use crate::{
    gim_core::ih,
    kernel_ext::dma, //
};
use kernel::{
    device::Bound,
    dma::Coherent,
    io::{
        register,
        Io, //
    },
    pci,
    prelude::*, //
};

register! {
    /// How the ring is used.
    IH_RB_CNTL(u32) @ 0x38c0 {
        31:31 wptr_overflow_clear => bool;
        21:21 rptr_rearm => bool;
        17:17 enable_intr => bool;
        8:8 wptr_writeback_enable => bool;
        7:7 rb_gpu_ts_enable => bool;
        5:1 rb_size;
        0:0 rb_enable => bool;
    }

    /// Bus address of the ring, in units of 256 bytes.
    IH_RB_BASE(u32) @ 0x38c4 {
        31:0 base;
    }

    /// Read pointer, a byte offset.
    IH_RB_RPTR(u32) @ 0x38c8 {
        31:0 value;
    }

    /// Write pointer, a byte offset, and whether entries were overwritten.
    IH_RB_WPTR(u32) @ 0x38cc {
        31:0 value;
    }

    /// Bus address of the copy of the write pointer, upper part.
    IH_RB_WPTR_ADDR_HI(u32) @ 0x38d0 {
        7:0 addr;
    }

    /// Bus address of the copy of the write pointer, lower part.
    IH_RB_WPTR_ADDR_LO(u32) @ 0x38d4 {
        31:0 addr;
    }

    /// Credits towards the memory controller.
    IH_CNTL(u32) @ 0x38d8 {
        24:20 mc_wr_clean_cnt;
        19:15 mc_wrreq_credit;
    }

    /// Whether an overflow shows in the write pointer.
    IH_DEBUG(u32) @ 0x38f0 {
        1:1 wptr_overflow_enable => bool;
    }

    /// The doorbell that sets the read pointer.
    IH_DOORBELL_RPTR(u32) @ 0x3908 {
        28:28 enable => bool;
        20:0 offset;
    }

    /// Doorbells as a whole.
    BIF_DOORBELL_APER_EN(u32) @ 0x5404 {
        0:0 enable => bool;
    }

    /// How interrupts are sent.
    INTERRUPT_CNTL(u32) @ 0x5468 {
        3:3 req_nonsnoop_en => bool;
        0:0 dummy_rd_override => bool;
    }

    /// Address of the read that makes sure that an entry has arrived, in units of 256 bytes.
    INTERRUPT_CNTL2(u32) @ 0x546c {
        31:0 addr;
    }
}

/// The doorbell's index (section 3.5).
const DOORBELL: u32 = 0x1e8;
/// log2 of the ring's size in dwords.
const RB_SIZE: u32 = (ih::ENTRIES * ih::ENTRY_BYTES / 4).ilog2();
/// The C driver's credits (section 4.7, step 5).
const CREDIT: u32 = 10;

/// Dwords in an entry.
const ENTRY: usize = ih::ENTRY_BYTES as usize / 4;

/// The memory that the card writes; it must be disabled before this goes.
pub(crate) struct Ring {
    entries: Coherent<[u32]>,
    wptr: Coherent<u32>,
}

impl Ring {
    /// Allocates the ring's memory.
    pub(crate) fn new(dev: &pci::Device<Bound>) -> Result<Self> {
        Ok(Self {
            entries: Coherent::zeroed_slice(
                dev.as_ref(),
                ih::ENTRIES as usize * ENTRY,
                GFP_KERNEL,
            )?,
            wptr: Coherent::zeroed(dev.as_ref(), GFP_KERNEL)?,
        })
    }

    /// Registers that [`Ring::enable`] changes, for [`Undo`].
    pub(crate) fn remember(undo: &mut Undo, mmio: &Mmio<'_>) -> Result {
        for offset in [
            0x38c4, 0x38c8, 0x38cc, 0x38d0, 0x38d4, 0x38d8, 0x38f0, 0x3908, 0x5404, 0x5468, 0x546c,
            0x38c0,
        ] {
            undo.remember(mmio, offset)?;
        }
        Ok(())
    }

    /// Sets the ring up and lets the card write into it (section 4.7).
    pub(crate) fn enable(&self, mmio: &Mmio<'_>, doorbells: &Doorbells<'_>) {
        Self::disable(mmio);
        // What the card has written before is of a ring that begins anew.
        dma::write!(&self.wptr,, 0);
        mmio.write_reg(IH_RB_RPTR::from(0));
        mmio.write_reg(IH_RB_WPTR::from(0));

        // The mask of 40 bits that was set for the device makes this fit.
        let base = (dma::address(&self.entries) >> 8) as u32;
        mmio.write_reg(IH_RB_BASE::from(base));
        mmio.write_reg(INTERRUPT_CNTL2::from(base));
        mmio.update(INTERRUPT_CNTL, |r| {
            r.with_dummy_rd_override(false).with_req_nonsnoop_en(false)
        });
        mmio.update(IH_RB_CNTL, |r| {
            r.with_const_rb_size::<RB_SIZE>()
                .with_wptr_overflow_clear(true)
                .with_wptr_writeback_enable(true)
                .with_rb_gpu_ts_enable(true)
                .with_rptr_rearm(true)
        });
        mmio.update(IH_CNTL, |r| {
            r.with_const_mc_wrreq_credit::<CREDIT>()
                .with_const_mc_wr_clean_cnt::<CREDIT>()
        });
        mmio.update(IH_DEBUG, |r| r.with_wptr_overflow_enable(true));
        let wptr = dma::address(&self.wptr);
        mmio.write_reg(IH_RB_WPTR_ADDR_LO::from(wptr as u32));
        mmio.write_reg(IH_RB_WPTR_ADDR_HI::from((wptr >> 32) as u32 & 0xff));
        mmio.write_reg(IH_RB_WPTR::from(0));
        mmio.update(IH_DOORBELL_RPTR, |r| {
            r.with_const_offset::<DOORBELL>().with_enable(true)
        });
        mmio.update(BIF_DOORBELL_APER_EN, |r| r.with_enable(true));
        self.set_rptr(doorbells, 0);
        mmio.write_reg(IH_RB_RPTR::from(0));
        mmio.update(IH_RB_CNTL, |r| {
            r.with_rb_enable(true).with_enable_intr(true)
        });
    }

    /// Keeps the card from writing into the ring.
    pub(crate) fn disable(mmio: &Mmio<'_>) {
        mmio.update(IH_RB_CNTL, |r| {
            r.with_rb_enable(false).with_enable_intr(false)
        });
        // Posted writes have arrived when this returns, so that the card does not write afterwards.
        let _ = mmio.read(IH_RB_CNTL);
    }

    /// The card's copy of the write pointer, in memory: no access to the card.
    pub(crate) fn wptr(&self) -> u32 {
        u32::from_le(dma::read!(&self.wptr,))
    }

    /// The write pointer as the card itself has it.
    pub(crate) fn wptr_register(mmio: &Mmio<'_>) -> u32 {
        mmio.read(IH_RB_WPTR).into()
    }

    /// An entry by its index; `None` outside the ring.
    pub(crate) fn entry(&self, index: u32) -> Option<[u32; 4]> {
        let first = (index as usize).checked_mul(ENTRY)?;
        let dword = |i: usize| -> Result<u32> {
            Ok(u32::from_le(dma::read!(&self.entries, [try: first + i])))
        };
        Some([
            dword(0).ok()?,
            dword(1).ok()?,
            dword(2).ok()?,
            dword(3).ok()?,
        ])
    }

    /// Tells the card up to where entries were read, which lets it interrupt again.
    pub(crate) fn set_rptr(&self, doorbells: &Doorbells<'_>, rptr: u32) {
        doorbells.ring(DOORBELL, rptr);
    }

    /// Lets the card notice the next overflow; the C driver left the bit set (section 8.3).
    pub(crate) fn clear_overflow(mmio: &Mmio<'_>) {
        mmio.update(IH_RB_CNTL, |r| r.with_wptr_overflow_clear(true));
        mmio.update(IH_RB_CNTL, |r| r.with_wptr_overflow_clear(false));
    }
}
