// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Turns between two exclusive accesses: whoever could run when one ended has a turn before the next begins.
//!
//! Without that, guests that start and stop all the time would keep the others from running at all. It is bounded in
//! time, because a guest gives up on its request after 12 s.

use super::super::vfid::VfId;
use super::{Engine, Timer};

/// Longest time that requests wait for the turns of others, in ns.
const LIMIT_NS: u64 = 250_000_000;

#[derive(Clone, Copy, Debug)]
pub(super) struct Breather {
    /// VFs that have their turn first.
    owed: u16,
    /// When that ends; not set before the first of these turns begins.
    until: Option<u64>,
    /// When the present turn began.
    turn_began: u64,
}

impl Breather {
    pub(super) const OVER: Breather = Breather {
        owed: 0,
        until: None,
        turn_began: 0,
    };
}

impl Engine {
    /// An exclusive access ended.
    pub(super) fn breather_begins(&mut self) {
        self.breather.owed = self.list.iter().fold(0, |mask, vf| mask | vf.bit());
        self.breather.until = None;
    }

    pub(super) fn breather_turn_begins(&mut self) {
        self.breather.turn_began = self.now;
        if self.breather.owed != 0 && self.breather.until.is_none() {
            self.breather.until = Some(self.now.saturating_add(LIMIT_NS));
        }
    }

    pub(super) fn breather_turn_over(&mut self, vf: VfId) {
        self.breather.owed &= !vf.bit();
    }

    /// Those without work need no turn.
    pub(super) fn breather_work(&mut self, work: u16) {
        self.breather.owed &= work;
    }

    /// Others have their turns before `vf` gets exclusive access.
    pub(super) fn is_breather(&mut self, vf: VfId) -> bool {
        let owes = |other: VfId| other != vf && self.breather.owed & other.bit() != 0;
        if !self.list.iter().any(owes) {
            return false;
        }
        let over = self.breather.until.unwrap_or(u64::MAX);
        if self.now >= over {
            self.breather.owed = 0;
            return false;
        }
        // A lone VF's turn is as long as any other's now that somebody waits behind it.
        if let (Some(end), Some(running)) = (self.timers.quantum, self.card.running_vf()) {
            let quantum = self
                .settings
                .shares
                .get(running)
                .quantum(self.settings.quantum_ns);
            let usual = self.breather.turn_began.saturating_add(quantum);
            let sooner = usual.min(over).max(self.now);
            if end > sooner {
                self.arm(Timer::Quantum, sooner);
            }
        }
        true
    }
}
