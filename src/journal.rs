// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What the worker did and was told last, for the dump of a GPU that hangs.

use crate::gim_core::{
    engine::{
        Event,
        Fault,
        Step, //
    },
    mailbox::Reply,
    vfid::VfId, //
};
use core::fmt;
use kernel::prelude::*;

/// Entries kept.
const LEN: usize = 256;

/// Something that happened.
#[derive(Clone, Copy)]
pub(crate) enum What {
    /// The worker was told of something, other than the end of its own work.
    Event(Event),
    /// Something was done on the card, for so many ns.
    Step(Step, Result<(), Fault>, u64),
    /// A message was sent to a VF.
    Reply(VfId, Reply),
}

impl What {
    /// A step, and the event that it ended in.
    pub(crate) fn step(step: Step, end: &Event, ns: u64) -> Self {
        let result = match end {
            Event::Failed(fault) => Err(*fault),
            _ => Ok(()),
        };
        What::Step(step, result, ns)
    }
}

/// The last entries, each with its time in monotonic ns.
pub(crate) struct Journal {
    entries: KVec<Option<(u64, What)>>,
    next: usize,
}

impl Journal {
    /// An empty one.
    pub(crate) fn new() -> Result<Self> {
        let mut entries = KVec::with_capacity(LEN, GFP_KERNEL)?;
        for _ in 0..LEN {
            entries.push(None, GFP_KERNEL)?;
        }
        Ok(Self { entries, next: 0 })
    }

    /// Notes something, and forgets what is oldest.
    pub(crate) fn note(&mut self, at: u64, what: What) {
        if let Some(place) = self.entries.get_mut(self.next) {
            *place = Some((at, what));
        }
        self.next = (self.next + 1) % LEN;
    }
}

impl fmt::Display for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (newer, older) = self.entries.split_at(self.next.min(self.entries.len()));
        for (at, what) in [older, newer].into_iter().flatten().flatten() {
            let us = at / 1000;
            write!(f, "{:8}.{:06}  ", us / 1_000_000, us % 1_000_000)?;
            match what {
                What::Event(event) => writeln!(f, "event {event:?}")?,
                What::Step(step, result, ns) => {
                    write!(f, "{}: ", step)?;
                    match result {
                        Ok(()) => write!(f, "done")?,
                        Err(Fault::Command(failure)) => write!(f, "{}", failure)?,
                        Err(Fault::Operation) => write!(f, "failed")?,
                    }
                    writeln!(f, ", {} us", ns / 1000)?;
                }
                What::Reply(vf, reply) => writeln!(f, "to {}: {reply:?}", vf)?,
            }
        }
        Ok(())
    }
}
