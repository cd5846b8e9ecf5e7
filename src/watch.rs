// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What no event tells the worker: an interrupt that was lost, and a VF that its user has reset behind the PF's back.
//!
//! Decides only when to look: never while nobody can use a VF; every four seconds while one has a driver on this host
//! (vfio's, for a guest), as the first message of all may be what is lost; once a second while a guest's driver runs. The
//! ring is looked at in memory, which costs no access to the card.

use crate::{
    gim_core::{
        engine::Event,
        vfid::VfId, //
    },
    gpu::Gpu,
    hw::vf_status,
    irq::Consumer,
    kernel_ext::pci::is_present, //
};
use kernel::{
    prelude::*,
    sync::Arc, //
};

/// Between two looks at the ring while a guest's driver runs.
const RING_NS: u64 = 1_000_000_000;
/// The same while none does, but one may come. A guest waits 12 s for an answer.
const FIRST_NS: u64 = 4_000_000_000;
/// How long an entry lies in the ring before its interrupt counts as lost.
const PATIENCE_NS: u64 = 10_000_000;
/// Between two looks at who was reset.
const RESETS_NS: u64 = 1_000_000_000;

/// What is watched on one card.
pub(crate) struct Watch<'a> {
    gpu: Arc<Gpu<'a>>,
    ring: Arc<Consumer<'a>>,
    next_ring: u64,
    /// Up to where the ring was read when there was more in it.
    unread: Option<u32>,
    /// Interrupts that were lost.
    lost: u64,
    next_resets: u64,
}

impl<'a> Watch<'a> {
    /// Nothing was seen yet.
    pub(crate) fn new(gpu: Arc<Gpu<'a>>, ring: Arc<Consumer<'a>>) -> Self {
        Self {
            gpu,
            ring,
            next_ring: 0,
            unread: None,
            lost: 0,
            next_resets: 0,
        }
    }

    /// Looks at what it is time to look at; when to look again, in monotonic ns, `None` for never.
    pub(crate) fn look(&mut self, now: u64) -> Option<u64> {
        let has_driver = self.gpu.has_vf_driver();
        let pause = if self.gpu.started().is_some() {
            self.look_at_resets(now);
            RING_NS
        } else if has_driver {
            FIRST_NS
        } else {
            return None;
        };
        self.look_at_ring(now, pause);
        Some(self.next_ring)
    }

    /// Looks at the ring if it is time, and reads it if nobody else did; the next look is after `pause`, in ns.
    fn look_at_ring(&mut self, now: u64, pause: u64) {
        self.next_ring = self.next_ring.min(now.saturating_add(pause));
        if now < self.next_ring {
            return;
        }
        let unread = self.ring.unread();
        if unread.is_some() && unread == self.unread {
            self.unread = None;
            if self.lost == 0 {
                dev_warn!(
                    self.gpu.dev,
                    "an interrupt was lost: messages of guests are looked for from time to time\n"
                );
            }
            self.lost += 1;
            self.ring.read();
        } else {
            self.unread = unread;
        }
        self.next_ring = now.saturating_add(match self.unread {
            Some(_) => PATIENCE_NS,
            None => pause,
        });
    }

    /// A VF was made ready to run: whatever the card shows of it now is of no interest.
    pub(crate) fn is_ready(&mut self, vf: VfId) {
        if let Some(resets) = vf_status::resets(&self.gpu.mmio) {
            self.gpu
                .know_resets(self.gpu.known_resets() & !vf.bit() | resets & vf.bit());
        }
    }

    /// What follows from a look at who was reset, if it is time: sends events.
    fn look_at_resets(&mut self, now: u64) {
        if now < self.next_resets {
            return;
        }
        self.next_resets = now.saturating_add(RESETS_NS);
        let Some(resets) = vf_status::resets(&self.gpu.mmio) else {
            if !is_present(self.gpu.dev) {
                self.gpu.send(Event::Gone);
            }
            return;
        };
        let new = resets & !self.gpu.known_resets();
        self.gpu.know_resets(resets);
        let engine = self.gpu.engine.lock();
        for vf in VfId::all() {
            // Of a VF on which nobody has started, nothing is lost.
            if new & vf.bit() != 0 && engine.state(vf).is_started() {
                self.gpu.send(Event::UserReset { vf });
            }
        }
    }
}
