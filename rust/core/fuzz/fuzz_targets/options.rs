// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Any text as the value of any parameter.

#![no_main]

use gim_core::options::*;
use libfuzzer_sys::fuzz_target;

/// What the kernel's own rules make of it, written anew: `kstrtouint()` with base 0, without a sign.
fn kernel(text: &[u8]) -> Option<u32> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let (digits, base) = match text {
        [b'0', b'x' | b'X', rest @ ..] => (rest, 16),
        [b'0', rest @ ..] if !rest.is_empty() => (rest, 8),
        [b'+', rest @ ..] => (rest, 10),
        all => (all, 10),
    };
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u32, |n, b| {
        let digit = char::from(*b).to_digit(base)?;
        n.checked_mul(base)?.checked_add(digit)
    })
}

fuzz_target!(|text: &[u8]| {
    for spec in ALL {
        match spec.parse(text) {
            Ok(value) => {
                assert!(value <= spec.max);
                assert_eq!(kernel(text), Some(value));
                assert_eq!(spec.parse(value.to_string().as_bytes()), Ok(value));
            }
            Err(e) => assert!(e.to_string().starts_with(spec.name)),
        }
    }
});
