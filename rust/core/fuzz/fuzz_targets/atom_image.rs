// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Any bytes, made an image: all command tables that it happens to have are run.

#![no_main]

use harness::{make_valid, run_all};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut image = bytes.to_vec();
    make_valid(&mut image);
    run_all(&image);
});
