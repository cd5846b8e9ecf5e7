// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Video memory (section 3.1 of the hardware reference).

use super::mmio::Mmio;
use kernel::io::{
    register,
    Io, //
};

register! {
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
