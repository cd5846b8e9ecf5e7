// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The run list: which VFs take part in scheduling, and in which order.
//!
//! A ring with a place marked on it; may not decide whose turn it is. A VF enters while it has the GPU, so it enters just
//! before the mark: everybody else on the list has a turn before it has its next.

use super::vfid::{VfId, COUNT};

/// VFs in the order of their turns.
#[derive(Clone, Copy, Debug)]
pub struct RunList {
    order: [VfId; COUNT],
    len: usize,
    /// Index of the VF after the one that ran last; 0 on an empty list.
    next: usize,
}

impl RunList {
    /// An empty list.
    pub const fn new() -> Self {
        Self {
            order: [VfId::FIRST; COUNT],
            len: 0,
            next: 0,
        }
    }

    fn members(&self) -> &[VfId] {
        self.order.get(..self.len).unwrap_or(&[])
    }

    fn position(&self, vf: VfId) -> Option<usize> {
        self.members().iter().position(|&m| m == vf)
    }

    /// Number of VFs on the list.
    pub fn len(&self) -> usize {
        self.len
    }

    /// No VF is on the list.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether a VF is on the list.
    pub fn contains(&self, vf: VfId) -> bool {
        self.position(vf).is_some()
    }

    /// VFs in the order of their turns, the next one first.
    pub fn iter(&self) -> impl Iterator<Item = VfId> + '_ {
        let (first, last) = self
            .members()
            .split_at_checked(self.next)
            .unwrap_or((&[], &[]));
        last.iter().chain(first).copied()
    }

    /// Puts a VF on the list, as the one that ran last. Does nothing if it is there.
    pub fn insert(&mut self, vf: VfId) {
        if self.contains(vf) || self.len >= COUNT {
            return;
        }
        let end = self.len;
        self.len = self.len.saturating_add(1);
        if let Some(place) = self.order.get_mut(end) {
            *place = vf;
        }
        if let Some(tail) = self.order.get_mut(self.next..self.len) {
            tail.rotate_right(1);
        }
        self.next = self.wrap(self.next.saturating_add(1));
    }

    /// Takes a VF off the list. The order of the others and whose turn is next stay as they are.
    pub fn remove(&mut self, vf: VfId) {
        let Some(at) = self.position(vf) else { return };
        if let Some(tail) = self.order.get_mut(at..self.len) {
            tail.rotate_left(1);
        }
        self.len = self.len.saturating_sub(1);
        if at < self.next {
            self.next = self.next.saturating_sub(1);
        }
        self.next = self.wrap(self.next);
    }

    /// A VF got the GPU: the one after it is next.
    pub fn ran(&mut self, vf: VfId) {
        if let Some(at) = self.position(vf) {
            self.next = self.wrap(at.saturating_add(1));
        }
    }

    fn wrap(&self, index: usize) -> usize {
        if index >= self.len {
            0
        } else {
            index
        }
    }
}

impl Default for RunList {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
#[path = "runlist_tests.rs"]
mod tests;
