// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Budgets: how often a VF may do what costs the host or the other VFs something.
//!
//! Counts and says when a budget is exceeded; may not decide what is done about it. A budget is so many times within a
//! window. The window slides in eighths: what is counted lies within one window, so nobody is over budget who would not be
//! by exact count, and whoever exceeds it within seven eighths of a window is found. Defaults: `models.md`, after AMD's
//! own guard.

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Resets of the VF, asked for or caused by it.
    Flr,
    /// Exclusive accesses granted.
    Exclusive,
    /// Exclusive accesses that had to be ended.
    ExclusiveTimeout,
    /// Interrupts: messages, and acknowledgements of the PF's messages.
    Interrupt,
    /// Messages.
    Message,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 5] = [
        Kind::Flr,
        Kind::Exclusive,
        Kind::ExclusiveTimeout,
        Kind::Interrupt,
        Kind::Message,
    ];
}

/// How often within which time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Times allowed within the window; 0 for no limit.
    pub times: u16,
    /// The window in ns.
    pub window_ns: u64,
}

impl Budget {
    const fn new(times: u16, seconds: u64) -> Self {
        Self {
            times,
            window_ns: seconds.saturating_mul(1_000_000_000),
        }
    }
}

/// The budgets of each VF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budgets {
    /// For [`Kind::Flr`].
    pub flr: Budget,
    /// For [`Kind::Exclusive`].
    pub exclusive: Budget,
    /// For [`Kind::ExclusiveTimeout`].
    pub exclusive_timeout: Budget,
    /// For [`Kind::Interrupt`].
    pub interrupt: Budget,
    /// For [`Kind::Message`]; no limit by default, since each message is an interrupt too.
    pub message: Budget,
}

impl Budgets {
    /// The defaults.
    pub const DEFAULT: Budgets = Budgets {
        flr: Budget::new(3, 60),
        exclusive: Budget::new(9, 60),
        exclusive_timeout: Budget::new(2, 500),
        interrupt: Budget::new(56, 60),
        message: Budget::new(0, 60),
    };

    /// The budget of a kind.
    pub fn get(&self, kind: Kind) -> Budget {
        match kind {
            Kind::Flr => self.flr,
            Kind::Exclusive => self.exclusive,
            Kind::ExclusiveTimeout => self.exclusive_timeout,
            Kind::Interrupt => self.interrupt,
            Kind::Message => self.message,
        }
    }

    /// Changes the budget of a kind.
    pub fn set(&mut self, kind: Kind, budget: Budget) {
        *match kind {
            Kind::Flr => &mut self.flr,
            Kind::Exclusive => &mut self.exclusive,
            Kind::ExclusiveTimeout => &mut self.exclusive_timeout,
            Kind::Interrupt => &mut self.interrupt,
            Kind::Message => &mut self.message,
        } = budget;
    }
}

const PARTS: u64 = 8;

/// What one VF used of one budget.
#[derive(Clone, Copy, Debug)]
struct Window {
    /// Number of the newest part since time 0.
    newest: u64,
    /// Counts of the newest part and those before it, newest first.
    counts: [u16; PARTS as usize],
}

impl Window {
    const NEW: Window = Window {
        newest: 0,
        counts: [0; PARTS as usize],
    };

    fn add(&mut self, budget: Budget, now: u64) -> bool {
        let part_ns = (budget.window_ns / PARTS).max(1);
        let part = now.checked_div(part_ns).unwrap_or(0);
        let passed = part.saturating_sub(self.newest).min(PARTS);
        for _ in 0..passed {
            self.counts.rotate_right(1);
            let [newest, ..] = &mut self.counts;
            *newest = 0;
        }
        self.newest = self.newest.max(part);
        let [newest, ..] = &mut self.counts;
        *newest = newest.saturating_add(1);
        let used = self.counts.iter().fold(0u16, |n, &c| n.saturating_add(c));
        budget.times != 0 && used > budget.times
    }
}

/// What one VF used of its budgets.
#[derive(Clone, Copy, Debug)]
pub struct Guard {
    windows: [Window; Kind::ALL.len()],
}

impl Guard {
    /// Nothing used.
    pub const NEW: Guard = Guard {
        windows: [Window::NEW; Kind::ALL.len()],
    };

    /// Counts; true if that is over the budget.
    pub fn count(&mut self, kind: Kind, budgets: &Budgets, now: u64) -> bool {
        self.windows
            .get_mut(kind as usize)
            .is_some_and(|window| window.add(budgets.get(kind), now))
    }
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;
