// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Tests of the interrupt ring: what the reference says, and that no value hurts.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects)]

use super::*;
use proptest::prelude::*;

fn vf(n: u8) -> VfId {
    VfId::new(n).unwrap()
}

#[test]
fn entries_as_in_the_reference() {
    let entry = |source: u32, data| decode([0xabcd_0000 | source, data, 0, 0]);
    assert_eq!(entry(0x89, 0), Ok(Interrupt::Message(vf(1))));
    assert_eq!(entry(0x88, 15), Ok(Interrupt::Acked(vf(16))));
    // Bits 31:28 are reserved.
    assert_eq!(entry(0x89, 0xf000_0003), Ok(Interrupt::Message(vf(4))));
    assert_eq!(entry(0xe5, 99), Ok(Interrupt::Unused { source: 0xe5 }));
    assert_eq!(
        entry(0x87, 0),
        Err(EntryError::UnknownSource { source: 0x87 })
    );
}

#[test]
fn functions_that_cannot_exist_are_errors() {
    for index in [16, 40, 0x0fff_ffff] {
        for source in [0x88, 0x89] {
            assert_eq!(
                decode([source, index, 0, 0]),
                Err(EntryError::VfOutOfRange { index })
            );
        }
    }
}

#[test]
fn reading_follows_the_write_pointer_over_the_end() {
    let mut ring = Ring::new();
    assert_eq!(ring.take(0).unwrap().len(), 0);
    let batch = ring.take(254 * 16).unwrap();
    assert_eq!((batch.len(), batch.overflow), (254, false));
    assert_eq!(ring.rptr(), 254 * 16);
    // LEFT_NONE and MAY_OVERFLOW are no part of the offset.
    let wrapped: Vec<u32> = ring
        .take((1 << 18) | (1 << 19) | (2 * 16))
        .unwrap()
        .collect();
    assert_eq!(wrapped, [254, 255, 0, 1]);
    assert_eq!(ring.rptr(), 32);
}

#[test]
fn an_overflow_leaves_the_newest_32_even_when_both_pointers_are_equal() {
    let mut ring = Ring::new();
    ring.take(5 * 16).unwrap();
    let batch = ring.take((5 * 16) | 1).unwrap();
    assert!(batch.overflow);
    let read: Vec<u32> = batch.collect();
    assert_eq!(read.len(), 32);
    assert_eq!((read.first(), read.last()), (Some(&229), Some(&4)));
    assert_eq!(ring.rptr(), 5 * 16);
    assert_eq!(ring.counters().overflows, 1);
}

#[test]
fn a_bad_pointer_changes_nothing() {
    let mut ring = Ring::new();
    ring.take(16).unwrap();
    for wptr in [4, 4096, 0x3fffc, 4096 + 16] {
        assert_eq!(ring.take(wptr), Err(PointerError::Bad { wptr }));
    }
    assert_eq!(ring.take(u32::MAX), Err(PointerError::Gone));
    assert_eq!(ring.rptr(), 16);
    assert_eq!(ring.counters().bad_pointers, 4);
}

proptest! {
    #[test]
    fn any_pointer_and_entry_is_survived(
        wptrs in prop::collection::vec(any::<u32>(), 1..50),
        entry in any::<[u32; 4]>(),
    ) {
        let mut ring = Ring::new();
        let mut decoded = 0;
        for wptr in wptrs {
            let before = ring.rptr();
            match ring.take(wptr) {
                Ok(batch) => {
                    prop_assert!(batch.len() < ENTRIES);
                    for index in batch {
                        prop_assert!(index < ENTRIES);
                        let _ = ring.decode(entry);
                        decoded += 1;
                    }
                }
                Err(_) => prop_assert_eq!(ring.rptr(), before),
            }
            prop_assert!(ring.rptr() < ENTRIES * ENTRY_BYTES && ring.rptr() % ENTRY_BYTES == 0);
        }
        let c = ring.counters();
        prop_assert_eq!(c.messages + c.acks + c.unused + c.unknown + c.out_of_range, decoded);
    }

    #[test]
    fn no_entry_is_read_twice_or_left_out(ends in prop::collection::vec(0..ENTRIES, 1..50)) {
        let mut ring = Ring::new();
        let mut expected = 0;
        for end in ends {
            for index in ring.take(end * ENTRY_BYTES).unwrap() {
                prop_assert_eq!(index, expected);
                expected = (expected + 1) % ENTRIES;
            }
            prop_assert_eq!(expected, end);
        }
    }
}
