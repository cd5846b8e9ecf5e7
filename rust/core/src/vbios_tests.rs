// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Tests of the VBIOS validation: each defect is named, and nothing in the bytes can make it panic.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing
)]

use super::*;
use proptest::prelude::*;

const PCIR: usize = 0x200;
const ATOM: usize = 0x240;

fn image() -> Vec<u8> {
    let mut b = vec![0u8; 4 * BLOCK];
    b[..3].copy_from_slice(&[0x55, 0xaa, 4]);
    b[0x18..0x1a].copy_from_slice(&(PCIR as u16).to_le_bytes());
    b[0x30..0x3a].copy_from_slice(&ATI_SIGNATURE);
    b[0x48..0x4a].copy_from_slice(&(ATOM as u16).to_le_bytes());
    b[PCIR..PCIR + 8].copy_from_slice(b"PCIR\x02\x10\x29\x69");
    b[PCIR + 0x10] = 4;
    b[PCIR + 0x12..PCIR + 0x14].copy_from_slice(&[0x1f, 0x0f]);
    b[ATOM + 4..ATOM + 8].copy_from_slice(b"ATOM");
    sum_up(b)
}

fn sum_up(mut b: Vec<u8>) -> Vec<u8> {
    let sum = b.iter().fold(0u8, |s, x| s.wrapping_add(*x));
    let last = b.len() - 1;
    b[last] = b[last].wrapping_sub(sum);
    b
}

/// The image with some bytes replaced and the checksum right again.
fn with(offset: usize, bytes: &[u8]) -> Vec<u8> {
    let mut b = image();
    b[offset..offset + bytes.len()].copy_from_slice(bytes);
    sum_up(b)
}

fn check(b: &[u8]) -> Result<(), Error> {
    Image::new(b, 0x1002, 0x6929).map(|_| ())
}

#[test]
fn a_good_image() {
    let mut b = image();
    b.extend([0xff; 700]);
    let i = Image::new(&b, 0x1002, 0x6929).unwrap();
    assert_eq!(
        (i.bytes().len(), i.revision(), i.atom_header()),
        (4 * BLOCK, (0x0f, 0x1f), ATOM)
    );
}

#[test]
fn each_defect_is_named() {
    let cases = [
        (
            with(0, &[0xff, 0xff]),
            "it reads as ff: flash empty, or the card does not answer",
        ),
        (with(1, &[0xab]), "it starts with 55 ab instead of 55 aa"),
        (with(2, &[0]), "its length byte is 0"),
        (with(2, &[5]), "its header says 2560 bytes, 2048 are there"),
        (
            with(0x18, &[0xff, 0xff]),
            "its PCI data structure at 0xffff lies outside the image",
        ),
        (
            with(0x18, &[0xe9, 0x07]),
            "its PCI data structure at 0x7e9 lies outside the image",
        ),
        (with(0x18, &[0, 0]), "there is no PCI data structure at 0x0"),
        (with(PCIR, b"X"), "there is no PCI data structure at 0x200"),
        (
            with(PCIR + 0x10, &[3]),
            "its header says 2048 bytes, its PCI data structure 1536",
        ),
        (with(PCIR + 4, &[0xde, 0x10]), "it is for device 10de:6929"),
        (with(PCIR + 6, &[0x38]), "it is for device 1002:6938"),
        (with(0x30, b"-"), "there is no ATI signature at 0x30"),
        (
            with(0x48, &[0xff, 0x07]),
            "its ATOM ROM header at 0x7ff lies outside the image",
        ),
        (with(ATOM + 4, b"M"), "there is no ATOM ROM header at 0x240"),
    ];
    for (bytes, text) in cases {
        assert_eq!(check(&bytes).unwrap_err().to_string(), text);
    }
    let mut b = image();
    b[0x100] ^= 1;
    assert_eq!(
        check(&b).unwrap_err().to_string(),
        "its bytes sum up to 0x01 instead of 0"
    );
    assert_eq!(
        check(&image()[..3]),
        Err(Error::Truncated {
            says: 2048,
            have: 3
        })
    );
    assert_eq!(check(&[]), Err(Error::Truncated { says: 4, have: 0 }));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(mut b in proptest::collection::vec(any::<u8>(), 0..3000), signed in any::<bool>()) {
        if signed && b.len() > 2 {
            b[..2].copy_from_slice(&SIGNATURE);
        }
        let _ = check(&b);
    }

    #[test]
    fn any_changed_byte_is_noticed(offset in 0usize..4 * BLOCK, xor in 1u8..) {
        let mut b = image();
        b[offset] ^= xor;
        prop_assert!(check(&b).is_err());
    }

    #[test]
    fn any_pointers_stay_inside(pcir in any::<u16>(), atom in any::<u16>()) {
        let mut b = with(0x18, &pcir.to_le_bytes());
        b[0x48..0x4a].copy_from_slice(&atom.to_le_bytes());
        if let Ok(i) = Image::new(&sum_up(b), 0x1002, 0x6929) {
            prop_assert!(i.atom_header() + ATOM_LEN <= i.bytes().len());
        }
    }
}
