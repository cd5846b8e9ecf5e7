// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Tests of the firmware file, of what is loaded from where, and of replacing a table in an image.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing
)]

use super::super::test_image::{Builder, LEN};
use super::super::vbios::Image;
use super::*;
use proptest::prelude::*;

const SMC_INIT_LEN: usize = 0x20;
const SMC_AT: u32 = 0x50;

fn table(size: usize) -> Vec<u8> {
    let mut b = vec![0x5b; size];
    b[..6].copy_from_slice(&[size as u8, (size >> 8) as u8, 2, 1, 0x0c, 4]);
    b
}

fn piece(start: u32, len: u32) -> Piece {
    Piece { start, len }
}

/// A file with versions 9 (SMU) and 7 (RLC-V).
fn file() -> Vec<u8> {
    let mut b = table(SMC_INIT_LEN);
    b.extend([0x30, 0, 2, 1]);
    for dword in [0, 0, SMC_AT, 0x40, 0x90, 0x10, 0xa0, 0x10, 0, 0, 0u32] {
        b.extend(dword.to_le_bytes());
    }
    b.resize(0xb0, 0);
    b[0x50 + 0x14] = 9;
    b[0x90] = 7;
    b
}

fn flash() -> GpuVirt {
    GpuVirt {
        mc: piece(0, 0),
        smc: piece(0x20000, 0x40),
        rlcv: piece(0x44008, 0x10),
        toc: piece(0x50000, 0x20),
        patch: piece(0, 0),
        sys_flag: 1,
    }
}

fn plan(smc: u32, rlcv: u32, with_file: bool) -> (Vec<(Source, u32, u32)>, bool) {
    let bytes = file();
    let file = File::new(&bytes).unwrap();
    let plan = Plan::new(&flash(), Versions { smc, rlcv }, with_file.then_some(&file)).unwrap();
    let loads = plan
        .loads()
        .map(|load| (load.source, load.piece.start, load.to))
        .collect();
    (loads, plan.replaces_smc_init)
}

#[test]
fn a_file_is_read() {
    let bytes = file();
    let file = File::new(&bytes).unwrap();
    assert_eq!(file.smc_init().len(), SMC_INIT_LEN);
    assert_eq!(file.versions(), Versions { smc: 9, rlcv: 7 });
}

#[test]
fn a_file_whose_pieces_are_not_inside_it_is_refused() {
    for (offset, value, text) in [
        (0, 0xff, "it does not begin with smc_init and gpu_virt"),
        (0, 0x06, "it does not begin with smc_init and gpu_virt"),
        (0x20, 0x2f, "it does not begin with smc_init and gpu_virt"),
        (0x2c, 0x71, "its SMU firmware is not inside it"),
        (0x2f, 0xff, "its SMU firmware is not inside it"),
        (0x30, 0x17, "its version is not inside it"),
        (0x38, 0x03, "its version is not inside it"),
    ] {
        let mut bytes = file();
        bytes[offset] = value;
        assert_eq!(File::new(&bytes).unwrap_err().to_string(), text);
    }
    // Start and length that add up to more than 32 bits.
    let mut bytes = file();
    bytes[0x2f] = 0xff;
    bytes[0x33] = 0xff;
    let what = "SMU firmware";
    assert_eq!(File::new(&bytes).unwrap_err(), Error::Piece { what });
    // A version and nothing else is enough.
    let mut bytes = file();
    bytes[0x38] = 4;
    assert!(File::new(&bytes).is_ok());
}

#[test]
fn without_a_file_everything_comes_from_the_flash() {
    let loads = vec![
        (Source::Flash, 0x20000, 0x20000),
        (Source::Flash, 0x44008, 0x44008),
        (Source::Flash, 0x50000, 0x50000),
    ];
    assert_eq!(plan(0, 0, false), (loads, false));
}

#[test]
fn what_is_newer_comes_from_the_file_to_the_place_of_the_flash() {
    // The table of contents always does; of the flash's, which is longer, the end stays.
    let toc = [
        (Source::Flash, 0x50000, 0x50000),
        (Source::File, 0xa0, 0x50000),
    ];
    let smc = |own| match own {
        true => (Source::File, SMC_AT, 0x20000),
        false => (Source::Flash, 0x20000, 0x20000),
    };
    let rlcv = |own| match own {
        true => (Source::File, 0x90, 0x44008),
        false => (Source::Flash, 0x44008, 0x44008),
    };
    for (versions, newer) in [
        ((8, 7), (true, false)),
        ((9, 6), (false, true)),
        ((0, 0), (true, true)),
        ((9, 7), (false, false)),
    ] {
        let mut loads = vec![smc(newer.0), rlcv(newer.1)];
        loads.extend(toc);
        assert_eq!(plan(versions.0, versions.1, true), (loads, true));
    }
}

#[test]
fn a_file_with_nothing_newer_leaves_smc_init() {
    let bytes = file();
    let flash = GpuVirt {
        toc: piece(0, 0),
        ..flash()
    };
    let plan = Plan::new(
        &flash,
        Versions { smc: 9, rlcv: 7 },
        Some(&File::new(&bytes).unwrap()),
    )
    .unwrap();
    assert!(!plan.replaces_smc_init);
    assert!(plan.loads().all(|load| load.source == Source::Flash));
}

#[test]
fn what_does_not_fit_the_reserved_memory_is_refused() {
    let at = |start, len| {
        let flash = GpuVirt {
            toc: piece(start, len),
            ..flash()
        };
        Plan::new(&flash, Versions { smc: 0, rlcv: 0 }, None).map(|_| ())
    };
    assert_eq!(at(RESERVED_BYTES - 0x20, 0x20), Ok(()));
    let refused = Err(Error::Reserved {
        what: "table of contents",
    });
    assert_eq!(at(RESERVED_BYTES - 0x20, 0x21), refused);
    assert_eq!(at(u32::MAX, 2), refused);
}

/// An image with smc_init of 0x20 bytes, a table behind it, and ff from 0x800 on.
fn image() -> Vec<u8> {
    let mut b = Builder::new();
    b.command(SMC_INIT, &[0x5a; 0x1a]);
    b.command(0x35, &[0x5b; 0x10]);
    b.put(0x800, &[0xff; LEN - 0x800]);
    b.build()
}

fn after(table: &[u8]) -> (usize, Vec<u8>) {
    let mut bytes = image();
    replace(&mut bytes, 0x1002, 0x6929, SMC_INIT, table).unwrap();
    let image = Image::new(&bytes, 0x1002, 0x6929).unwrap();
    let tables = Tables::new(&image).unwrap();
    let neighbour = tables.command(0x35).unwrap().unwrap();
    assert_eq!(neighbour.size, 0x16);
    let new = tables.command(SMC_INIT).unwrap().unwrap();
    let code = bytes[new.offset..new.offset + new.size].to_vec();
    (new.offset, code)
}

#[test]
fn a_table_is_replaced_in_its_place_or_at_the_end() {
    let old = {
        let bytes = image();
        let image = Image::new(&bytes, 0x1002, 0x6929).unwrap();
        let tables = Tables::new(&image).unwrap();
        tables.command(SMC_INIT).unwrap().unwrap().offset
    };
    for (size, at) in [
        (0x10, old),
        (0x20, old),
        (0x21, 0x800),
        (LEN - 0x801, 0x800),
    ] {
        assert_eq!(after(&table(size)), (at, table(size)), "{size:#x}");
    }
}

#[test]
fn a_table_that_does_not_fit_leaves_the_image_alone() {
    let size = LEN - 0x800;
    for (index, table, error) in [
        (SMC_INIT, table(size), Error::Room { size }),
        (SMC_INIT, table(6), Error::Header),
        (SMC_INIT, vec![0x5b; 0x20], Error::Header),
        (
            0x36,
            table(0x20),
            Error::Table(vbios::Error::Structure {
                what: "command table",
                offset: 0,
            }),
        ),
    ] {
        let mut bytes = image();
        assert_eq!(
            replace(&mut bytes, 0x1002, 0x6929, index, &table),
            Err(error)
        );
        assert_eq!(bytes, image());
    }
}

proptest! {
    #[test]
    fn no_file_makes_it_panic(
        changes in proptest::collection::vec((0usize..0xb0, any::<u8>()), 0..8),
        len in 0usize..=0xb0,
        versions in any::<(u32, u32)>(),
    ) {
        let mut bytes = file();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        if let Ok(file) = File::new(&bytes[..len]) {
            let versions = Versions { smc: versions.0, rlcv: versions.1 };
            if let Ok(plan) = Plan::new(&flash(), versions, Some(&file)) {
                for load in plan.loads() {
                    let end = u64::from(load.piece.start) + u64::from(load.piece.len);
                    prop_assert!(load.source == Source::Flash || end <= len as u64);
                    prop_assert!(load.to + load.piece.len <= RESERVED_BYTES);
                }
            }
            let _ = replace(&mut image(), 0x1002, 0x6929, SMC_INIT, file.smc_init());
        }
    }
}
