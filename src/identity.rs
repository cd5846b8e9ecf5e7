// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What card this is, for people: nothing is decided by it.

use crate::{
    gim_core::{
        atom::{
            data::{
                FirmwareInfo,
                Version, //
            },
            strings::{
                self,
                BuildDate, //
            },
            Tables,
        },
        vbios::Image,
    },
    hw::{
        mmio::Mmio,
        sensors, //
    },
};
use kernel::{
    device::Bound,
    pci,
    prelude::*, //
};

/// Serial number of the chip, and what the VBIOS says of itself.
pub(crate) struct Identity {
    pub(crate) serial_number: [u64; 2],
    pub(crate) vbios_version: Option<Version>,
    pub(crate) vbios_part_number: PartNumber,
    pub(crate) vbios_date: Option<BuildDate>,
}

/// A part number, as much of it as fits; empty if there is none.
pub(crate) struct PartNumber {
    bytes: [u8; 64],
    len: usize,
}

impl PartNumber {
    fn new(text: &str) -> Self {
        let mut bytes = [0; 64];
        let len = text.len().min(bytes.len());
        bytes[..len].copy_from_slice(&text.as_bytes()[..len]);
        Self { bytes, len }
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        // Only ASCII is taken from an image.
        core::str::from_utf8(&self.bytes[..self.len]).unwrap_or("")
    }
}

impl Identity {
    /// Of a card with this VBIOS, which was validated. For probe, before there is a worker.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the image is not valid.
    pub(crate) fn new(dev: &pci::Device<Bound>, mmio: &Mmio<'_>, vbios: &[u8]) -> Result<Self> {
        let image =
            Image::new(vbios, dev.vendor_id().as_raw(), dev.device_id()).map_err(|_| EINVAL)?;
        let info = Tables::new(&image).and_then(|tables| FirmwareInfo::new(&tables));
        Ok(Self {
            serial_number: sensors::serial_number(mmio),
            vbios_version: info.ok().map(|info| info.version),
            vbios_part_number: PartNumber::new(strings::part_number(&image).unwrap_or("")),
            vbios_date: strings::build_date(&image),
        })
    }
}
