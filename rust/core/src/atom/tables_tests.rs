// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Tests of finding tables, of the data tables, and of what an image says about itself.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing
)]

use super::super::data::{FirmwareInfo, GpuVirt, Piece};
use super::super::strings::{build_date, part_number, version};
use super::super::test_image::Builder;
use super::*;

fn with<T>(builder: &Builder, f: impl FnOnce(Image<'_>) -> T) -> T {
    let bytes = builder.build();
    f(Image::new(&bytes, 0x1002, 0x6929).unwrap())
}

#[test]
fn a_command_table_is_found_with_its_header() {
    let mut b = Builder::new();
    let offset = b.revised(0x1d, (2, 1), &[0x5b; 10]);
    with(&b, |image| {
        let tables = Tables::new(&image).unwrap();
        assert_eq!(
            tables.command(0x1d),
            Ok(Some(Command {
                index: 0x1d,
                offset,
                size: 16,
                revision: (2, 1),
                workspace: 16,
                parameters: 2
            }))
        );
        assert_eq!(tables.command(0x1c), Ok(None));
        assert_eq!(tables.command(0x51), Ok(None));
    });
}

#[test]
fn a_missing_master_table_is_named() {
    for (pointer, value, text) in [
        (0x25e, 0, "there is no master command table at 0x0"),
        (
            0x260,
            0xfff,
            "its master data table at 0xfff lies outside the image",
        ),
        (
            0x260, 0xff0, // Its size is what is there, 0: a list without entries.
            "",
        ),
    ] {
        let mut b = Builder::new();
        b.u16(pointer, value);
        with(&b, |image| {
            let seen = Tables::new(&image).map_or_else(|e| e.to_string(), |_| String::new());
            assert_eq!(seen, text);
        });
    }
}

#[test]
fn firmware_info_has_clocks_and_version() {
    with(&Builder::new(), |image| {
        let info = FirmwareInfo::new(&Tables::new(&image).unwrap()).unwrap();
        assert_eq!((info.sclk_10khz, info.mclk_10khz), (30_000, 15_000));
        assert_eq!(info.version.to_string(), "15.50.0.1");
    });
    let mut b = Builder::new();
    b.data(4, &[15, 0, 2, 2]);
    with(&b, |image| {
        let e = FirmwareInfo::new(&Tables::new(&image).unwrap()).unwrap_err();
        assert!(e.to_string().starts_with("there is no firmware info at"));
    });
}

#[test]
fn gpu_virt_names_the_pieces_of_the_flash() {
    with(&Builder::new(), |image| {
        assert_eq!(GpuVirt::new(&Tables::new(&image).unwrap()), Ok(None));
    });
    let mut b = Builder::new();
    let mut table = vec![0x30, 0, 2, 1];
    for dword in 1..=11u32 {
        table.extend((dword * 0x1000).to_le_bytes());
    }
    b.data(0x10, &table);
    with(&b, |image| {
        let virt = GpuVirt::new(&Tables::new(&image).unwrap())
            .unwrap()
            .unwrap();
        let piece = |start, len| Piece { start, len };
        assert_eq!(virt.smc, piece(0x3000, 0x4000));
        assert_eq!(virt.rlcv, piece(0x5000, 0x6000));
        assert_eq!(virt.toc, piece(0x7000, 0x8000));
        assert_eq!(virt.sys_flag, 0xb000);
    });
}

#[test]
fn strings_are_found_and_bounded() {
    let mut b = Builder::new();
    with(&b, |image| {
        assert_eq!(
            (part_number(&image), version(&image), build_date(&image)),
            (None, None, None)
        );
    });
    b.put(0x50, b"03/14/16 15:09");
    b.put(0x80, b"113-OLD\0");
    with(&b, |image| {
        assert_eq!(part_number(&image), Some("113-OLD"));
        assert_eq!(build_date(&image).unwrap().to_string(), "2016/03/14 15:09");
    });
    b.put(0x2f, &[1]);
    b.u16(0x6e, 0xc0);
    b.put(
        0xc0,
        b"113-NEW-101\0\r\nBOARD\0ATOMBIOSBK-AMD VER015.050.000\0",
    );
    with(&b, |image| {
        assert_eq!(part_number(&image), Some("113-NEW-101"));
        assert_eq!(version(&image), Some("015.050.000"));
    });
    // Strings outside of the image.
    b.u16(0x6e, 0xffff);
    b.put(0x50, b"xx");
    with(&b, |image| {
        assert_eq!(
            (part_number(&image), version(&image), build_date(&image)),
            (None, Some("015.050.000"), None)
        );
    });
}
