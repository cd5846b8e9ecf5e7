// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Any bytes as the code of command tables and programs of indirect I/O, in an image that is right.

#![no_main]

use harness::{make_valid, run_all};
use libfuzzer_sys::fuzz_target;

const PCIR: usize = 0x60;
const ATOM: usize = 0x80;
const COMMANDS: usize = 0xc0;
const DATA: usize = 0x180;
const TABLES: usize = 0x200;
/// Numbers of the command tables, and what they start with. The last one uses the ports: set_ati_port 1, move WS[0],
/// REG[0x1234], move REG[0x1234], WS[0].
const STARTS: [(u8, &[u8]); 3] = [
    (0, &[]),
    (1, &[]),
    (2, &[0x37, 1, 0, 3, 0, 0, 0x34, 0x12, 1, 2, 0x34, 0x12, 0]),
];

fn put16(image: &mut [u8], at: usize, value: usize) {
    image[at..at + 2].copy_from_slice(&(value as u16).to_le_bytes());
}

fuzz_target!(|bytes: &[u8]| {
    let mut image = vec![0; TABLES];
    put16(&mut image, 0x18, PCIR);
    put16(&mut image, 0x48, ATOM);
    put16(&mut image, ATOM + 0x1e, COMMANDS);
    put16(&mut image, ATOM + 0x20, DATA);
    put16(&mut image, COMMANDS, 4 + 2 * 0x51);
    put16(&mut image, DATA, 4 + 2 * 0x24);
    // A fourth of the bytes is for each table, and the last for the ports 1 and 81.
    let (code, ports) = bytes.split_at(bytes.len() / 4 * 3);
    for ((number, start), code) in STARTS.iter().zip(code.chunks((code.len() / 3).max(1))) {
        let at = image.len();
        put16(&mut image, COMMANDS + 4 + 2 * usize::from(*number), at);
        image.extend(((start.len() + code.len() + 6) as u16).to_le_bytes());
        image.extend([1, 1, 0x20, 8]);
        image.extend(*start);
        image.extend(code);
    }
    let at = image.len();
    put16(&mut image, DATA + 4 + 2 * 0x17, at);
    image.extend([0, 0, 1, 1]);
    for (port, program) in [1, 0x81].iter().zip(ports.chunks((ports.len() / 2).max(1))) {
        image.extend([1, *port]);
        image.extend(program);
        image.extend([9, 0, 0]);
    }
    // Longer tables have offsets that the master tables cannot hold.
    if image.len() <= usize::from(u16::MAX) {
        make_valid(&mut image);
        run_all(&image);
    }
});
