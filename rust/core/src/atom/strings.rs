// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What an image says about itself: part number, build date, version text.
//!
//! For people only: nothing may be decided by it. Offsets: section 4.2 of the hardware reference.

use super::vbios::Image;
use core::fmt;

/// Offset of the number of strings.
const STRING_COUNT: usize = 0x2f;
/// Offset of the 16-bit pointer to the first string, the part number.
const STRING_POINTER: usize = 0x6e;
/// Offset of the part number of images without strings.
const PART_NUMBER: usize = 0x80;
/// Longest part number.
const PART_NUMBER_LEN: usize = 43;
/// Offset of the build date, "MM/DD/YY HH:MM" with any bytes for separators.
const DATE: usize = 0x50;
const DATE_LEN: usize = 14;
/// What precedes the version.
const VERSION_ANCHOR: &[u8] = b"ATOMBIOSBK-AMD VER";
/// Longest version.
const VERSION_LEN: usize = 31;
/// Where the version is looked for when the strings do not lie before the ATOM ROM header.
const SEARCH_END: usize = 1024;

fn u16_at(bytes: &[u8], offset: usize) -> Option<usize> {
    let b = bytes.get(offset..)?.first_chunk()?;
    Some(usize::from(u16::from_le_bytes(*b)))
}

/// The printable characters, as amdgpu takes them, that `bytes` start with, at most `most`.
fn text(bytes: &[u8], most: usize) -> Option<&str> {
    let end = bytes
        .iter()
        .take(most)
        .position(|b| !(b' '..=b'z').contains(b))
        .unwrap_or(bytes.len().min(most));
    let text = core::str::from_utf8(bytes.get(..end)?).ok()?.trim();
    (!text.is_empty()).then_some(text)
}

/// The board's part number, such as "113-C7940100-101".
pub fn part_number<'a>(image: &Image<'a>) -> Option<&'a str> {
    let bytes = image.bytes();
    let start = match bytes.get(STRING_COUNT) {
        None | Some(0) => PART_NUMBER,
        Some(_) => u16_at(bytes, STRING_POINTER)?,
    };
    text(bytes.get(start..)?, PART_NUMBER_LEN)
}

/// The VBIOS version as its text says it, such as "015.050.000.000.006269".
pub fn version<'a>(image: &Image<'a>) -> Option<&'a str> {
    let bytes = image.bytes();
    let start = u16_at(bytes, STRING_POINTER)?;
    let (start, end) = if image.atom_header() > start {
        (start, image.atom_header())
    } else {
        (3, SEARCH_END)
    };
    let range = bytes.get(start..end.min(bytes.len()))?;
    let anchor = range
        .windows(VERSION_ANCHOR.len())
        .position(|w| w == VERSION_ANCHOR)?;
    text(
        range.get(anchor..)?.get(VERSION_ANCHOR.len()..)?,
        VERSION_LEN,
    )
}

/// When an image was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuildDate {
    /// Year, from 2000 to 2099.
    pub year: u16,
    /// Month, as written: nobody says that it is at most 12, and so on.
    pub month: u8,
    /// Day of the month.
    pub day: u8,
    /// Hour.
    pub hour: u8,
    /// Minute.
    pub minute: u8,
}

impl fmt::Display for BuildDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:04}/{:02}/{:02} {:02}:{:02}",
            self.year, self.month, self.day, self.hour, self.minute
        )
    }
}

/// The build date; `None` if there are no digits where it should be.
pub fn build_date(image: &Image<'_>) -> Option<BuildDate> {
    let date = image.bytes().get(DATE..)?.get(..DATE_LEN)?;
    let number = |offset: usize| {
        let &[tens, ones] = date.get(offset..)?.first_chunk()?;
        let digit = |c: u8| c.is_ascii_digit().then(|| c.wrapping_sub(b'0'));
        digit(tens)?.checked_mul(10)?.checked_add(digit(ones)?)
    };
    Some(BuildDate {
        year: u16::from(number(6)?).saturating_add(2000),
        month: number(0)?,
        day: number(3)?,
        hour: number(9)?,
        minute: number(12)?,
    })
}
