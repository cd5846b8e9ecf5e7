// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What may become of a partition while it is in use: a VF that does not run gets another range; a partition that
//! somebody else has made is taken over. No range of another VF is ever touched.

use super::{Bounds, Error, Partition, Range, Request, MAX_VFS, UNIT_MB};

impl Partition {
    /// What is free between the VFs' ranges and behind them, in order; those of `except` count as free.
    pub fn gaps(&self, except: Option<u32>) -> impl Iterator<Item = Range> + '_ {
        let mut next = self.base_mb();
        let limit = self.limit_mb();
        core::iter::from_fn(move || {
            while next < limit {
                let offset_mb = next;
                let taken = self
                    .taken(except)
                    .filter(|range| range.end_mb() > offset_mb)
                    .min_by_key(|range| range.offset_mb);
                let end = taken.map_or(limit, |range| range.offset_mb.min(limit));
                next = taken.map_or(limit, |range| range.end_mb());
                if end > offset_mb {
                    return Some(Range {
                        offset_mb,
                        size_mb: end.saturating_sub(offset_mb),
                    });
                }
            }
            None
        })
    }

    fn taken(&self, except: Option<u32>) -> impl Iterator<Item = &Range> {
        let except = except.and_then(|index| self.vf(index));
        self.ranges
            .iter()
            .filter(move |range| **range != Range::EMPTY && Some(**range) != except)
    }

    /// Gives the VF with function id `index` a range of `size_mb`, a multiple of 16 MB: where it begins now if there is
    /// room, else in the smallest gap that suffices. Nothing changes on failure.
    ///
    /// # Errors
    ///
    /// [`Error::NoVf`], [`Error::Aperture`]; [`Error::NoRoom`] says how much there is in one piece.
    pub fn resize(&mut self, index: u32, size_mb: u32) -> Result<Range, Error> {
        let old = self.vf(index).ok_or(Error::NoVf)?;
        if size_mb < self.min_vf_mb || size_mb % UNIT_MB != 0 {
            return Err(Error::Aperture {
                asked_mb: size_mb,
                least_mb: self.min_vf_mb,
            });
        }
        let holds = |gap: &Range| gap.size_mb >= size_mb;
        let around = self.gaps(Some(index)).find(|gap| {
            gap.offset_mb <= old.offset_mb && old.offset_mb.saturating_add(size_mb) <= gap.end_mb()
        });
        let offset_mb = match around {
            Some(_) => old.offset_mb,
            None => {
                let smallest = self
                    .gaps(Some(index))
                    .filter(holds)
                    .min_by_key(|gap| gap.size_mb)
                    .ok_or_else(|| Error::NoRoom {
                        asked_mb: size_mb,
                        room_mb: self.largest_gap_mb(index),
                    })?;
                smallest.offset_mb
            }
        };
        let new = Range { offset_mb, size_mb };
        if let Some(range) = usize::try_from(index)
            .ok()
            .and_then(|index| self.ranges.get_mut(index))
        {
            *range = new;
        }
        Ok(new)
    }

    /// The largest size that [`Partition::resize`] could give a VF.
    fn largest_gap_mb(&self, index: u32) -> u32 {
        self.gaps(Some(index))
            .map(|gap| gap.size_mb)
            .max()
            .unwrap_or(0)
    }

    /// The partition that the card's registers describe, for as many VFs as asked for.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] unless ranges are disjoint, within the card, and cover the apertures.
    pub fn found(
        req: &Request,
        consumed: u16,
        registers: &[u32; MAX_VFS as usize],
    ) -> Result<Self, Error> {
        let bounds = Bounds::new(req)?;
        let mut found = Self {
            total_mb: req.total_mb,
            pf_mb: req
                .total_mb
                .checked_sub(consumed.into())
                .ok_or(Error::Invalid)?,
            min_vf_mb: bounds.min_vf_mb,
            vfs: req.vfs,
            ranges: [Range::EMPTY; MAX_VFS as usize],
        };
        if found.pf_mb < bounds.min_pf_mb || found.pf_mb % UNIT_MB != 0 {
            return Err(Error::Invalid);
        }
        for (i, &register) in (0..req.vfs).zip(registers) {
            let range = Range::from_register(register).ok_or(Error::Invalid)?;
            let free = found
                .gaps(None)
                .any(|gap| gap.offset_mb <= range.offset_mb && range.end_mb() <= gap.end_mb());
            if !free || range.size_mb < bounds.min_vf_mb {
                return Err(Error::Invalid);
            }
            if let Some(place) = usize::try_from(i)
                .ok()
                .and_then(|index| found.ranges.get_mut(index))
            {
                *place = range;
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
#[path = "change_tests.rs"]
mod tests;
