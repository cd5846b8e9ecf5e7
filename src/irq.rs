// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! From an interrupt to events: reads the ring, takes and acknowledges messages, and leaves the rest to the worker.
//!
//! May not decide anything, nor wait for anything but the mailbox's lock; but in a storm of interrupts that nobody minds it
//! takes its time.

use crate::{
    gim_core::{
        engine::Event,
        ih::{
            self,
            Interrupt,
            PointerError, //
        },
        vfid::{
            PerVf,
            VfId, //
        },
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
    new_mutex, pci,
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    },
    time::{
        delay::fsleep,
        Delta, //
    },
};

/// Between two looks at the ring while nothing but a storm is in it: of a VF that is stopped, or of entries that mean
/// nothing.
const STORM_PAUSE: Delta = Delta::from_millis(4);

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

    /// The ring.
    pub(crate) fn interrupts(&self) -> &Interrupts {
        &self.enabled.interrupts
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
        // Of each VF, what brought no message: told once, so that the worker's queue has room for what others send.
        let mut empty = PerVf::new(0u16);
        let (mut minded, mut ignored) = (0, 0);
        for index in batch {
            let Some(entry) = ring.entry(index) else {
                continue;
            };
            // What cannot be decoded is counted.
            match state.decode(entry) {
                // Not acknowledged either, so that it cannot send another one.
                Ok(Interrupt::Message(vf) | Interrupt::Acked(vf)) if self.gpu.is_muted(vf) => {
                    ignored += 1;
                }
                Ok(Interrupt::Unused { .. }) | Err(_) => ignored += 1,
                Ok(interrupt) => {
                    minded += 1;
                    self.interrupt(interrupt, &mut empty);
                }
            }
        }
        if batch.overflow {
            // What others sent may be among what was overwritten.
            self.catch_up();
        }
        for (vf, times) in empty.iter().filter(|(_, times)| **times != 0) {
            let times = *times;
            self.gpu.send(Event::Interrupts { vf, times });
        }
        if batch.overflow || (ignored != 0 && minded == 0) {
            // A storm. The card cannot mask one VF's interrupts, but sends no more before it is told that these are read.
            drop(state);
            fsleep(STORM_PAUSE);
            state = self.enabled.interrupts.state.lock();
        }
        ring.set_rptr(&self.gpu.doorbells, state.rptr());
    }

    /// Takes a VF's message, and tells the worker; whether there was one.
    fn message(&self, vf: VfId) -> bool {
        let mut mailbox = self.gpu.mailbox.lock();
        mailbox.receive(&self.gpu.mmio, vf).is_some_and(|message| {
            // Under the lock: a mailbox that was closed has nothing on its way.
            self.gpu.send(Event::Message { vf, message });
            true
        })
    }

    /// Takes what VFs have sent and acknowledged while nobody was there to be interrupted, or was told of it.
    pub(crate) fn catch_up(&self) {
        for vf in VfId::all() {
            if self.gpu.mailbox.lock().acknowledged(&self.gpu.mmio, vf) {
                self.gpu.send(Event::Interrupts { vf, times: 1 });
            }
            if !self.gpu.is_muted(vf) {
                self.message(vf);
            }
        }
    }

    fn interrupt(&self, interrupt: Interrupt, empty: &mut PerVf<u16>) {
        let (vf, came) = match interrupt {
            Interrupt::Message(vf) => (vf, self.message(vf)),
            Interrupt::Acked(vf) => {
                self.gpu.mailbox.lock().acknowledged(&self.gpu.mmio, vf);
                (vf, false)
            }
            Interrupt::Unused { .. } => return,
        };
        if !came {
            let times = empty.get_mut(vf);
            *times = times.saturating_add(1);
        }
    }
}

impl Handler for Arc<Consumer<'_>> {
    fn handle(&self) -> IrqReturn {
        self.read();
        IrqReturn::Handled
    }
}
