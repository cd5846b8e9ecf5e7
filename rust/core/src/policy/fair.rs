// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Fair: GPU time follows the weights.
//!
//! Each VF has a virtual time that runs while it has the GPU, the slower the larger its weight; the VF whose virtual time
//! is furthest behind is next, for one quantum. What a VF takes beyond its quantum, because it is slow to be preempted, is
//! charged to it like all other time, so it waits for as long as the others need to catch up. Exclusive access is not
//! charged. A VF gathers no claim while it has no turn: when it comes (back) its virtual time is at least that of the VF
//! furthest behind of those that were there; what it owes it still owes. So nobody owes anything for having been alone.

use super::super::vfid::{PerVf, VfId};
use super::{Priority, Share, Turn, View, WEIGHT_MAX, WEIGHT_MIN};

/// Virtual times, in ns of a VF with the largest weight, relative to the VF that was furthest behind at the last choice.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    ahead: PerVf<u64>,
    /// Mask of the VFs that could have a turn at the last choice, or had one since.
    there: u16,
}

impl State {
    pub(super) const NEW: State = State {
        ahead: PerVf::new(0),
        there: 0,
    };

    /// How far ahead the VF furthest behind is, of those that are there.
    fn base(&self) -> Option<u64> {
        let there = |(vf, _): &(VfId, &u64)| self.there & vf.bit() != 0;
        self.ahead
            .iter()
            .filter(there)
            .map(|(_, &ahead)| ahead)
            .min()
    }

    /// VFs come: each of `mask` that is not there yet.
    fn join(&mut self, mask: u16) {
        if mask & !self.there == 0 {
            return;
        }
        let base = self.base().unwrap_or(0);
        for (vf, ahead) in self.ahead.iter_mut() {
            if mask & !self.there & vf.bit() != 0 {
                *ahead = base.max(*ahead);
            }
        }
        self.there |= mask;
    }

    pub(super) fn charge(&mut self, vf: VfId, used: u64, share: &Share) {
        let weight = u64::from(share.weight.clamp(WEIGHT_MIN, WEIGHT_MAX));
        let virtual_ns = used
            .saturating_mul(u64::from(WEIGHT_MAX))
            .checked_div(weight)
            .unwrap_or(0);
        self.join(vf.bit());
        let ahead = self.ahead.get_mut(vf);
        *ahead = ahead.saturating_add(virtual_ns);
    }

    pub(super) fn next(&mut self, view: &View<'_>) -> Turn {
        let priority = |vf| view.shares.get(vf).priority;
        let eligible = |vf: &VfId| priority(*vf) != Priority::Low || view.has_work(*vf);
        let mask = view
            .list
            .iter()
            .filter(eligible)
            .fold(0, |mask, vf| mask | vf.bit());
        self.there &= mask;
        self.join(mask);
        let base = self.base().unwrap_or(0);
        for (_, ahead) in self.ahead.iter_mut() {
            *ahead = ahead.saturating_sub(base);
        }
        if let Some(turn) = view.lone() {
            return turn;
        }
        let behind = |urgent: bool| {
            view.list
                .iter()
                .filter(eligible)
                .filter(|&vf| !urgent || (priority(vf) == Priority::High && view.has_work(vf)))
                .min_by_key(|&vf| *self.ahead.get(vf))
        };
        // Two turns of high priority never follow each other while somebody else is further behind.
        let after_high = view.current.map(priority) == Some(Priority::High);
        let urgent = if after_high { None } else { behind(true) };
        urgent
            .or_else(|| behind(false))
            .map_or(view.stay(), |vf| view.turn(vf))
    }
}
