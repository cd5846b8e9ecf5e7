// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Firmware for SR-IOV: which pieces of the flash go to the card's reserved memory, and what an optional file replaces.
//!
//! Decides and checks; may not read the flash or write to the card. Section 4.4 of the hardware reference.
//!
//! The file ([`FILE_NAME`], asked for with `request_firmware`) is no part of this project; docs/firmware.md has
//! its layout.

use super::data::{GpuVirt, Piece};
use super::tables::{Tables, COMMAND_LEN};
use super::vbios;
use core::cmp::Ordering;
use core::fmt;

/// Name of the file below the system's firmware folder.
pub const FILE_NAME: &str = "gim/tonga_sriov.bin";

/// Command table `smc_init`.
pub const SMC_INIT: u8 = 0x1d;

/// Bytes of the reserved memory that firmware may take: the SMU's own memory begins behind them.
pub const RESERVED_BYTES: u32 = 0x10_0000;

/// Offset of the version in the SMU's firmware, in bytes.
const SMC_VERSION: u32 = 0x14;
/// Offset of the version in the RLC-V's firmware, in bytes.
const RLCV_VERSION: u32 = 0;

/// What is wrong with the file, or with replacing a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The file ends within its two tables, or these are too short.
    Header,
    /// A piece does not lie inside the file, or is too short for its version.
    Piece {
        /// Which.
        what: &'static str,
    },
    /// A piece does not fit the reserved memory at the place that the flash gives it.
    Reserved {
        /// Which.
        what: &'static str,
    },
    /// The image lacks the table that the file replaces, or it is wrong.
    Table(vbios::Error),
    /// The image has no room for a table of so many bytes.
    Room {
        /// The bytes.
        size: usize,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Header => f.write_str("it does not begin with smc_init and gpu_virt"),
            Error::Piece { what } => write!(f, "its {what} is not inside it"),
            Error::Reserved { what } => {
                write!(f, "{what} does not fit the card's reserved memory")
            }
            Error::Table(e) => write!(f, "VBIOS has no table to replace: {e}"),
            Error::Room { size } => write!(f, "VBIOS has no room for a table of {size:#x} bytes"),
        }
    }
}

fn u32_at(bytes: &[u8], offset: u32) -> Option<u32> {
    let b = bytes.get(usize::try_from(offset).ok()?..)?.first_chunk()?;
    Some(u32::from_le_bytes(*b))
}

fn u16_at(bytes: &[u8], offset: usize) -> Option<usize> {
    let b = bytes.get(offset..)?.first_chunk()?;
    Some(usize::from(u16::from_le_bytes(*b)))
}

/// A firmware file whose pieces lie inside it.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    smc_init: &'a [u8],
    pieces: GpuVirt,
    versions: Versions,
}

/// Versions of firmware; the larger is the newer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// The SMU's.
    pub smc: u32,
    /// The RLC-V's.
    pub rlcv: u32,
}

/// Where the versions are in a flash that `gpu_virt` describes: byte offsets of two dwords, the SMU's and the RLC-V's.
///
/// `None` if there is no such firmware.
pub fn version_offsets(flash: &GpuVirt) -> Option<(u32, u32)> {
    let at = |piece: Piece, offset: u32| {
        (piece.len > offset.saturating_add(3)).then(|| piece.start.checked_add(offset))?
    };
    Some((at(flash.smc, SMC_VERSION)?, at(flash.rlcv, RLCV_VERSION)?))
}

impl<'a> File<'a> {
    /// Checks a file.
    ///
    /// # Errors
    ///
    /// [`Error::Header`], [`Error::Piece`].
    pub fn new(bytes: &'a [u8]) -> Result<Self, Error> {
        let size = u16_at(bytes, 0).ok_or(Error::Header)?;
        let smc_init = bytes
            .get(..size)
            .filter(|b| b.len() > COMMAND_LEN)
            .ok_or(Error::Header)?;
        let pieces = bytes
            .get(size..)
            .and_then(GpuVirt::from_bytes)
            .ok_or(Error::Header)?;
        for (what, piece) in pieces.named() {
            let inside = piece
                .start
                .checked_add(piece.len)
                .and_then(|end| usize::try_from(end).ok())
                .is_some_and(|end| end <= bytes.len());
            if !inside {
                return Err(Error::Piece { what });
            }
        }
        let (smc, rlcv) = version_offsets(&pieces).ok_or(Error::Piece { what: "version" })?;
        let version = |at| u32_at(bytes, at).ok_or(Error::Piece { what: "version" });
        Ok(Self {
            smc_init,
            versions: Versions {
                smc: version(smc)?,
                rlcv: version(rlcv)?,
            },
            pieces,
        })
    }

    /// The command table that replaces the image's smc_init.
    pub fn smc_init(&self) -> &'a [u8] {
        self.smc_init
    }

    /// Versions of the firmware in it.
    pub fn versions(&self) -> Versions {
        self.versions
    }
}

/// Where a piece comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The card's flash.
    Flash,
    /// The firmware file.
    File,
}

/// A piece to bring to the reserved memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// What it is.
    pub what: &'static str,
    /// Where it comes from.
    pub source: Source,
    /// Where it is there, in bytes; a file has all of it.
    pub piece: Piece,
    /// Where it goes: byte offset in the reserved memory, the same as in the flash. It fits.
    pub to: u32,
}

/// Most pieces of a [`Plan`].
const LOADS: usize = 8;

/// What to load, in order; later pieces may overwrite earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    loads: [Option<Load>; LOADS],
    /// Whether the file's smc_init has to replace the image's ([`replace`]).
    pub replaces_smc_init: bool,
}

impl Plan {
    /// Decides what comes from the flash and what from the file, if there is one.
    ///
    /// The file's SMU and RLC-V firmware are taken when they are newer than the flash's (`flash_versions`, read at
    /// [`version_offsets`]), its table of contents whenever the flash has one too. With any of them goes its smc_init.
    ///
    /// # Errors
    ///
    /// [`Error::Reserved`]: with a file it may help to do without it.
    pub fn new(
        flash: &GpuVirt,
        flash_versions: Versions,
        file: Option<&File<'_>>,
    ) -> Result<Self, Error> {
        let mut plan = Self {
            loads: [None; LOADS],
            replaces_smc_init: false,
        };
        let mut slots = plan.loads.iter_mut();
        let mut load = |what, source, piece: Piece, to: u32| {
            if piece.len == 0 {
                return Ok(());
            }
            let fits = to
                .checked_add(piece.len)
                .is_some_and(|end| end <= RESERVED_BYTES);
            match slots.next() {
                Some(slot) if fits => {
                    *slot = Some(Load {
                        what,
                        source,
                        piece,
                        to,
                    });
                    Ok(())
                }
                _ => Err(Error::Reserved { what }),
            }
        };
        let newer = file.map(|file| {
            [
                file.versions.smc > flash_versions.smc && flash.smc.len > 0,
                file.versions.rlcv > flash_versions.rlcv && flash.rlcv.len > 0,
                flash.toc.start != 0 && file.pieces.toc.len > 0,
                false,
            ]
        });
        let theirs = file.map_or(*flash, |file| file.pieces).loadable();
        for (((what, own), (_, other)), newer) in flash
            .loadable()
            .into_iter()
            .zip(theirs)
            .zip(newer.unwrap_or_default())
        {
            // The flash is slow: it is only read where something of it stays.
            if !newer || other.len < own.len {
                load(what, Source::Flash, own, own.start)?;
            }
            if newer {
                load(what, Source::File, other, own.start)?;
            }
        }
        plan.replaces_smc_init = newer.is_some_and(|newer| newer.contains(&true));
        Ok(plan)
    }

    /// What to load, in order.
    pub fn loads(&self) -> impl Iterator<Item = &Load> {
        self.loads.iter().flatten()
    }
}

/// Replaces a command table of an image, in a copy of it, and makes the sum of its bytes right again.
///
/// The new table takes the old one's place if that is large enough, or else room before the last byte of the image that
/// has nothing but ff: the old table's neighbours stay.
///
/// # Errors
///
/// [`Error::Table`], [`Error::Room`], and [`Error::Header`] for a table without code; `image` is unchanged then.
pub fn replace(
    image: &mut [u8],
    vendor: u16,
    device: u16,
    index: u8,
    table: &[u8],
) -> Result<(), Error> {
    let size = table.len();
    if size <= COMMAND_LEN || u16_at(table, 0) != Some(size) {
        return Err(Error::Header);
    }
    let parsed = vbios::Image::new(image, vendor, device).map_err(Error::Table)?;
    let tables = Tables::new(&parsed).map_err(Error::Table)?;
    let missing = vbios::Error::Structure {
        what: "command table",
        offset: 0,
    };
    let old = tables
        .command(index)
        .and_then(|old| old.ok_or(missing))
        .map_err(Error::Table)?;
    let pointer = tables.command_pointer(index).ok_or(Error::Table(missing))?;
    let last = parsed.bytes().len().saturating_sub(1);
    let no_room = Error::Room { size };
    // Where the byte goes that makes the sum right: one that nobody reads.
    let (at, spare) = match size.cmp(&old.size) {
        Ordering::Less => (old.offset, old.offset.saturating_add(size)),
        Ordering::Equal => (old.offset, last),
        Ordering::Greater => {
            // The last byte may be there for the sum already.
            let used = parsed
                .bytes()
                .iter()
                .take(last)
                .rposition(|b| *b != 0xff)
                .map_or(0, |at| at.saturating_add(1));
            if last.saturating_sub(used) < size {
                return Err(no_room);
            }
            (used, last)
        }
    };
    let offset = u16::try_from(at).map_err(|_| no_room)?;
    for (at, bytes) in [(pointer, &offset.to_le_bytes()[..]), (at, table)] {
        image
            .get_mut(at..)
            .and_then(|b| b.get_mut(..bytes.len()))
            .ok_or(no_room)?
            .copy_from_slice(bytes);
    }
    let sum = image
        .iter()
        .take(last.saturating_add(1))
        .fold(0u8, |sum, b| sum.wrapping_add(*b));
    if let Some(spare) = image.get_mut(spare) {
        *spare = spare.wrapping_sub(sum);
    }
    Ok(())
}

#[cfg(test)]
#[path = "firmware_tests.rs"]
mod tests;
