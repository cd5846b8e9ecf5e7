// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The deadlines of the engine's timers: as the engine set them, and as whoever keeps the time for it was told.

use super::event::Timer;

/// Deadlines of the timers, in ns of the monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct Timers {
    pub(super) quantum: Option<u64>,
    pub(super) exclusive: Option<u64>,
    pub(super) guard: Option<u64>,
}

impl Timers {
    /// None is set.
    pub const IDLE: Self = Self {
        quantum: None,
        exclusive: None,
        guard: None,
    };

    /// The deadline of a timer.
    pub fn get(&mut self, timer: Timer) -> &mut Option<u64> {
        match timer {
            Timer::Quantum => &mut self.quantum,
            Timer::Exclusive => &mut self.exclusive,
            Timer::Guard => &mut self.guard,
        }
    }

    /// The first deadline, and whose it is.
    pub fn first(&self) -> Option<(u64, Timer)> {
        let at = |deadline: Option<u64>, timer| deadline.map(|ns| (ns, timer));
        [
            at(self.quantum, Timer::Quantum),
            at(self.exclusive, Timer::Exclusive),
            at(self.guard, Timer::Guard),
        ]
        .into_iter()
        .flatten()
        .min_by_key(|(ns, _)| *ns)
    }
}
