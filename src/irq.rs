// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! From an interrupt to events: reads the ring, takes and acknowledges messages, and leaves the rest to the worker.
//!
//! May not decide anything, nor wait for anything but the mailbox's lock.

use crate::{
    gim_core::{
        engine::Event,
        ih::{
            self,
            Interrupt,
            PointerError, //
        },
        mailbox::Message,
        vfid::VfId,
    },
    gpu::Gpu,
    hw::ih::Ring,
    kernel_ext::pci::{
        is_present,
        Handler, //
    },
};
use kernel::{
    device::Bound,
    irq::IrqReturn,
    new_mutex,
    pci,
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    }, //
};

/// The ring, and how far it is read.
#[pin_data]
pub(crate) struct Interrupts {
    ring: Ring,
    #[pin]
    state: Mutex<ih::Ring>,
}

impl Interrupts {
    /// Allocates the ring.
    pub(crate) fn new(dev: &pci::Device<Bound>) -> Result<Arc<Self>> {
        let ring = Ring::new(dev)?;
        Arc::pin_init(
            pin_init!(Self {
                ring,
                state <- new_mutex!(ih::Ring::new(), "Interrupts::state"),
            }),
            GFP_KERNEL,
        )
    }

    /// Sets the ring up, at first or anew; the card may write into it from now on.
    pub(crate) fn enable(&self, gpu: &Gpu<'_>) {
        let mut state = self.state.lock();
        state.restart();
        self.ring.enable(&gpu.mmio, &gpu.doorbells);
    }
}

/// A ring that the card writes into.
struct Enabled<'a> {
    gpu: Arc<Gpu<'a>>,
    interrupts: Arc<Interrupts>,
}

impl Drop for Enabled<'_> {
    fn drop(&mut self) {
        // Before the ring's memory goes.
        Ring::disable(&self.gpu.mmio);
    }
}

/// The consumer of one card's ring.
pub(crate) struct Consumer<'a> {
    gpu: Arc<Gpu<'a>>,
    enabled: Enabled<'a>,
}

impl<'a> Consumer<'a> {
    /// Sets the ring up; the card may write into it from now on, until this is dropped.
    pub(crate) fn new(gpu: Arc<Gpu<'a>>, interrupts: Arc<Interrupts>) -> Result<Arc<Self>> {
        interrupts.enable(&gpu);
        let enabled = Enabled {
            gpu: gpu.clone(),
            interrupts,
        };
        Ok(Arc::new(Self { gpu, enabled }, GFP_KERNEL)?)
    }

    /// How far the ring was read, if the card has written more: a look at memory alone.
    pub(crate) fn unread(&self) -> Option<u32> {
        let Interrupts { ring, state } = &*self.enabled.interrupts;
        let rptr = state.lock().rptr();
        (ih::offset(ring.wptr()) != rptr).then_some(rptr)
    }

    /// Keeps the card from writing into the ring, and from interrupting.
    pub(crate) fn disable(&self) {
        Ring::disable(&self.gpu.mmio);
    }

    /// Sets the ring up again on a card that has lost that.
    pub(crate) fn enable_again(&self) {
        self.enabled.interrupts.enable(&self.gpu);
    }

    /// Reads what the card has written, and lets it interrupt again.
    pub(crate) fn read(&self) {
        let Interrupts { ring, state } = &*self.enabled.interrupts;
        let mut state = state.lock();
        let batch = match state.take(ring.wptr()) {
            Ok(batch) if !batch.is_empty() => batch,
            // The copy in memory is wrong, or there is nothing; the card itself knows.
            _ => match state.take(Ring::wptr_register(&self.gpu.mmio)) {
                Ok(batch) => batch,
                Err(PointerError::Gone) => {
                    if !is_present(self.gpu.dev) {
                        self.gpu.send(Event::Gone);
                    }
                    return;
                }
                // Counted; it may be right next time, for which the card must be let interrupt again.
                Err(PointerError::Bad { .. }) => {
                    ring.set_rptr(&self.gpu.doorbells, state.rptr());
                    return;
                }
            },
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
    }

    /// Takes a VF's message, if there is one.
    fn message(&self, vf: VfId) {
        let mut mailbox = self.gpu.mailbox.lock();
        if let Some(message) = mailbox.receive(&self.gpu.mmio, vf) {
            let message = Message::decode(message);
            // Under the lock: a mailbox that was closed has nothing on its way.
            self.gpu.send(Event::Message { vf, message });
        }
    }

    /// Takes what VFs have sent and acknowledged while nobody was there to be interrupted.
    pub(crate) fn catch_up(&self) {
        for vf in VfId::all() {
            if self.gpu.mailbox.lock().acknowledged(&self.gpu.mmio, vf) {
                self.gpu.send(Event::Acked { vf });
            }
            if !self.gpu.is_muted(vf) {
                self.message(vf);
            }
        }
    }

    fn interrupt(&self, interrupt: Interrupt) {
        match interrupt {
            // Not acknowledged either, so that it cannot send another one.
            Interrupt::Message(vf) if self.gpu.is_muted(vf) => {}
            Interrupt::Message(vf) => self.message(vf),
            Interrupt::Acked(vf) => {
                self.gpu.mailbox.lock().acknowledged(&self.gpu.mmio, vf);
                self.gpu.send(Event::Acked { vf });
            }
            Interrupt::Unused { .. } => {}
        }
    }
}

impl Handler for Arc<Consumer<'_>> {
    fn handle(&self) -> IrqReturn {
        self.read();
        IrqReturn::Handled
    }
}
