// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Video memory: whether it is there, where it is, and a window into it (sections 3.1 and 3.2 of the hardware reference).

use super::mmio::Mmio;
use kernel::io::{
    register,
    Io, //
};

register! {
    /// What MM_DATA shows: a byte offset, and whether in video memory or in the registers.
    MM_INDEX(u32) @ 0x0 {
        31:31 aper => bool;
        30:0 offset;
    }

    /// The dword there.
    MM_DATA(u32) @ 0x4 {
        31:0 value;
    }

    /// Bits of the offset above those in MM_INDEX.
    MM_INDEX_HI(u32) @ 0x18 {
        31:0 offset;
    }

    /// Where video memory is among the memory controller's addresses, in units of 16 MB.
    MC_VM_FB_LOCATION(u32) @ 0x2024 {
        31:16 fb_top;
        15:0 fb_base;
    }

    /// Size of the video memory in MB; set by the VBIOS post.
    CONFIG_MEMSIZE(u32) @ 0x5428 {
        31:0 mb;
    }
}

/// What the card says of its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Posted {
    /// The VBIOS has run.
    Yes,
    /// The VBIOS has not run since power-on or reset.
    No,
    /// All bits are set: the card does not answer.
    Gone,
}

/// Whether the VBIOS has initialised the card.
pub(crate) fn posted(mmio: &Mmio<'_>) -> Posted {
    match u32::from(mmio.read(CONFIG_MEMSIZE)) {
        0 => Posted::No,
        u32::MAX => Posted::Gone,
        _ => Posted::Yes,
    }
}

/// Lets the card say that its VBIOS has not run.
pub(crate) fn forget(mmio: &Mmio<'_>) {
    mmio.write_reg(CONFIG_MEMSIZE::from(0));
}

/// The memory controller's address of the first byte of video memory.
pub(crate) fn mc_base(mmio: &Mmio<'_>) -> u64 {
    u64::from(u32::from(mmio.read(MC_VM_FB_LOCATION).fb_base())) << 24
}

/// Shows the dword of video memory at a byte offset in MM_DATA.
fn show(mmio: &Mmio<'_>, offset: u64) {
    mmio.write_reg(MM_INDEX_HI::from((offset >> 31) as u32));
    mmio.write_reg(MM_INDEX::from(1 << 31 | offset as u32 & 0x7fff_fffc));
}

/// Reads a dword of video memory at a byte offset, a multiple of 4. For the worker alone: the window is one for all.
pub(crate) fn read(mmio: &Mmio<'_>, offset: u64) -> u32 {
    show(mmio, offset);
    mmio.read(MM_DATA).into()
}

/// Reads dwords from a byte offset on, a multiple of 4. For the worker alone, as [`read`].
pub(crate) fn read_into(mmio: &Mmio<'_>, offset: u64, dwords: &mut [u32]) {
    for (dword, at) in dwords.iter_mut().zip((offset..).step_by(4)) {
        *dword = read(mmio, at);
    }
}

/// Writes dwords from a byte offset on, a multiple of 4. For the worker alone, as [`read`].
pub(crate) fn write(mmio: &Mmio<'_>, offset: u64, dwords: &[u32]) {
    for (dword, at) in dwords.iter().zip((offset..).step_by(4)) {
        show(mmio, at);
        mmio.write_reg(MM_DATA::from(*dword));
    }
}
