// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! From an interrupt to events: reads the ring, takes and acknowledges messages, and leaves the rest to the worker.
//!
//! May not decide anything, nor wait for anything but the mailbox's lock.

use crate::{
    gim_core::{
        engine::Event,
        ih::{
            self,
            Interrupt, //
        },
        mailbox::Message,
    },
    gpu::Gpu,
    hw::ih::Ring,
    kernel_ext::pci::Handler, //
};
use kernel::{
    irq::IrqReturn,
    new_mutex,
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    }, //
};

/// A ring that the card writes into.
struct Enabled<'a> {
    gpu: Arc<Gpu<'a>>,
    ring: Ring,
}

impl<'a> Enabled<'a> {
    fn new(gpu: Arc<Gpu<'a>>, ring: Ring) -> Self {
        ring.enable(&gpu.mmio, &gpu.doorbells);
        Self { gpu, ring }
    }
}

impl Drop for Enabled<'_> {
    fn drop(&mut self) {
        // Before the ring's memory goes.
        Ring::disable(&self.gpu.mmio);
    }
}

/// The consumer of one card's ring.
#[pin_data]
pub(crate) struct Consumer<'a> {
    gpu: Arc<Gpu<'a>>,
    enabled: Enabled<'a>,
    #[pin]
    state: Mutex<ih::Ring>,
}

impl<'a> Consumer<'a> {
    /// Sets the ring up; the card may write into it from now on, until this is dropped.
    pub(crate) fn new(gpu: Arc<Gpu<'a>>, ring: Ring) -> Result<Pin<KBox<Self>>> {
        let enabled = Enabled::new(gpu.clone(), ring);
        Ok(KBox::pin_init(
            pin_init!(Self {
                gpu,
                enabled,
                state <- new_mutex!(ih::Ring::new(), "Consumer::state"),
            }),
            GFP_KERNEL,
        )?)
    }

    fn interrupt(&self, interrupt: Interrupt) {
        match interrupt {
            // Not acknowledged either, so that it cannot send another one.
            Interrupt::Message(vf) if self.gpu.is_muted(vf) => {}
            Interrupt::Message(vf) => {
                let message = self.gpu.mailbox.lock().receive(&self.gpu.mmio, vf);
                if let Some(message) = message {
                    let message = Message::decode(message);
                    self.gpu.send(Event::Message { vf, message });
                }
            }
            Interrupt::Acked(vf) => {
                self.gpu.mailbox.lock().acknowledged(&self.gpu.mmio, vf);
                self.gpu.send(Event::Acked { vf });
            }
            Interrupt::Unused { .. } => {}
        }
    }
}

impl Handler for Pin<KBox<Consumer<'_>>> {
    fn handle(&self) -> IrqReturn {
        let ring = &self.enabled.ring;
        let mut state = self.state.lock();
        let batch = match state.take(ring.wptr()) {
            Ok(batch) => batch,
            // Counted; the pointer may be right next time, and the card must be let interrupt again.
            Err(_) => {
                ring.set_rptr(&self.gpu.doorbells, state.rptr());
                return IrqReturn::Handled;
            }
        };
        if batch.overflow {
            Ring::clear_overflow(&self.gpu.mmio);
        }
        for index in batch {
            let Some(entry) = ring.entry(index) else {
                continue;
            };
            // What cannot be decoded is counted.
            if let Ok(interrupt) = state.decode(entry) {
                self.interrupt(interrupt);
            }
        }
        ring.set_rptr(&self.gpu.doorbells, state.rptr());
        IrqReturn::Handled
    }
}
