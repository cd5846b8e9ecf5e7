// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Guests: what a driver on a VF sends, and when. None knows more than its mailbox tells it.

use crate::rng::Rng;
use crate::{MS, S, US};
use gim_core::mailbox::{Message, Reply};

/// How a guest behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// Not there.
    Off,
    /// Starts, works, ends, again and again.
    Good,
    /// Starts and works for ever.
    Busy,
    /// Keeps exclusive access.
    Greedy,
    /// Disappears at any time without a word; sometimes its user resets the function.
    Crasher,
    /// Works and hangs its engines.
    Hanger,
    /// Takes long to be preempted.
    Slow,
    /// Sends whatever it likes, often.
    Flooder,
}

impl Behaviour {
    /// Those that a random plan has.
    pub const ALL: [Behaviour; 8] = [
        Behaviour::Off,
        Behaviour::Good,
        Behaviour::Busy,
        Behaviour::Greedy,
        Behaviour::Crasher,
        Behaviour::Hanger,
        Behaviour::Slow,
        Behaviour::Flooder,
    ];
}

/// What a guest does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Sends a message.
    Send(Message),
    /// Its user resets the function.
    UserReset,
    /// Its engines hang from now on.
    Hang,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Off,
    WaitsInit,
    Starts,
    Works,
    WaitsFini,
    Ends,
}

/// A guest.
#[derive(Clone, Debug)]
pub struct Guest {
    behaviour: Behaviour,
    state: State,
    rng: Rng,
    /// When it acts next unless something happens before.
    pub next: u64,
}

/// A guest gives up on an answer after this time.
const GIVES_UP: u64 = 12 * S;
/// It never acts by itself.
const NEVER: u64 = u64::MAX;

impl Guest {
    /// A guest that is about to start its driver.
    pub fn new(behaviour: Behaviour, mut rng: Rng) -> Self {
        let next = match behaviour {
            Behaviour::Off => NEVER,
            _ => rng.range(0, 300 * MS),
        };
        Self {
            behaviour,
            state: State::Off,
            rng,
            next,
        }
    }

    /// How it behaves.
    pub fn behaviour(&self) -> Behaviour {
        self.behaviour
    }

    /// It was never heard of again.
    pub fn vanish(&mut self) {
        self.behaviour = Behaviour::Off;
        self.next = NEVER;
    }

    fn request(&mut self, id: u32, state: State, now: u64) -> Act {
        self.state = state;
        self.next = now + GIVES_UP;
        Act::Send(Message::decode([id, 0, 0, 0]))
    }

    fn then(&mut self, act: Act, state: State, next: u64) -> Act {
        self.state = state;
        self.next = next;
        act
    }

    /// Its time has come.
    pub fn act(&mut self, now: u64) -> Option<Act> {
        let rng = &mut self.rng;
        if self.behaviour == Behaviour::Flooder && rng.one_in(2) {
            self.next = now + rng.range(20 * US, 20 * MS);
            let id = rng.pick(&[0, 1, 2, 3, 4, 5, 6, 200, 255, 255, 0xffff_ffff]);
            let message = Message::decode([id, 1, 0x6161_6161, 0x0061_0a61]);
            return Some(Act::Send(message));
        }
        if self.behaviour == Behaviour::Crasher && rng.one_in(3) {
            self.state = State::Off;
            self.next = now + rng.range(MS, 500 * MS);
            return rng.one_in(2).then_some(Act::UserReset);
        }
        let soon = now + rng.range(100 * US, 30 * MS);
        let later = now + rng.range(MS, 400 * MS);
        let release = |id| Act::Send(Message::decode([id, 0, 0, 0]));
        Some(match self.state {
            State::Off => {
                let id = if rng.one_in(5) { 5 } else { 1 };
                self.request(id, State::WaitsInit, now)
            }
            State::Starts if self.behaviour == Behaviour::Greedy => {
                self.next = NEVER;
                return None;
            }
            State::Starts => {
                let next = match self.behaviour {
                    Behaviour::Busy => NEVER,
                    _ => later,
                };
                self.then(release(2), State::Works, next)
            }
            State::Works if self.behaviour == Behaviour::Hanger => {
                self.then(Act::Hang, State::Works, later + S)
            }
            State::Works => self.request(3, State::WaitsFini, now),
            State::Ends => self.then(release(4), State::Off, later),
            State::WaitsInit | State::WaitsFini => {
                self.state = State::Off;
                self.next = soon;
                return None;
            }
        })
    }

    /// A message of the PF arrived.
    pub fn reply(&mut self, reply: Reply, now: u64) {
        if self.behaviour == Behaviour::Off {
            return;
        }
        let soon = now + self.rng.range(100 * US, 30 * MS);
        match (reply, self.state) {
            (Reply::Ready, State::WaitsInit) => self.state = State::Starts,
            (Reply::Ready, State::WaitsFini) => self.state = State::Ends,
            (Reply::Ready, _) => return,
            // Its driver notices and starts over.
            (Reply::FlrNotification | Reply::Nothing, _) => return,
            (Reply::FlrCompletion, _) => self.state = State::Off,
        }
        self.next = soon;
    }
}
