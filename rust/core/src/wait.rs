// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! When to look whether a command is done: learned from how long that command took before.
//!
//! Pure arithmetic on elapsed nanoseconds; may not sleep or read a clock. A look costs an access to the card, and each
//! nanosecond between the command's end and the look that sees it is lost to all VFs. So the first look of each command
//! is aimed at its usual duration, and the aim moves: a little down when the command was done by then, up when not, in
//! steps that double as long as they go the same way. It settles around the duration when that is constant, above the
//! bulk of it when it varies, and follows a change within a few commands. What a timer oversleeps needs no model: the aim
//! is what was asked for, so it settles that much lower.
//!
//! Looks after the first one come at distances that grow with the time already waited, so that a command that takes
//! far longer than usual, or never ends, costs a bounded number of looks.
//!
//! ```text
//! let mut looks = learner.begin(command);
//! write the command, take the time
//! loop {
//!     match looks.pause(elapsed) { sleep or delay }
//!     match progress(read) {
//!         Done => { learner.done(&looks); break }
//!         Busy if looks.busy(elapsed) == Patience::Over => time-out
//!         ...
//!     }
//! }
//! ```

use super::gpuiov::Command;

/// Longest pause that is spent in a delay loop instead of asleep; no busy wait is longer.
pub const SPIN_MAX_NS: u64 = 20_000;
/// Distance of the second look from the first, at least: about what a timer can hit.
const GAP_MIN_NS: u64 = 10_000;
/// Distance between two looks, at most.
const GAP_MAX_NS: u64 = 50_000_000;
/// First step of the aim.
const STEP_NS: u64 = 1_000;
/// Doublings of the step that pays; 1 ms, so that a change of any size is followed within about ten commands.
const STREAK_MAX: u32 = 10;
const NS_PER_MS: u64 = 1_000_000;

/// How to pass the time until the next look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// Look at once.
    None,
    /// A delay loop of this many nanoseconds, at most [`SPIN_MAX_NS`].
    Spin(u64),
    /// Sleep this many nanoseconds.
    Sleep(u64),
}

/// Whether to go on waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Look again.
    Left,
    /// The command had its time (`Command::limit_ms`).
    Over,
}

/// The looks at one command.
#[derive(Clone, Copy, Debug)]
pub struct Looks {
    command: Command,
    /// When the first look is due, in ns after the command was issued.
    aim: u64,
    /// When the next one is.
    next: u64,
    gap: u64,
    /// How much later than asked the first look was.
    overslept: u64,
    limit: u64,
    made: u32,
}

impl Looks {
    /// Allows the command less time than its limit, in ns.
    pub fn limit_to(&mut self, limit: u64) {
        self.limit = self.limit.min(limit);
        self.next = self.next.min(self.limit);
    }

    /// How to pass the time until the next look, `elapsed` ns after the command was issued.
    pub fn pause(&self, elapsed: u64) -> Pause {
        match self.next.saturating_sub(elapsed) {
            0 => Pause::None,
            ns @ ..=SPIN_MAX_NS => Pause::Spin(ns),
            ns => Pause::Sleep(ns),
        }
    }

    /// A look at `elapsed` ns found the command busy.
    pub fn busy(&mut self, elapsed: u64) -> Patience {
        if self.made == 0 {
            self.overslept = elapsed.saturating_sub(self.aim);
        }
        self.made = self.made.saturating_add(1);
        if elapsed >= self.limit {
            return Patience::Over;
        }
        let waited = elapsed.max(self.next).saturating_sub(self.aim);
        let gap = self.gap.max(waited / 2).max(elapsed / 64).min(GAP_MAX_NS);
        self.next = elapsed.max(self.next).saturating_add(gap).min(self.limit);
        Patience::Left
    }

    /// Looks that found the command busy so far.
    pub fn made(&self) -> u32 {
        self.made
    }
}

/// What is known about the duration of one command.
#[derive(Clone, Copy, Debug, Default)]
struct Estimate {
    aim: u64,
    /// Times in a row that the first look came late (positive) or early (negative).
    streak: i32,
    /// How much too early first looks were, when they were: smoothed.
    shortfall: u64,
}

impl Estimate {
    /// The step after `streak` steps the same way.
    fn step(streak: u32) -> u64 {
        STEP_NS << streak.min(STREAK_MAX)
    }

    fn late(&mut self) {
        self.streak = self.streak.max(0).saturating_add(1);
        // Never more than an eighth at once: one unlucky step must not cost many looks.
        let step = Self::step(self.streak.unsigned_abs()).min(self.aim / 8);
        self.aim = self.aim.saturating_sub(step.max(1));
        self.shortfall = self.shortfall.saturating_sub(self.shortfall / 32);
    }

    fn early(&mut self, seen: u64) {
        self.streak = self.streak.min(0).saturating_sub(1);
        let short = seen.saturating_sub(self.aim);
        // A rare long duration must not draw the aim away from the usual one; a lasting one soon does.
        let again = self.streak.unsigned_abs().saturating_sub(1);
        let step = Self::step(again).saturating_mul(3);
        self.aim = self.aim.saturating_add(short.min(step));
        self.shortfall =
            (self.shortfall.saturating_sub(self.shortfall / 4)).saturating_add(short / 4);
    }
}

/// Learns how long each command takes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Learner {
    idle: Estimate,
    save: Estimate,
    load: Estimate,
    run: Estimate,
    init: Estimate,
    save_rlcv: Estimate,
    load_rlcv: Estimate,
}

impl Learner {
    /// Knows nothing: looks at once, then ever less often.
    pub fn new() -> Self {
        Self::default()
    }

    fn estimate(&mut self, command: Command) -> &mut Estimate {
        match command {
            Command::Idle => &mut self.idle,
            Command::Save => &mut self.save,
            Command::Load => &mut self.load,
            Command::Run => &mut self.run,
            Command::Init => &mut self.init,
            Command::SaveRlcv => &mut self.save_rlcv,
            Command::LoadRlcv => &mut self.load_rlcv,
        }
    }

    /// Plans the looks at a command that is about to be issued.
    pub fn begin(&mut self, command: Command) -> Looks {
        let e = *self.estimate(command);
        Looks {
            command,
            aim: e.aim,
            next: e.aim,
            gap: (e.shortfall / 3).clamp(GAP_MIN_NS, GAP_MAX_NS),
            overslept: 0,
            limit: u64::from(command.limit_ms()).saturating_mul(NS_PER_MS),
            made: 0,
        }
    }

    /// The look that was due found the command done.
    pub fn done(&mut self, looks: &Looks) {
        let e = self.estimate(looks.command);
        if looks.made == 0 {
            e.late();
        } else {
            e.early(looks.next.saturating_sub(looks.overslept));
        }
    }
}

#[cfg(test)]
#[path = "wait_tests.rs"]
mod tests;
