// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Questions to the worker about what only it may touch: the card's index registers, and its own journal. It answers
//! between two events, when the turn that is on does not end at once, so that no world switch waits for an answer.
//!
//! May not change anything, on the card or of what is decided.

use crate::{
    gpu::Gpu,
    hw::sensors::Readings,
    kernel_ext::time::now_ns, //
};
use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Release, //
        },
        Mutex, //
    },
};

/// How long an answer may take: a reset of the GPU takes longer, then there is none.
const LIMIT_NS: u64 = 5_000_000_000;
/// How much of the present turn must be left, in ns.
const QUIET_NS: u64 = 2_000_000;
/// How long a question waits for that, in ns.
const PATIENCE_NS: u64 = 100_000_000;

/// What can be asked.
#[derive(Clone, Copy)]
pub(crate) enum Question {
    /// What the SMC measures.
    Sensors,
    /// A register of the SMC by its address.
    Smc(u32),
    /// A strap of the bus interface by its address.
    Strap(u32),
    /// What was done last, as text.
    Journal,
}

/// What is answered.
pub(crate) enum Answer {
    /// To [`Question::Sensors`].
    Sensors(Readings),
    /// To [`Question::Smc`] and [`Question::Strap`].
    Register(u32),
    /// To [`Question::Journal`].
    Text(KVVec<u8>),
}

/// A question on its way.
#[derive(Clone, Copy)]
struct Asked {
    question: Question,
    /// When it was asked, monotonic ns.
    since: u64,
}

/// Where a question is put and its answer found: one at a time.
#[pin_data]
pub(crate) struct Desk {
    /// Whoever asks has it until the answer is there.
    #[pin]
    one: Mutex<()>,
    #[pin]
    asked: Mutex<Option<Asked>>,
    #[pin]
    answer: Mutex<Option<Result<Answer>>>,
    /// Whether a question waits, and whether an answer does: for those who may not sleep.
    open: Atomic<bool>,
    answered: Atomic<bool>,
}

impl Desk {
    /// An empty one.
    pub(crate) fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            one <- new_mutex!((), "Desk::one"),
            asked <- new_mutex!(None, "Desk::asked"),
            answer <- new_mutex!(None, "Desk::answer"),
            open: Atomic::new(false),
            answered: Atomic::new(false),
        })
    }

    /// Whether a question waits.
    pub(crate) fn is_open(&self) -> bool {
        self.open.load(Acquire)
    }

    /// For the worker: the question to answer now, when the next thing it has to do is at `next`; with it goes what
    /// [`Desk::reply`] wants.
    pub(crate) fn question(&self, now: u64, next: Option<u64>) -> Option<(Question, u64)> {
        if !self.is_open() {
            return None;
        }
        let asked = (*self.asked.lock())?;
        let quiet = next.is_none_or(|next| next.saturating_sub(now) >= QUIET_NS);
        let late = now.saturating_sub(asked.since) >= PATIENCE_NS;
        (quiet || late).then_some((asked.question, asked.since))
    }

    /// For the worker: answers what was asked at `since`, unless whoever asked has given up.
    pub(crate) fn reply(&self, since: u64, answer: Result<Answer>) {
        let mut asked = self.asked.lock();
        if !asked.is_some_and(|asked| asked.since == since) {
            return;
        }
        *asked = None;
        *self.answer.lock() = Some(answer);
        self.open.store(false, Release);
        self.answered.store(true, Release);
    }
}

impl Gpu<'_> {
    /// Asks the worker, and waits for the answer.
    ///
    /// # Errors
    ///
    /// `ENODEV` if the card is gone, `ETIMEDOUT` if the worker is busy for long, others as the answer.
    pub(crate) fn ask(&self, question: Question) -> Result<Answer> {
        let desk = &self.desk;
        let _one = desk.one.lock();
        // Of a question that was given up.
        *desk.answer.lock() = None;
        desk.answered.store(false, Release);
        *desk.asked.lock() = Some(Asked {
            question,
            since: now_ns(),
        });
        desk.open.store(true, Release);
        self.wake_worker();
        let deadline = now_ns().saturating_add(LIMIT_NS);
        if !self.wait_published(deadline, || desk.answered.load(Acquire)) {
            let mut asked = desk.asked.lock();
            *asked = None;
            desk.open.store(false, Release);
        }
        desk.answer.lock().take().unwrap_or(Err(ETIMEDOUT))
    }
}
