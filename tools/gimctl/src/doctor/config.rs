// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! A device's configuration space, as sysfs gives it: capabilities and their registers. Decides nothing.

use crate::system;
use std::path::Path;

/// Offsets of PCI capabilities are below this.
const EXTENDED: usize = 0x100;
/// All of the configuration space; users other than root get its first 64 bytes.
pub const WHOLE: usize = 4096;
/// More capabilities than fit: a list that goes on is a circle.
const MOST: usize = WHOLE / 8;

/// PCI Express capability.
pub const EXPRESS: u8 = 0x10;
/// Single root I/O virtualization (extended).
pub const SRIOV: u16 = 0x10;
/// Vendor-specific (extended); GPU-IOV is one.
pub const VENDOR: u16 = 0x0b;

/// The bytes.
pub struct Config(Vec<u8>);

impl Config {
    /// Reads a device's.
    pub fn read(device: &Path) -> Option<Self> {
        system::bytes(&device.join("config"), WHOLE as u64)
            .ok()
            .map(Config)
    }

    /// Whether all of it could be read.
    pub fn is_whole(&self) -> bool {
        self.0.len() >= WHOLE
    }

    /// A register of 32 bits.
    pub fn u32(&self, at: usize) -> Option<u32> {
        let bytes = self.0.get(at..)?.get(..4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    }

    /// A register of 16 bits.
    pub fn u16(&self, at: usize) -> Option<u16> {
        let bytes = self.0.get(at..)?.get(..2)?;
        Some(u16::from_le_bytes(bytes.try_into().ok()?))
    }

    /// Where a capability begins.
    pub fn capability(&self, id: u8) -> Option<usize> {
        let mut at = usize::from(*self.0.get(0x34)? & !3);
        for _ in 0..EXTENDED / 4 {
            let [found, next] = self.u16(at)?.to_le_bytes();
            if at < 0x40 {
                return None;
            }
            if found == id {
                return Some(at);
            }
            at = usize::from(next & !3);
        }
        None
    }

    /// Where an extended capability begins that is as wanted.
    pub fn extended(&self, id: u16, wanted: impl Fn(usize) -> bool) -> Option<usize> {
        let mut at = EXTENDED;
        for _ in 0..MOST {
            let header = self.u32(at)?;
            if (header & 0xffff) as u16 == id && wanted(at) {
                return Some(at);
            }
            at = (header >> 20) as usize & !3;
            if at < EXTENDED {
                return None;
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_of_capabilities_ends() {
        let mut bytes = vec![0; WHOLE];
        bytes[0x34] = 0x40;
        bytes[0x40..0x42].copy_from_slice(&[0x05, 0x40]);
        bytes[0x100..0x104].copy_from_slice(&0x1010_0001_u32.to_le_bytes());
        let config = Config(bytes);
        assert_eq!(config.capability(EXPRESS), None);
        assert_eq!(config.capability(0x05), Some(0x40));
        assert_eq!(config.extended(SRIOV, |_| true), None);
    }

    #[test]
    fn what_was_not_read_has_nothing() {
        let config = Config(vec![0xff; 64]);
        assert!(!config.is_whole());
        assert_eq!(config.capability(EXPRESS), None);
        assert_eq!(config.extended(SRIOV, |_| true), None);
    }
}
