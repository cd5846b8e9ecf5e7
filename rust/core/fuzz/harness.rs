// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What the fuzzers share: a card, images, and what must hold whatever a table does.

use gim_core::atom::{Bus, Interpreter, Limits, Memory, Refused, Space, Tables, MAX_DEPTH};
use gim_core::vbios::Image;

/// The device that images are for.
pub const DEVICE: (u16, u16) = (0x1002, 0x6929);

/// As far as a table may go: enough to leave loops, little enough to be quick.
const LIMITS: Limits = Limits {
    steps: 4096,
    idle_steps: 1024,
    depth: MAX_DEPTH,
    delay_us: 1_000_000,
};

/// A card whose registers are hashes of their addresses and of what was last written anywhere.
struct Card {
    state: u32,
    accesses: u32,
    delay_us: u64,
}

impl Card {
    fn mix(&mut self, space: Space, index: u32, value: u32) -> Result<u32, Refused> {
        self.accesses += 1;
        if index == 0xdead {
            return Err(Refused("test"));
        }
        let h = self.state ^ (space as u32) << 20 ^ index.wrapping_mul(0x85eb_ca6b) ^ value;
        let h = (h ^ h >> 15).wrapping_mul(0x2c1b_3c6d);
        self.state = h ^ h >> 12;
        Ok(match self.state & 7 {
            0 => 0,
            1 => u32::MAX,
            _ => self.state,
        })
    }
}

impl Bus for Card {
    fn read(&mut self, space: Space, index: u32) -> Result<u32, Refused> {
        self.mix(space, index, 0)
    }

    fn write(&mut self, space: Space, index: u32, value: u32) -> Result<(), Refused> {
        self.mix(space, index, value).map(|_| ())
    }

    fn delay_us(&mut self, us: u32) {
        self.delay_us += u64::from(us);
    }
}

/// Makes the bytes an image that validation takes: signatures, length, device and checksum, but no pointers.
pub fn make_valid(bytes: &mut Vec<u8>) {
    let blocks = bytes.len().div_ceil(512).clamp(1, 255);
    bytes.resize(blocks * 512, 0);
    bytes[..3].copy_from_slice(&[0x55, 0xaa, blocks as u8]);
    bytes[0x30..0x3a].copy_from_slice(b" 761295520");
    let pointer = |b: &[u8], at: usize| usize::from(u16::from_le_bytes([b[at], b[at + 1]]));
    let pcir = pointer(bytes, 0x18);
    if let Some(b) = bytes.get_mut(pcir..pcir + 8) {
        b.copy_from_slice(b"PCIR\x02\x10\x29\x69");
    }
    if let Some(b) = bytes.get_mut(pcir + 0x10..pcir + 0x12) {
        b.copy_from_slice(&(blocks as u16).to_le_bytes());
    }
    let atom = pointer(bytes, 0x48);
    if let Some(b) = bytes.get_mut(atom + 4..atom + 8) {
        b.copy_from_slice(b"ATOM");
    }
    let sum = bytes.iter().fold(0u8, |sum, b| sum.wrapping_add(*b));
    *bytes.last_mut().expect("at least a block") =
        bytes.last().expect("at least a block").wrapping_sub(sum);
}

/// Runs all command tables of an image, and checks what must hold of each.
pub fn run_all(bytes: &[u8]) {
    let Ok(image) = Image::new(bytes, DEVICE.0, DEVICE.1) else {
        return;
    };
    let Ok(tables) = Tables::new(&image) else {
        return;
    };
    let (mut workspace, mut scratch) = ([0; 1024], [0; 64]);
    for index in 0..=u8::MAX {
        if matches!(tables.command(index), Ok(None)) {
            continue;
        }
        let memory = Memory {
            workspace: &mut workspace,
            scratch: &mut scratch,
        };
        let mut card = Card {
            state: u32::from(index),
            accesses: 0,
            delay_us: 0,
        };
        let mut interpreter = Interpreter::new(tables, &mut card, memory, LIMITS);
        let mut parameters = [0x0123_4567; 16];
        if let Err(e) = interpreter.execute(index, &mut parameters) {
            assert!(e.to_string().len() > 20);
        }
        // An opcode reads its destination, reads its source and writes; each may be one operation of indirect I/O.
        assert!(card.accesses <= 3 * LIMITS.steps);
        assert!(card.delay_us <= u64::from(LIMITS.delay_us));
    }
}
