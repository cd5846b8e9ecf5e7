// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Filling video memory with the command processor's DMA, fed by registers (sections 3.9 and 4.13 of the hardware
//! reference). The PF must have the GPU.

use super::{
    mmio::Mmio,
    vram, //
};
use crate::kernel_ext::time;
use kernel::{
    io::{
        poll::read_poll_timeout,
        register,
        Io, //
    },
    prelude::*,
    time::Delta, //
};

register! {
    /// State of the command processor.
    CP_STAT(u32) @ 0x8680 {
        31:31 cp_busy => bool;
        22:22 dma_busy => bool;
    }

    /// What kind of transfer.
    CP_DMA_PIO_CONTROL(u32) @ 0x3018c {
        31:0 value;
    }

    /// Data to fill with.
    CP_DMA_PIO_SRC_ADDR(u32) @ 0x30190 {
        31:0 value;
    }

    /// Unused for a fill.
    CP_DMA_PIO_SRC_ADDR_HI(u32) @ 0x30194 {
        31:0 value;
    }

    /// Where to, in the memory controller's addresses.
    CP_DMA_PIO_DST_ADDR(u32) @ 0x30198 {
        31:0 value;
    }

    /// Upper part of that.
    CP_DMA_PIO_DST_ADDR_HI(u32) @ 0x3019c {
        31:0 value;
    }

    /// How full the queue of transfers is.
    CP_DMA_CNTL(u32) @ 0x30228 {
        31:31 pio_full => bool;
    }

    /// Length and kind of a transfer; a write starts it.
    CP_DMA_PIO_COMMAND(u32) @ 0x303a0 {
        31:0 value;
    }
}

/// A fill: source is data, both sides uncached.
const CONTROL_FILL: u32 = 0x40c0_0c00;
/// A fill: source does not advance and is a register. The length in bytes is in bits 20:0.
const COMMAND_FILL: u32 = 0x5400_0000;
/// Bytes in one transfer: the largest power of two that the length holds.
const CHUNK: u64 = 1 << 20;
/// How long a transfer may take, ten times what the C driver allows (section 4.13).
const LIMIT: Delta = Delta::from_millis(50);
/// How often progress is looked at.
const POLL: Delta = Delta::from_micros(20);

/// Fills `size` bytes of video memory from `offset` with a dword. Both are multiples of [`CHUNK`], as framebuffer ranges
/// are.
///
/// # Errors
///
/// `ETIMEDOUT` if the card does not get on.
pub(crate) fn fill(mmio: &Mmio<'_>, offset: u64, size: u64, dword: u32) -> Result {
    let base = vram::mc_base(mmio);
    mmio.write_reg(CP_DMA_PIO_CONTROL::from(CONTROL_FILL));
    mmio.write_reg(CP_DMA_PIO_SRC_ADDR::from(dword));
    mmio.write_reg(CP_DMA_PIO_SRC_ADDR_HI::from(0));
    for at in (offset..offset.saturating_add(size)).step_by(CHUNK as usize) {
        wait(|| !mmio.read(CP_DMA_CNTL).pio_full())?;
        let address = base + at;
        mmio.write_reg(CP_DMA_PIO_DST_ADDR::from(address as u32));
        mmio.write_reg(CP_DMA_PIO_DST_ADDR_HI::from((address >> 32) as u32));
        mmio.write_reg(CP_DMA_PIO_COMMAND::from(COMMAND_FILL | CHUNK as u32));
    }
    wait(|| {
        let stat = mmio.read(CP_STAT);
        !stat.cp_busy() && !stat.dma_busy()
    })
}

/// Waits until `done`, with a first look that costs no sleep.
fn wait(done: impl Fn() -> bool) -> Result {
    if done() {
        return Ok(());
    }
    time::spin(1_000);
    read_poll_timeout(|| Ok(done()), |done| *done, POLL, LIMIT).map(|_| ())
}
