// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Any bytes as an image (validation, tables, data tables, strings), and as a firmware file.

#![no_main]

use gim_core::atom::data::{FirmwareInfo, GpuVirt};
use gim_core::atom::{firmware, strings, Tables};
use gim_core::vbios::{length, Image};
use harness::{make_valid, DEVICE};
use libfuzzer_sys::fuzz_target;

fn read(bytes: &[u8]) {
    let image = match Image::new(bytes, DEVICE.0, DEVICE.1) {
        Ok(image) => image,
        Err(e) => return assert!(!e.to_string().is_empty()),
    };
    assert!(image.bytes().len() <= bytes.len());
    let _ = (
        strings::part_number(&image),
        strings::version(&image),
        strings::build_date(&image).map(|date| date.to_string()),
        image.revision(),
    );
    let Ok(tables) = Tables::new(&image) else {
        return;
    };
    let _ = (FirmwareInfo::new(&tables), GpuVirt::new(&tables));
    for index in 0..=u8::MAX {
        if let Ok(Some(command)) = tables.command(index) {
            assert!(command.offset + command.size <= image.bytes().len());
        }
        let _ = tables.data(index, "table", 0);
    }
}

fuzz_target!(|bytes: &[u8]| {
    let _ = (length(bytes), firmware::File::new(bytes));
    read(bytes);
    let mut valid = bytes.to_vec();
    make_valid(&mut valid);
    read(&valid);
});
