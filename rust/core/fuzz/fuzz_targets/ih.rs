// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The interrupt ring, as a card might leave it: five dwords at a time, a write pointer and an entry.

#![no_main]

use gim_core::ih::{
    offset, Interrupt, PointerError, Ring, ENTRIES, ENTRY_BYTES, KEPT_AFTER_OVERFLOW,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut ring = Ring::new();
    let mut dwords = bytes
        .chunks_exact(4)
        .map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    while let (Some(wptr), Some(a), Some(b), Some(c), Some(d)) = (
        dwords.next(),
        dwords.next(),
        dwords.next(),
        dwords.next(),
        dwords.next(),
    ) {
        let before = ring;
        match ring.take(wptr) {
            Ok(batch) => {
                assert_eq!(ring.rptr(), offset(wptr));
                assert!(batch.len() < ENTRIES);
                assert!(!batch.overflow || batch.len() == KEPT_AFTER_OVERFLOW);
                let (len, mut seen) = (batch.len(), 0);
                for index in batch {
                    assert!(index < ENTRIES);
                    seen += 1;
                }
                assert_eq!(seen, len);
            }
            Err(e) => {
                assert_eq!(ring.rptr(), before.rptr());
                assert_eq!(e == PointerError::Gone, wptr == u32::MAX);
            }
        }
        assert!(ring.rptr() % ENTRY_BYTES == 0 && ring.rptr() < ENTRIES * ENTRY_BYTES);
        let counters = |ring: &Ring| {
            let c = ring.counters();
            c.messages + c.acks + c.unused + c.unknown + c.out_of_range
        };
        let counted = counters(&ring);
        if let Ok(Interrupt::Message(vf) | Interrupt::Acked(vf)) = ring.decode([a, b, c, d]) {
            assert_eq!(vf.index() as u32, b & 0x0fff_ffff);
        }
        assert_eq!(counters(&ring), counted + 1);
    }
});
