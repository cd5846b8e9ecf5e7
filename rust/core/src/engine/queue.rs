// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Requests that wait for the GPU, first come, first served; at most one of each VF. May not decide when one is served.

use super::super::mailbox::Request;
use super::super::vfid::{VfId, COUNT};

/// A request that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) vf: VfId,
    pub(super) request: Request,
    /// It was tried before.
    pub(super) tried: bool,
    /// It was counted against the VF's budget.
    pub(super) counted: bool,
}

impl Waiting {
    /// A request that was just sent.
    pub(super) fn new(vf: VfId, request: Request) -> Self {
        Self {
            vf,
            request,
            tried: false,
            counted: false,
        }
    }

    /// A request that was tried in vain.
    pub(super) fn again(vf: VfId, request: Request) -> Self {
        Self {
            tried: true,
            counted: true,
            ..Self::new(vf, request)
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Queue {
    entries: [Option<Waiting>; COUNT],
}

impl Queue {
    pub(super) const EMPTY: Queue = Queue {
        entries: [None; COUNT],
    };

    pub(super) fn front(&self) -> Option<Waiting> {
        self.entries.first().copied().flatten()
    }

    /// The first request was counted against the VF's budget.
    pub(super) fn front_counted(&mut self) {
        if let Some(Some(waiting)) = self.entries.first_mut() {
            waiting.counted = true;
        }
    }

    /// In order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Waiting> + '_ {
        self.entries.iter().flatten().copied()
    }

    pub(super) fn len(&self) -> usize {
        self.iter().count()
    }

    /// Adds a request at the end. One of the same VF that waits is taken out and returned.
    pub(super) fn push_back(&mut self, waiting: Waiting) -> Option<Waiting> {
        let old = self.remove(waiting.vf);
        if let Some(place) = self.entries.iter_mut().find(|e| e.is_none()) {
            *place = Some(waiting);
        }
        old
    }

    /// Puts a request back that was taken out; unless the VF has sent another one since.
    pub(super) fn push_front(&mut self, waiting: Waiting) -> bool {
        let newer = self.entries.iter().flatten().any(|e| e.vf == waiting.vf);
        if newer {
            return false;
        }
        self.entries.rotate_right(1);
        if let Some(first) = self.entries.first_mut() {
            *first = Some(waiting);
        }
        true
    }

    pub(super) fn remove(&mut self, vf: VfId) -> Option<Waiting> {
        let at = self
            .entries
            .iter()
            .position(|e| e.is_some_and(|e| e.vf == vf))?;
        let tail = self.entries.get_mut(at..)?;
        let removed = tail.first_mut()?.take();
        tail.rotate_left(1);
        removed
    }
}
