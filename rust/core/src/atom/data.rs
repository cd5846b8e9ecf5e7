// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Data tables that the driver reads.
//!
//! May not touch the card. Numbers and layout: sections 4.2 and 4.4 of the hardware reference.

use super::tables::Tables;
use super::vbios::Error;
use core::fmt;

/// Number of the table `firmware_info`.
const FIRMWARE_INFO: u8 = 0x04;
/// Number of the table `gpu_virt`, which makes a VBIOS one for SR-IOV.
const GPU_VIRT: u8 = 0x10;
/// Its least length in bytes.
const GPU_VIRT_LEN: usize = 0x30;
/// Number of the table `indirect_io`.
pub(super) const INDIRECT_IO: u8 = 0x17;

fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    bytes
        .get(offset..)
        .and_then(|b| b.first_chunk())
        .map_or(0, |b| u32::from_le_bytes(*b))
}

/// What `firmware_info` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirmwareInfo {
    /// The VBIOS version; shown as a.b.c.d, most significant byte first.
    pub version: Version,
    /// Default engine clock (sclk) in 10 kHz.
    pub sclk_10khz: u32,
    /// Default memory clock (mclk) in 10 kHz.
    pub mclk_10khz: u32,
}

/// Version of a VBIOS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version(pub u32);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = self.0.to_be_bytes();
        write!(f, "{a}.{b}.{c}.{d}")
    }
}

impl FirmwareInfo {
    /// Reads the table.
    ///
    /// # Errors
    ///
    /// [`Error::Structure`] if there is none or it is too short, [`Error::Outside`] if it is not inside the image.
    pub fn new(tables: &Tables<'_>) -> Result<Self, Error> {
        let what = "firmware info";
        let data = tables
            .data(FIRMWARE_INFO, what, 0x10)?
            .ok_or(Error::Structure { what, offset: 0 })?;
        Ok(Self {
            version: Version(u32_at(data.bytes, 4)),
            sclk_10khz: u32_at(data.bytes, 8),
            mclk_10khz: u32_at(data.bytes, 0xc),
        })
    }
}

/// A piece of the flash: byte offset and length. Nothing says that the flash really has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Offset in the flash in bytes.
    pub start: u32,
    /// Length in bytes; 0 if there is none.
    pub len: u32,
}

/// What `gpu_virt` says: where the flash keeps the firmware that SR-IOV needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GpuVirt {
    /// Firmware of the memory controller.
    pub mc: Piece,
    /// Firmware of the SMU.
    pub smc: Piece,
    /// Firmware of the RLC-V.
    pub rlcv: Piece,
    /// Table of contents of further microcode.
    pub toc: Piece,
    /// Microcode patches.
    pub patch: Piece,
    /// 1 if smc_init also loads the table of contents and the RLC-V.
    pub sys_flag: u32,
}

impl GpuVirt {
    /// Reads the table; `None` if the VBIOS has none, that is if it knows no SR-IOV.
    ///
    /// # Errors
    ///
    /// [`Error::Structure`] if it is too short, [`Error::Outside`] if it is not inside the image.
    pub fn new(tables: &Tables<'_>) -> Result<Option<Self>, Error> {
        Ok(tables
            .data(GPU_VIRT, "GPU virtualization info", GPU_VIRT_LEN)?
            .map(|data| Self::read(data.bytes)))
    }

    /// Reads the table as a firmware file has it; `None` if the bytes end within it or it says that it is shorter.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let size = u16::from_le_bytes(*bytes.first_chunk()?);
        (bytes.len() >= GPU_VIRT_LEN && usize::from(size) >= GPU_VIRT_LEN)
            .then(|| Self::read(bytes))
    }

    fn read(bytes: &[u8]) -> Self {
        let piece = |offset: usize| Piece {
            start: u32_at(bytes, offset),
            len: u32_at(bytes, offset.saturating_add(4)),
        };
        Self {
            mc: piece(0x04),
            smc: piece(0x0c),
            rlcv: piece(0x14),
            toc: piece(0x1c),
            patch: piece(0x24),
            sys_flag: u32_at(bytes, 0x2c),
        }
    }

    /// The pieces that go to the reserved memory, with their names.
    pub(super) fn loadable(&self) -> [(&'static str, Piece); 4] {
        [
            ("SMU firmware", self.smc),
            ("RLC-V firmware", self.rlcv),
            ("table of contents", self.toc),
            ("microcode patch", self.patch),
        ]
    }

    /// All pieces with their names.
    pub(super) fn named(&self) -> impl Iterator<Item = (&'static str, Piece)> {
        self.loadable()
            .into_iter()
            .chain([("MC firmware", self.mc)])
    }
}
