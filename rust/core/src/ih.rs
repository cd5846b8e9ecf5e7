// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The interrupt ring: where to read in it, and what its entries mean.
//!
//! Pure decoding and pointer arithmetic; may not touch the ring's memory or the card. The card writes ring and pointer, so
//! any value can be there: a bad one is counted and skipped. Source: sections 3.5 and 4.7 of the hardware reference.

use super::vfid::VfId;

/// Bytes in an entry.
pub const ENTRY_BYTES: u32 = 16;
/// Entries in the ring; `RB_SIZE` 10 is 1024 dwords.
pub const ENTRIES: u32 = 256;
/// Entries kept when the card has overwritten some: the newest ones.
pub const KEPT_AFTER_OVERFLOW: u32 = 32;

/// `IH_RB_WPTR.RB_OVERFLOW`; the write-back copy has it too.
const WPTR_OVERFLOW: u32 = 1 << 0;
/// `IH_RB_WPTR.OFFSET`: a byte offset into the ring.
const WPTR_OFFSET: u32 = 0x0003_fffc;

/// The byte offset in a write pointer, whatever else is in it.
pub fn offset(wptr: u32) -> u32 {
    wptr & WPTR_OFFSET
}

/// What an interrupt says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupt {
    /// The VF has read the PF's message (source 88 hex).
    Acked(VfId),
    /// The VF has sent a message (source 89 hex).
    Message(VfId),
    /// A timer or thermal source of the SMU, which the PF driver has no use for.
    Unused {
        /// The source id.
        source: u8,
    },
}

/// Why an entry means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryError {
    /// A mailbox entry of a VF that cannot exist.
    VfOutOfRange {
        /// The VF index the entry has, from 0; 28 bits.
        index: u32,
    },
    /// No source that a PF can get.
    UnknownSource {
        /// The source id.
        source: u8,
    },
}

/// Decodes an entry, given as its four dwords in the CPU's byte order.
///
/// # Errors
///
/// See [`EntryError`].
pub fn decode(entry: [u32; 4]) -> Result<Interrupt, EntryError> {
    let [dw0, dw1, ..] = entry;
    let index = dw1 & 0x0fff_ffff;
    let vf = VfId::from_index(index).ok_or(EntryError::VfOutOfRange { index });
    let [source, ..] = dw0.to_le_bytes();
    match source {
        0x88 => vf.map(Interrupt::Acked),
        0x89 => vf.map(Interrupt::Message),
        0xe5 | 0xe6 | 0xe7 | 0xf8 | 0xfd => Ok(Interrupt::Unused { source }),
        _ => Err(EntryError::UnknownSource { source }),
    }
}

/// What came through the ring; each only grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Mailbox messages.
    pub messages: u64,
    /// Acknowledgements of the PF's messages.
    pub acks: u64,
    /// Entries of sources without use.
    pub unused: u64,
    /// Entries of unknown sources.
    pub unknown: u64,
    /// Mailbox entries of VFs that cannot exist.
    pub out_of_range: u64,
    /// Times that the card overwrote entries that had not been read.
    pub overflows: u64,
    /// Write pointers that point to no entry.
    pub bad_pointers: u64,
}

/// Why there is nothing to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointerError {
    /// All bits are set: the card does not answer.
    Gone,
    /// The write pointer points outside the ring or into an entry.
    Bad {
        /// What was read.
        wptr: u32,
    },
}

/// Entries that can be read now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    next: u32,
    left: u32,
    /// The card has overwritten entries: clear the condition with `WPTR_OVERFLOW_CLEAR`, and lower that bit again.
    pub overflow: bool,
}

impl Batch {
    /// Number of entries left.
    pub fn len(&self) -> u32 {
        self.left
    }

    /// No entry is left.
    pub fn is_empty(&self) -> bool {
        self.left == 0
    }
}

impl Iterator for Batch {
    /// The entry's index in the ring, below [`ENTRIES`].
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        self.left = self.left.checked_sub(1)?;
        let index = self.next;
        self.next = wrap(index.wrapping_add(1));
        Some(index)
    }
}

/// An entry's index, wrapped at the end of the ring.
fn wrap(index: u32) -> u32 {
    index & (ENTRIES - 1)
}

/// The driver's side of the ring.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ring {
    rptr: u32,
    counters: Counters,
}

impl Ring {
    /// A ring that was just set up: both pointers are 0.
    pub const fn new() -> Self {
        Self {
            rptr: 0,
            counters: Counters {
                messages: 0,
                acks: 0,
                unused: 0,
                unknown: 0,
                out_of_range: 0,
                overflows: 0,
                bad_pointers: 0,
            },
        }
    }

    /// The ring was set up anew: both pointers are 0. What was counted stays.
    pub fn restart(&mut self) {
        self.rptr = 0;
    }

    /// Takes all entries up to the write pointer, which is the register or its write-back copy.
    ///
    /// The entries count as read at once: write [`Ring::rptr`] to the doorbell when they are.
    ///
    /// # Errors
    ///
    /// See [`PointerError`]; the read pointer stays where it is.
    pub fn take(&mut self, wptr: u32) -> Result<Batch, PointerError> {
        if wptr == u32::MAX {
            return Err(PointerError::Gone);
        }
        let offset = offset(wptr);
        if offset % ENTRY_BYTES != 0 || offset / ENTRY_BYTES >= ENTRIES {
            self.counters.bad_pointers = self.counters.bad_pointers.saturating_add(1);
            return Err(PointerError::Bad { wptr });
        }
        let end = offset / ENTRY_BYTES;
        let overflow = wptr & WPTR_OVERFLOW != 0;
        let start = if overflow {
            self.counters.overflows = self.counters.overflows.saturating_add(1);
            wrap(end.wrapping_sub(KEPT_AFTER_OVERFLOW))
        } else {
            self.rptr
        };
        self.rptr = end;
        Ok(Batch {
            next: start,
            left: wrap(end.wrapping_sub(start)),
            overflow,
        })
    }

    /// The read pointer as the doorbell and `IH_RB_RPTR` take it: a byte offset.
    pub fn rptr(&self) -> u32 {
        wrap(self.rptr).saturating_mul(ENTRY_BYTES)
    }

    /// Decodes an entry and counts what it is.
    ///
    /// # Errors
    ///
    /// See [`EntryError`].
    pub fn decode(&mut self, entry: [u32; 4]) -> Result<Interrupt, EntryError> {
        let result = decode(entry);
        let c = &mut self.counters;
        let counter = match result {
            Ok(Interrupt::Message(_)) => &mut c.messages,
            Ok(Interrupt::Acked(_)) => &mut c.acks,
            Ok(Interrupt::Unused { .. }) => &mut c.unused,
            Err(EntryError::UnknownSource { .. }) => &mut c.unknown,
            Err(EntryError::VfOutOfRange { .. }) => &mut c.out_of_range,
        };
        *counter = counter.saturating_add(1);
        result
    }

    /// What came through the ring so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }
}

#[cfg(test)]
#[path = "ih_tests.rs"]
mod tests;
