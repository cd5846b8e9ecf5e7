// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Validation of the VBIOS image read from the card's flash.
//!
//! Pure parsing of bytes nobody vouches for; may not read the card. Layout: section 4.2 of the hardware reference.

use core::fmt;

/// Bytes of the image that [`length`] needs.
pub const HEADER_LEN: usize = 4;

const SIGNATURE: [u8; 2] = [0x55, 0xaa];
/// Unit of the length byte.
const BLOCK: usize = 512;
/// Offset of the pointer to the PCI data structure (PCI firmware specification).
const PCIR_POINTER: usize = 0x18;
/// Length of a PCI data structure of revision 0.
const PCIR_LEN: usize = 0x18;
/// Offset of the image's length in it, in blocks.
const PCIR_IMAGE_LEN: usize = 0x10;
/// Offset of ATI's own signature.
const ATI_OFFSET: usize = 0x30;
const ATI_SIGNATURE: [u8; 10] = *b" 761295520";
/// Offset of the pointer to the ATOM ROM header.
const ATOM_POINTER: usize = 0x48;
/// Length of the part of the ATOM ROM header that holds the table pointers.
const ATOM_LEN: usize = 0x22;

/// Why an image is not usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The first two bytes are not 55 aa.
    Signature {
        /// What is there.
        seen: [u8; 2],
    },
    /// The length byte is zero.
    Empty,
    /// The image says it is longer than what was read.
    Truncated {
        /// Length in bytes the image has according to its header.
        says: usize,
        /// Bytes at hand.
        have: usize,
    },
    /// The bytes do not sum up to 0.
    Checksum {
        /// Their sum modulo 256.
        sum: u8,
    },
    /// A structure lies outside the image.
    Outside {
        /// Its name.
        what: &'static str,
        /// Where its pointer points.
        offset: usize,
    },
    /// A structure does not start with its signature.
    Structure {
        /// Its name.
        what: &'static str,
        /// Where it was looked for.
        offset: usize,
    },
    /// The image says of itself that it is longer than the image in the PCI data structure.
    Lengths {
        /// Length in bytes according to the header.
        header: usize,
        /// Length in bytes according to the PCI data structure.
        pcir: usize,
    },
    /// The image is for another device.
    Device {
        /// PCI vendor id in the image.
        vendor: u16,
        /// PCI device id in the image.
        device: u16,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Error::Signature { seen: [0xff, 0xff] } => {
                f.write_str("it reads as ff: flash empty, or the card does not answer")
            }
            Error::Signature { seen: [a, b] } => {
                write!(f, "it starts with {a:02x} {b:02x} instead of 55 aa")
            }
            Error::Empty => f.write_str("its length byte is 0"),
            Error::Truncated { says, have } => {
                write!(f, "its header says {says} bytes, {have} are there")
            }
            Error::Checksum { sum } => write!(f, "its bytes sum up to {sum:#04x} instead of 0"),
            Error::Outside { what, offset } => {
                write!(f, "its {what} at {offset:#x} lies outside the image")
            }
            Error::Structure { what, offset } => {
                write!(f, "there is no {what} at {offset:#x}")
            }
            Error::Lengths { header, pcir } => write!(
                f,
                "its header says {header} bytes, its PCI data structure {pcir}"
            ),
            Error::Device { vendor, device } => {
                write!(f, "it is for device {vendor:04x}:{device:04x}")
            }
        }
    }
}

/// Length in bytes that an image has according to its first [`HEADER_LEN`] bytes: at most 255 times 512.
///
/// # Errors
///
/// [`Error::Signature`], [`Error::Empty`], or [`Error::Truncated`] for less than [`HEADER_LEN`] bytes.
pub fn length(header: &[u8]) -> Result<usize, Error> {
    let &[a, b, blocks, ..] = header else {
        return Err(Error::Truncated {
            says: HEADER_LEN,
            have: header.len(),
        });
    };
    if [a, b] != SIGNATURE {
        return Err(Error::Signature { seen: [a, b] });
    }
    if blocks == 0 {
        return Err(Error::Empty);
    }
    Ok(usize::from(blocks).saturating_mul(BLOCK))
}

/// A validated image.
#[derive(Clone, Copy, Debug)]
pub struct Image<'a> {
    bytes: &'a [u8],
    pcir: usize,
    atom: usize,
}

impl<'a> Image<'a> {
    /// Validates everything that later readers rely on; `bytes` may be longer than the image.
    ///
    /// # Errors
    ///
    /// See [`Error`]; [`Error::Device`] unless the PCI data structure names `vendor` and `device`.
    pub fn new(bytes: &'a [u8], vendor: u16, device: u16) -> Result<Self, Error> {
        let says = length(bytes)?;
        let bytes = bytes.get(..says).ok_or(Error::Truncated {
            says,
            have: bytes.len(),
        })?;
        let sum = bytes.iter().fold(0u8, |sum, b| sum.wrapping_add(*b));
        if sum != 0 {
            return Err(Error::Checksum { sum });
        }
        if bytes
            .get(ATI_OFFSET..)
            .and_then(|b| b.get(..ATI_SIGNATURE.len()))
            != Some(&ATI_SIGNATURE)
        {
            return Err(Error::Structure {
                what: "ATI signature",
                offset: ATI_OFFSET,
            });
        }
        let pcir = structure(
            bytes,
            PCIR_POINTER,
            PCIR_LEN,
            0,
            "PCI data structure",
            b"PCIR",
        )?;
        let atom = structure(bytes, ATOM_POINTER, ATOM_LEN, 4, "ATOM ROM header", b"ATOM")?;
        let image = Self { bytes, pcir, atom };
        // The header's length may be the shorter one: it counts what has to be in memory, not what is in the flash.
        let in_pcir =
            usize::from(image.u16_at(pcir.saturating_add(PCIR_IMAGE_LEN))).saturating_mul(BLOCK);
        if says > in_pcir {
            return Err(Error::Lengths {
                header: says,
                pcir: in_pcir,
            });
        }
        let seen = (
            image.u16_at(pcir.saturating_add(4)),
            image.u16_at(pcir.saturating_add(6)),
        );
        if seen != (vendor, device) {
            return Err(Error::Device {
                vendor: seen.0,
                device: seen.1,
            });
        }
        Ok(image)
    }

    /// The image, without what followed it in the flash.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Revision of the code: major, minor (bytes 0x13 and 0x12 of the PCI data structure).
    pub fn revision(&self) -> (u8, u8) {
        let [minor, major] = self.u16_at(self.pcir.saturating_add(0x12)).to_le_bytes();
        (major, minor)
    }

    /// Offset of the ATOM ROM header, which lies wholly inside the image.
    pub fn atom_header(&self) -> usize {
        self.atom
    }

    fn u16_at(&self, offset: usize) -> u16 {
        u16_at(self.bytes, offset).unwrap_or(0)
    }
}

fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    let b = bytes.get(offset..)?.get(..2)?;
    Some(u16::from_le_bytes(b.try_into().ok()?))
}

/// Offset of the structure whose 16-bit pointer is at `pointer`, if its `len` bytes lie in the image and its signature
/// is `skip` bytes into it.
fn structure(
    bytes: &[u8],
    pointer: usize,
    len: usize,
    skip: usize,
    what: &'static str,
    signature: &[u8; 4],
) -> Result<usize, Error> {
    let offset = usize::from(u16_at(bytes, pointer).unwrap_or(0));
    let body = bytes
        .get(offset..)
        .and_then(|b| b.get(..len))
        .ok_or(Error::Outside { what, offset })?;
    if offset == 0 || !body.get(skip..).is_some_and(|b| b.starts_with(signature)) {
        return Err(Error::Structure { what, offset });
    }
    Ok(offset)
}

#[cfg(test)]
#[path = "vbios_tests.rs"]
mod tests;
