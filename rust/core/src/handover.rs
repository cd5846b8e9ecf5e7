// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What a driver leaves in the card's memory for the one that takes over from it: the form, not what stands in it.
//!
//! Pure encoding. A record is a header and sections, each with its tag and length, so that a driver of another version
//! passes over what it does not know, and finds missing what the other did not:
//!
//! ```text
//! MAGIC  LAYOUT  dwords in all  checksum  | tag  dwords  ...  | tag  dwords  ...
//! ```

use core::fmt;

/// "gimh".
const MAGIC: u32 = 0x686d_6967;
/// Version of the form; sections may come and go without another.
const LAYOUT: u32 = 1;
/// Dwords before the first section.
pub const HEADER: usize = 4;

/// What a section is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// The scheduler: time, who runs, who has exclusive access.
    Card,
    /// Its settings.
    Settings,
    /// One VF; the number is in it.
    Vf,
    /// The order of turns.
    List,
    /// Requests that wait.
    Queue,
    /// How the card was found by the first driver.
    Found,
    /// VFs whose resets the driver knew of.
    Resets,
    /// What RLC-V keeps of one VF.
    Rlcv,
}

impl Tag {
    const ALL: [Tag; 8] = [
        Tag::Card,
        Tag::Settings,
        Tag::Vf,
        Tag::List,
        Tag::Queue,
        Tag::Found,
        Tag::Resets,
        Tag::Rlcv,
    ];

    fn dword(self) -> u32 {
        (self as u32).saturating_add(1)
    }
}

/// Why there is nothing to take over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// No driver has left anything.
    Absent,
    /// A driver has, in a form that this one does not know.
    Layout(u32),
    /// What it left is not whole any more.
    Damaged,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unusable::Absent => f.write_str("there is no record"),
            Unusable::Layout(n) => write!(f, "the record has layout {n}, known is {LAYOUT}"),
            Unusable::Damaged => f.write_str("the record is damaged"),
        }
    }
}

/// FNV-1a over dwords: against memory that was written since, not against an attacker.
fn checksum(dwords: &[u32]) -> u32 {
    dwords.iter().fold(0x811c_9dc5, |hash, dword| {
        (hash ^ dword).wrapping_mul(0x0100_0193)
    })
}

/// Puts a record together.
#[derive(Debug)]
pub struct Writer<'a> {
    dwords: &'a mut [u32],
    len: usize,
    section: usize,
}

impl<'a> Writer<'a> {
    /// A record without sections yet, in a buffer.
    pub fn new(dwords: &'a mut [u32]) -> Self {
        Self {
            dwords,
            len: HEADER,
            section: 0,
        }
    }

    /// Adds a dword to the section.
    pub fn dword(&mut self, value: u32) {
        if let Some(place) = self.dwords.get_mut(self.len) {
            *place = value;
        }
        // Too long a record shows when it is finished.
        self.len = self.len.saturating_add(1);
    }

    /// Adds two dwords, the lower first.
    pub fn quad(&mut self, value: u64) {
        self.dword(value as u32);
        self.dword((value >> 32) as u32);
    }

    /// Adds a flag.
    pub fn flag(&mut self, value: bool) {
        self.dword(value.into());
    }

    fn close(&mut self) {
        if self.section == 0 {
            return;
        }
        let len = self.len.saturating_sub(self.section).saturating_sub(1);
        if let Some(place) = self.dwords.get_mut(self.section) {
            *place = u32::try_from(len).unwrap_or(u32::MAX);
        }
    }

    /// Begins a section.
    pub fn section(&mut self, tag: Tag) {
        self.close();
        self.dword(tag.dword());
        self.section = self.len;
        self.dword(0);
    }

    /// The whole record; `None` if the buffer is too short for it.
    pub fn finish(mut self) -> Option<&'a [u32]> {
        self.close();
        let len = u32::try_from(self.len).ok()?;
        let (header, rest) = self
            .dwords
            .get_mut(..self.len)?
            .split_at_mut_checked(HEADER)?;
        header.copy_from_slice(&[MAGIC, LAYOUT, len, checksum(rest)]);
        self.dwords.get(..self.len)
    }
}

/// How long a record is, in dwords, from its header; at most `most`.
///
/// # Errors
///
/// See [`Unusable`].
pub fn length(header: [u32; HEADER], most: usize) -> Result<usize, Unusable> {
    let [magic, layout, len, _] = header;
    if magic != MAGIC {
        return Err(Unusable::Absent);
    }
    if layout != LAYOUT {
        return Err(Unusable::Layout(layout));
    }
    match usize::try_from(len) {
        Ok(len) if (HEADER..=most).contains(&len) => Ok(len),
        _ => Err(Unusable::Damaged),
    }
}

/// A record that is whole.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a>(&'a [u32]);

impl<'a> Record<'a> {
    /// Checks a record of the length that its header says.
    ///
    /// # Errors
    ///
    /// See [`Unusable`].
    pub fn new(dwords: &'a [u32]) -> Result<Self, Unusable> {
        let (header, sections) = dwords
            .split_first_chunk::<HEADER>()
            .ok_or(Unusable::Damaged)?;
        let [.., sum] = *header;
        if length(*header, dwords.len())? != dwords.len() || checksum(sections) != sum {
            return Err(Unusable::Damaged);
        }
        Ok(Self(sections))
    }

    /// The sections in order; those with a tag that is not known are left out.
    pub fn sections(self) -> impl Iterator<Item = (Tag, Fields<'a>)> {
        let mut rest = self.0;
        core::iter::from_fn(move || {
            let (&[tag, len], after) = rest.split_first_chunk::<2>()?;
            let (fields, after) = after.split_at_checked(usize::try_from(len).ok()?)?;
            rest = after;
            Some((tag, Fields(fields)))
        })
        .filter_map(|(tag, fields)| {
            let tag = Tag::ALL.into_iter().find(|known| known.dword() == tag)?;
            Some((tag, fields))
        })
    }

    /// The first section with a tag.
    pub fn section(self, tag: Tag) -> Option<Fields<'a>> {
        self.sections()
            .find_map(|(found, fields)| (found == tag).then_some(fields))
    }
}

/// What is left of a section.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a>(&'a [u32]);

impl<'a> Fields<'a> {
    /// The next dword; `None` after the last.
    pub fn dword(&mut self) -> Option<u32> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// The next two dwords as one number.
    pub fn quad(&mut self) -> Option<u64> {
        Some(u64::from(self.dword()?) | u64::from(self.dword()?) << 32)
    }

    /// The next dword as a flag.
    pub fn flag(&mut self) -> Option<bool> {
        match self.dword()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// All dwords that are left.
    pub fn rest(self) -> &'a [u32] {
        self.0
    }
}

#[cfg(test)]
#[path = "handover_tests.rs"]
mod tests;
