// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The VBIOS: in the flash behind the SMC (section 3.3 of the hardware reference), and in the PCI expansion ROM.

use super::mmio::Mmio;
use crate::{
    gim_core::vbios,
    kernel_ext::pci::expansion_rom, //
};
use kernel::{
    device::Bound,
    io::{
        register,
        Io, //
    },
    pci,
    prelude::*,
};

register! {
    /// Address of SMC window 6.
    SMC_IND_INDEX_6(u32) @ 0x230 {
        31:0 address;
    }

    /// The register at the address of window 6.
    SMC_IND_DATA_6(u32) @ 0x234 {
        31:0 value;
    }
}

/// Byte address in the flash.
const ROM_INDEX: u32 = 0xc060_0010;
/// The dword there; counts the address up at each read.
const ROM_DATA: u32 = 0xc060_0014;

/// Sets the flash's address, in bytes, a multiple of 4; for [`next`].
pub(crate) fn seek(mmio: &Mmio<'_>, at: u32) {
    mmio.write_reg(SMC_IND_INDEX_6::from(ROM_INDEX));
    mmio.write_reg(SMC_IND_DATA_6::from(at));
    mmio.write_reg(SMC_IND_INDEX_6::from(ROM_DATA));
}

/// The flash's next dword: about 8 us.
pub(crate) fn next(mmio: &Mmio<'_>) -> u32 {
    mmio.read(SMC_IND_DATA_6).into()
}

/// Why there is no usable image.
#[derive(Clone, Copy)]
pub(crate) enum Error {
    /// The image is not what it should be.
    Image(vbios::Error),
    /// The kernel has no memory.
    Memory,
}

impl From<vbios::Error> for Error {
    fn from(e: vbios::Error) -> Self {
        Error::Image(e)
    }
}

impl From<kernel::alloc::AllocError> for Error {
    fn from(_: kernel::alloc::AllocError) -> Self {
        Error::Memory
    }
}

/// Sets the flash address to 0 and appends `dwords` dwords to `out`, which has room for them.
fn read_dwords(mmio: &Mmio<'_>, out: &mut KVVec<u8>, dwords: usize) -> Result<(), Error> {
    seek(mmio, 0);
    for _ in 0..dwords {
        out.extend_from_slice(&next(mmio).to_le_bytes(), GFP_KERNEL)?;
    }
    Ok(())
}

/// Reads the image from the flash and validates it: at most 255 times 512 bytes, about 140 ms for the usual 64 KB.
///
/// # Errors
///
/// See [`Error`].
pub(crate) fn read(mmio: &Mmio<'_>, vendor: u16, device: u16) -> Result<KVVec<u8>, Error> {
    let mut image = KVVec::new();
    read_dwords(mmio, &mut image, vbios::HEADER_LEN / 4)?;
    let len = vbios::length(&image)?;
    image.clear();
    image.reserve(len, GFP_KERNEL)?;
    read_dwords(mmio, &mut image, len / 4)?;
    vbios::Image::new(&image, vendor, device)?;
    Ok(image)
}

/// Reads the image from the PCI expansion ROM and validates it.
///
/// # Errors
///
/// `EINVAL` if there is none that is good, `ENOMEM`.
pub(crate) fn read_expansion_rom(dev: &pci::Device<Bound>) -> Result<KVVec<u8>> {
    let mut image = expansion_rom(dev)?;
    let len = vbios::length(&image).map_err(|_| EINVAL)?;
    image.truncate(len);
    vbios::Image::new(&image, dev.vendor_id().as_raw(), dev.device_id()).map_err(|_| EINVAL)?;
    Ok(image)
}
