// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Tests of the record: what was written is read, and nothing else is.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing
)]

use super::*;
use proptest::prelude::*;

fn sample(buffer: &mut [u32]) -> usize {
    let mut writer = Writer::new(buffer);
    writer.section(Tag::Card);
    writer.quad(0x1_0000_0002);
    writer.flag(true);
    writer.section(Tag::Vf);
    writer.dword(7);
    writer.finish().unwrap().len()
}

#[test]
fn what_was_written_is_read() {
    let mut buffer = [0; 32];
    let len = sample(&mut buffer);
    let header = *buffer.first_chunk().unwrap();
    assert_eq!(length(header, buffer.len()), Ok(len));
    let record = Record::new(&buffer[..len]).unwrap();
    let mut card = record.section(Tag::Card).unwrap();
    assert_eq!(card.quad(), Some(0x1_0000_0002));
    assert_eq!(card.flag(), Some(true));
    assert_eq!(card.dword(), None);
    assert_eq!(record.section(Tag::Vf).unwrap().rest(), [7]);
    assert!(record.section(Tag::Queue).is_none());
}

#[test]
fn what_is_not_known_is_passed_over() {
    let mut buffer = [0; 32];
    let mut writer = Writer::new(&mut buffer);
    writer.section(Tag::List);
    writer.section(Tag::Vf);
    writer.dword(9);
    let len = writer.finish().unwrap().len();
    // The first section gets a tag of the future.
    buffer[HEADER] = 1000;
    buffer[3] = checksum(&buffer[HEADER..len]);
    let record = Record::new(&buffer[..len]).unwrap();
    assert_eq!(record.sections().count(), 1);
    assert_eq!(record.section(Tag::Vf).unwrap().rest(), [9]);
}

#[test]
fn a_buffer_that_is_too_short_is_noticed() {
    let mut buffer = [0; 9];
    let mut writer = Writer::new(&mut buffer);
    writer.section(Tag::Card);
    (0..4).for_each(|n| writer.dword(n));
    assert!(writer.finish().is_none());
}

#[test]
fn any_change_is_noticed() {
    let mut buffer = [0; 32];
    let len = sample(&mut buffer);
    for at in 0..len {
        let mut changed = buffer;
        changed[at] ^= 0x100;
        assert!(Record::new(&changed[..len]).is_err(), "dword {at}");
    }
    assert_eq!(length([0; HEADER], 100), Err(Unusable::Absent));
    assert_eq!(length([MAGIC, 2, 4, 0], 100), Err(Unusable::Layout(2)));
    assert_eq!(length([MAGIC, LAYOUT, 101, 0], 100), Err(Unusable::Damaged));
}

proptest! {
    #[test]
    fn nothing_that_memory_holds_does_harm(mut dwords in prop::collection::vec(0u32..20, 4..64)) {
        dwords[0] = MAGIC;
        dwords[1] = LAYOUT;
        dwords[2] = dwords.len() as u32;
        dwords[3] = checksum(&dwords[HEADER..]);
        for (_, mut fields) in Record::new(&dwords).unwrap().sections() {
            while fields.quad().is_some() {}
        }
    }
}
