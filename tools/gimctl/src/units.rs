// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Sizes, times and sets of VFs, as people write them and as they are shown.

use gim_core::vfid::{self, VfId};

/// Bytes of `256M`, `2G`, `1048576`: K, M, G are powers of 1024.
///
/// # Errors
///
/// What is wrong, for the person who wrote it.
pub fn bytes(text: &str) -> Result<u64, String> {
    let wrong = || format!("\"{text}\" is no size: write bytes, or 512M, 2G");
    let (digits, unit) = match text.char_indices().last() {
        Some((at, 'K' | 'k')) => (text.get(..at), 1 << 10),
        Some((at, 'M' | 'm')) => (text.get(..at), 1 << 20),
        Some((at, 'G' | 'g')) => (text.get(..at), 1 << 30),
        _ => (Some(text), 1_u64),
    };
    let number: u64 = digits.and_then(|d| d.parse().ok()).ok_or_else(wrong)?;
    number.checked_mul(unit).ok_or_else(wrong)
}

/// Bytes as `480M`.
pub fn show_bytes(n: u64) -> String {
    match n {
        _ if n % (1 << 20) == 0 => format!("{}M", n >> 20),
        _ => n.to_string(),
    }
}

/// Microseconds as `1:02:03.4`, `4.5 s`.
pub fn show_us(us: u64) -> String {
    let tenths = us / 100_000;
    let (seconds, tenth) = (tenths / 10, tenths % 10);
    if seconds < 60 {
        return format!("{seconds}.{tenth} s");
    }
    format!(
        "{}:{:02}:{:02}.{tenth}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// A set of VFs, as `1,3-5`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vfs(Vec<VfId>);

impl Vfs {
    /// The VFs, each once, in order.
    pub fn iter(&self) -> impl Iterator<Item = VfId> + '_ {
        self.0.iter().copied()
    }
}

impl std::str::FromStr for Vfs {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |part: &str| {
            format!(
                "\"{part}\" is no VF: write numbers from 1 to {}, as 1,3-5",
                vfid::COUNT
            )
        };
        let vf = |part: &str| {
            let digits = part.trim().trim_start_matches("vf");
            digits
                .parse()
                .ok()
                .and_then(VfId::new)
                .ok_or_else(|| wrong(part))
        };
        let mut chosen = Vec::new();
        for part in text.split(',') {
            let (first, last) = match part.split_once('-') {
                Some((first, last)) => (vf(first)?, vf(last)?),
                None => (vf(part)?, vf(part)?),
            };
            if first > last {
                return Err(format!(
                    "\"{part}\" is no range: the smaller number comes first"
                ));
            }
            chosen.extend(VfId::all().filter(|id| (first..=last).contains(id)));
        }
        chosen.sort_unstable();
        chosen.dedup();
        Ok(Vfs(chosen))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vfs(text: &str) -> Vec<u8> {
        text.parse::<Vfs>()
            .unwrap()
            .iter()
            .map(VfId::number)
            .collect()
    }

    #[test]
    fn sets_of_vfs() {
        assert_eq!(vfs("3"), [3]);
        assert_eq!(vfs("5-7,1,vf6"), [1, 5, 6, 7]);
        assert_eq!(vfs("1-16").len(), 16);
        for bad in ["", "0", "17", "2-1", "1-", "x", "1,,2", "-1"] {
            assert!(bad.parse::<Vfs>().is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes() {
        assert_eq!(bytes("480M"), Ok(480 << 20));
        assert_eq!(bytes("2g"), Ok(2 << 30));
        assert_eq!(bytes("7"), Ok(7));
        for bad in ["", "M", "1T", "-1", "1.5G", "99999999999999G", "ü"] {
            assert!(bytes(bad).is_err(), "{bad}");
        }
        assert_eq!(show_bytes(480 << 20), "480M");
        assert_eq!(show_bytes(5), "5");
    }

    #[test]
    fn times() {
        assert_eq!(show_us(1_250_000), "1.2 s");
        assert_eq!(show_us(3_723_400_000), "1:02:03.4");
    }
}
