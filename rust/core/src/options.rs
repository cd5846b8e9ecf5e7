// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Module parameters: their names, ranges and meaning.
//!
//! Pure parsing; may not know how the kernel stores a parameter. Names and ranges are those of the C driver (section 1.1
//! of the behaviour reference), but a value out of range is an error, where the C driver ignored it without a word.

use core::fmt;

/// What one parameter accepts.
#[derive(Debug, PartialEq, Eq)]
pub struct Spec {
    /// Name, as in `insmod gim.ko name=value`.
    pub name: &'static str,
    /// Largest value; the smallest is always 0.
    pub max: u32,
    /// Value unless one is given.
    pub default: u32,
    /// Meaning and unit.
    pub what: &'static str,
}

/// `fb_option`: how the framebuffer is divided at first.
pub const FB_OPTION: Spec = Spec {
    name: "fb_option",
    max: 1,
    default: 0,
    what: "framebuffer partition: 0 equal shares, 1 least shares, the rest stays free",
};
/// `sched_option`: scheduling policy.
pub const SCHED_OPTION: Spec = Spec {
    name: "sched_option",
    max: 3,
    default: 0,
    what: "scheduling policy: 0 solid, 1 predictable, 2 liquid, 3 fair",
};
/// `vf_num`: VFs to enable at load.
pub const VF_NUM: Spec = Spec {
    name: "vf_num",
    max: super::fb::MAX_VFS,
    default: 0,
    what: "number of VFs to enable, 0 for all that the card and its memory allow",
};
/// `pf_fb`: the PF's framebuffer.
pub const PF_FB: Spec = Spec {
    name: "pf_fb",
    max: 65536,
    default: 0,
    what: "framebuffer of the PF in MB, 0 for the least possible",
};
/// `vf_fb`: the VFs' framebuffer.
pub const VF_FB: Spec = Spec {
    name: "vf_fb",
    max: 65536,
    default: 0,
    what: "framebuffer of each VF in MB, 0 for the share that fb_option gives",
};
/// `sched_interval`: quantum, milliseconds.
pub const SCHED_INTERVAL: Spec = Spec {
    name: "sched_interval",
    max: 2000,
    default: 0,
    what: "quantum in ms, 0 for that of each VF's level",
};
/// `sched_interval_us`: quantum, microseconds on top of `sched_interval`.
pub const SCHED_INTERVAL_US: Spec = Spec {
    name: "sched_interval_us",
    max: 999,
    default: 0,
    what: "microseconds added to sched_interval",
};
/// `fb_clear`: whether a VF's framebuffer is cleared.
pub const FB_CLEAR: Spec = Spec {
    name: "fb_clear",
    max: 1,
    default: 1,
    what: "1 to clear a VF's framebuffer before somebody else can see it, 0 to leave it",
};

/// `keep_vfs`: live update.
pub const KEEP_VFS: Spec = Spec {
    name: "keep_vfs",
    max: 1,
    default: 0,
    what: "1 to leave VFs and guests alone when the module goes, for the next one to take over",
};

/// All parameters.
pub const ALL: [&Spec; 9] = [
    &FB_OPTION,
    &SCHED_OPTION,
    &VF_NUM,
    &PF_FB,
    &VF_FB,
    &SCHED_INTERVAL,
    &SCHED_INTERVAL_US,
    &FB_CLEAR,
    &KEEP_VFS,
];

/// Why a value was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Not an unsigned number that fits 32 bits.
    NotANumber {
        /// The parameter.
        spec: &'static Spec,
    },
    /// A number above the parameter's maximum.
    OutOfRange {
        /// The parameter.
        spec: &'static Spec,
        /// What was given.
        seen: u32,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Error::NotANumber { spec } | Error::OutOfRange { spec, .. }) = self;
        match self {
            Error::NotANumber { .. } => write!(f, "{}: not a number", spec.name)?,
            Error::OutOfRange { seen, .. } => write!(f, "{}={seen}: out of range", spec.name)?,
        }
        write!(f, ", give 0 to {} ({})", spec.max, spec.what)
    }
}

impl Spec {
    /// Reads a value as the kernel does for any unsigned parameter: decimal, hexadecimal after `0x`, octal after `0`,
    /// one newline at the end allowed.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub fn parse(&'static self, text: &[u8]) -> Result<u32, Error> {
        let not_a_number = Error::NotANumber { spec: self };
        let text = core::str::from_utf8(text.strip_suffix(b"\n").unwrap_or(text))
            .map_err(|_| not_a_number)?;
        let (digits, radix) = match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
            Some(hex) => (hex, 16),
            None if text.len() > 1 && text.starts_with('0') => (text, 8),
            None => (text, 10),
        };
        // from_str_radix would take a second sign here.
        if digits.starts_with('+') {
            return Err(not_a_number);
        }
        let value = u32::from_str_radix(digits, radix).map_err(|_| not_a_number)?;
        self.check(value)
    }

    /// Checks a number against the range.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`].
    pub fn check(&'static self, value: u32) -> Result<u32, Error> {
        if value > self.max {
            return Err(Error::OutOfRange {
                spec: self,
                seen: value,
            });
        }
        Ok(value)
    }
}

#[cfg(test)]
#[path = "options_tests.rs"]
mod tests;
