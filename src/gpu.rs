// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What the parts of the driver share of one card: its registers, and the way to the worker.
//!
//! The command port is the worker's alone; everybody else sends it events.

use crate::{
    ask::Desk,
    division::Division,
    gim_core::{
        engine::{
            Admin,
            Engine,
            Event,
            Phase, //
        },
        vf::{
            Settings,
            State, //
        },
        vfid::VfId,
    },
    handover,
    hw::{
        bif,
        doorbell::{
            self,
            Doorbells, //
        },
        iov::GpuIov,
        mailbox::Mailbox,
        mmio::{
            self,
            Mmio, //
        },
    },
    kernel_ext::{
        heap,
        pci::Changed,
        time::now_ns,
        wait::WaitQueue, //
    },
    new_wait_queue,
};
use kernel::{
    device::Bound,
    error::to_result,
    new_mutex, pci,
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Relaxed,
            Release, //
        },
        Arc,
        Mutex, //
    },
};

/// Events that wait for the worker: at most so many. A VF can have one message on its way in the mailbox, so they only
/// add up while the worker is busy, and then a VF that sends more than a few does so on purpose.
const EVENTS: usize = 64;

/// Longest that the worker takes for what it is asked to do: several commands that time out, and two resets of the GPU,
/// each with a minute for a card that does not come back.
const LIMIT_NS: u64 = 180_000_000_000;

/// Events in order of arrival.
struct Events {
    ring: [Option<Event>; EVENTS],
    first: usize,
    len: usize,
}

impl Events {
    fn push(&mut self, event: Event) -> Result<(), Event> {
        if self.len == EVENTS {
            return Err(event);
        }
        self.ring[(self.first + self.len) % EVENTS] = Some(event);
        self.len += 1;
        Ok(())
    }

    fn pop(&mut self) -> Option<Event> {
        let event = self.ring[self.first].take()?;
        self.first = (self.first + 1) % EVENTS;
        self.len -= 1;
        Some(event)
    }
}

/// One card, as all parts of the driver see it.
#[pin_data]
pub(crate) struct Gpu<'a> {
    pub(crate) dev: &'a pci::Device<Bound>,
    pub(crate) iov: GpuIov<'a>,
    pub(crate) mmio: Mmio<'a>,
    pub(crate) doorbells: Doorbells<'a>,
    /// The straps, which a reset of the bus loses.
    pub(crate) straps: u32,
    #[pin]
    pub(crate) division: Division<'a>,
    #[pin]
    pub(crate) desk: Desk,
    #[pin]
    pub(crate) mailbox: Mutex<Mailbox>,
    #[pin]
    events: Mutex<Events>,
    /// Whether there are any: what the worker may look at while it falls asleep.
    waiting: Atomic<bool>,
    /// Events that found no place.
    lost: Atomic<u64>,
    /// Events that were sent, and those that the worker has handled.
    sent: Atomic<u64>,
    handled: Atomic<u64>,
    /// Decides. The worker locks it for a decision, never while it waits for the card.
    #[pin]
    pub(crate) engine: Mutex<KBox<Engine>>,
    #[pin]
    worker: WaitQueue,
    /// VFs whose interrupts are ignored; bit 0 for VF1.
    muted: Atomic<u32>,
    /// What the engine was last seen in: a [`Phase`] as a number.
    phase: Atomic<u32>,
    /// VFs whose resets are known; bit 0 for VF1. Only the worker writes.
    resets: Atomic<u32>,
    /// VFs that are enabled as far as the engine knows.
    enabled: Atomic<u32>,
    /// VFs on which a guest's driver runs, as far as the engine knows.
    started: Atomic<u32>,
    /// VFs with which something is still to be done for an administrator, as long as that one waits for it.
    chores: Atomic<u32>,
    chores_awaited: Atomic<bool>,
    /// One administrator waits at a time.
    #[pin]
    administrators: Mutex<()>,
    /// What became of what that one wants: 0 or an error of the kernel.
    verdict: Atomic<i32>,
    /// VFs that have drivers on this host, vfio's among them; and whether that has changed since it was last asked for.
    vf_drivers: Atomic<i32>,
    vf_drivers_changed: Atomic<bool>,
    #[pin]
    published: WaitQueue,
    /// How the card was found, for the driver that takes over.
    #[pin]
    pub(crate) found: Mutex<Option<handover::Found>>,
    /// The VF that the worker resets at the moment, by its number; 0 for none.
    own_reset: Atomic<u32>,
    /// Whether somebody waits for the worker with the device lock, which the worker may do with as its own meanwhile.
    lock_lent: Atomic<bool>,
}

impl<'a> Gpu<'a> {
    /// Maps the card's registers.
    pub(crate) fn new(
        dev: &'a pci::Device<Bound>,
        iov: GpuIov<'a>,
        total_vfs: u16,
    ) -> Result<Arc<Self>> {
        let division = Division::new(dev, iov, total_vfs)?;
        let mmio = dev.iomap_region_sized::<{ mmio::SIZE }>(mmio::BAR, c"gim")?;
        static NEW: Engine = Engine::new(Settings::DEFAULT);
        Arc::pin_init(
            try_pin_init!(Self {
                dev,
                iov,
                straps: bif::straps(&mmio),
                mmio,
                doorbells: Doorbells(
                    dev.iomap_region_sized::<{ doorbell::SIZE }>(doorbell::BAR, c"gim")?,
                ),
                division <- division,
                desk <- Desk::new(),
                mailbox <- new_mutex!(Mailbox::new(), "Gpu::mailbox"),
                events <- new_mutex!(
                    Events {
                        ring: [None; EVENTS],
                        first: 0,
                        len: 0,
                    },
                    "Gpu::events"
                ),
                waiting: Atomic::new(false),
                lost: Atomic::new(0),
                sent: Atomic::new(0),
                handled: Atomic::new(0),
                engine <- new_mutex!(heap::copy(&NEW)?, "Gpu::engine"),
                worker <- new_wait_queue!("Gpu::worker"),
                muted: Atomic::new(0),
                phase: Atomic::new(Phase::Cold as u32),
                resets: Atomic::new(0),
                enabled: Atomic::new(0),
                started: Atomic::new(0),
                chores: Atomic::new(0),
                chores_awaited: Atomic::new(false),
                administrators <- new_mutex!((), "Gpu::administrators"),
                verdict: Atomic::new(0),
                vf_drivers: Atomic::new(0),
                vf_drivers_changed: Atomic::new(false),
                published <- new_wait_queue!("Gpu::published"),
                found <- new_mutex!(None, "Gpu::found"),
                own_reset: Atomic::new(0),
                lock_lent: Atomic::new(false),
            }? Error),
            GFP_KERNEL,
        )
    }

    /// Sends the worker an event; one too many is counted and dropped. Returns its number unless it was dropped.
    pub(crate) fn send(&self, event: Event) -> Option<u64> {
        let mut events = self.events.lock();
        // Under the lock, so that numbers are in the order of the queue.
        let number = if events.push(event).is_ok() {
            Some(self.sent.fetch_add(1, Relaxed) + 1)
        } else {
            self.lost.fetch_add(1, Relaxed);
            None
        };
        self.waiting.store(true, Release);
        drop(events);
        self.worker.wake();
        number
    }

    /// For the worker: it has handled an event that was sent.
    pub(crate) fn handled_one(&self) {
        self.handled.fetch_add(1, Release);
        self.published.wake();
    }

    /// Does what an administrator wants, and waits until it is done.
    ///
    /// # Errors
    ///
    /// `ENODEV` if the card is gone, `ETIMEDOUT` if the worker does not get on, `EAGAIN` if too many events wait, `EBUSY` if a
    /// VF is not as it must be for that, others as the log says.
    pub(crate) fn administrate(&self, admin: Admin) -> Result {
        let _one = self.administrators.lock();
        if self.is_in(Phase::Gone) {
            return Err(ENODEV);
        }
        let chore = match admin {
            Admin::Chore(vf, _) => vf.bit(),
            _ => 0,
        };
        self.verdict.store(0, Relaxed);
        self.chores.store(0, Relaxed);
        self.chores_awaited.store(chore != 0, Release);
        let done = self
            .send(Event::Admin(admin))
            .ok_or(EAGAIN)
            .and_then(|number| {
                self.wait_until(|| {
                    self.handled.load(Acquire) >= number
                        && self.chores.load(Acquire) & u32::from(chore) == 0
                })
            });
        self.chores_awaited.store(false, Relaxed);
        done?;
        if self.is_in(Phase::Gone) {
            return Err(ENODEV);
        }
        to_result(self.verdict.load(Acquire))
    }

    /// For the worker: what an administrator wants cannot be done.
    pub(crate) fn deny(&self, e: Error) {
        self.verdict.store(e.to_errno(), Release);
    }

    /// Events that were dropped.
    pub(crate) fn lost_events(&self) -> u64 {
        self.lost.load(Relaxed)
    }

    /// The worker's next event.
    pub(crate) fn next_event(&self) -> Option<Event> {
        if !self.waiting.load(Acquire) {
            return None;
        }
        let mut events = self.events.lock();
        let event = events.pop();
        self.waiting.store(events.len != 0, Release);
        event
    }

    /// For the worker: sleeps until there is an event, the thread has to stop, or the monotonic clock shows `deadline`.
    ///
    /// A question that is asked ends the sleep as well, unless one waits already.
    pub(crate) fn wait_for_event(&self, deadline: Option<u64>, stop: fn() -> bool) {
        let waits = self.desk.is_open();
        self.worker.wait_until(deadline, || {
            self.waiting.load(Acquire)
                || self.vf_drivers_changed.load(Acquire)
                || (!waits && self.desk.is_open())
                || stop()
        });
    }

    /// For the worker: whether a VF has a driver, without which nobody can use it.
    pub(crate) fn has_vf_driver(&self) -> bool {
        self.vf_drivers_changed.store(false, Relaxed);
        self.vf_drivers.load(Acquire) > 0
    }

    /// Has the worker look whether there is something to do.
    pub(crate) fn wake_worker(&self) {
        self.worker.wake();
    }

    /// For the worker: who waits for it may look again.
    pub(crate) fn wake_others(&self) {
        self.published.wake();
    }

    /// Waits until the worker has done something, at most until the monotonic clock shows `deadline`; whether it has.
    pub(crate) fn wait_published(&self, deadline: u64, done: impl FnMut() -> bool) -> bool {
        self.published.wait_until(Some(deadline), done)
    }

    /// Ignores a VF's interrupts, or minds them again.
    pub(crate) fn mute(&self, vf: VfId, on: bool) {
        let bit = u32::from(vf.bit());
        // Only the worker writes.
        let muted = self.muted.load(Relaxed);
        self.muted
            .store(if on { muted | bit } else { muted & !bit }, Relaxed);
    }

    /// Whether a VF's interrupts are ignored.
    pub(crate) fn is_muted(&self, vf: VfId) -> bool {
        self.muted.load(Relaxed) & u32::from(vf.bit()) != 0
    }

    /// VFs whose resets are known, as the card shows them: bit 0 for VF1.
    pub(crate) fn known_resets(&self) -> u16 {
        self.resets.load(Relaxed) as u16
    }

    /// For the worker: these resets are known.
    pub(crate) fn know_resets(&self, resets: u16) {
        self.resets.store(resets.into(), Relaxed);
    }

    /// For the worker: resets a VF with `reset`, of which its driver will tell as of any other.
    pub(crate) fn with_own_reset<T>(&self, vf: VfId, reset: impl FnOnce() -> T) -> T {
        self.own_reset.store(vf.number().into(), Release);
        let result = reset();
        self.own_reset.store(0, Release);
        result
    }

    /// Whether the worker resets this VF at the moment.
    pub(crate) fn is_own_reset(&self, vf: VfId) -> bool {
        self.own_reset.load(Acquire) == u32::from(vf.number())
    }

    /// For the worker: whether somebody waits for the end of an administrator's chore.
    pub(crate) fn is_chore_awaited(&self) -> bool {
        self.chores_awaited.load(Acquire)
    }

    /// For the worker: lets others know how far the engine is.
    pub(crate) fn publish(&self, engine: &Engine) {
        let enabled = engine.mask(|state| state != State::Disabled).into();
        self.started
            .store(engine.mask(State::is_started).into(), Relaxed);
        if self.is_chore_awaited() {
            let chores = VfId::all()
                .filter(|vf| engine.has_chore(*vf))
                .fold(0, |mask, vf| mask | u32::from(vf.bit()));
            self.chores.store(chores, Release);
            self.published.wake();
        }
        let phase = engine.phase() as u32;
        if self.enabled.load(Relaxed) != enabled || self.phase.load(Relaxed) != phase {
            self.enabled.store(enabled, Release);
            self.phase.store(phase, Release);
            self.published.wake();
        }
    }

    /// For the worker: whether it may do as if it had the device lock, until what it was asked to do is done.
    pub(crate) fn is_lock_lent(&self) -> bool {
        self.lock_lent.load(Acquire)
    }

    /// Waits for the worker, with the device lock, which the worker may use meanwhile.
    fn wait_for(&self, condition: impl FnMut() -> bool) -> Result {
        self.lock_lent.store(true, Release);
        let result = self.wait_until(condition);
        self.lock_lent.store(false, Release);
        result
    }

    /// Waits for the worker.
    fn wait_until(&self, condition: impl FnMut() -> bool) -> Result {
        let deadline = now_ns().saturating_add(LIMIT_NS);
        if self.published.wait_until(Some(deadline), condition) {
            Ok(())
        } else {
            dev_err!(self.dev, "the worker does not get on\n");
            Err(ETIMEDOUT)
        }
    }

    fn is_in(&self, phase: Phase) -> bool {
        self.phase.load(Acquire) == phase as u32
    }

    /// Has the worker take the GPU into operation with `n` VFs, and waits until it has. The device lock must be held.
    ///
    /// # Errors
    ///
    /// `EIO` if the GPU does not work; the log says how it failed. `EAGAIN` if too many events wait.
    pub(crate) fn start(&self, n: u16) -> Result {
        let boot = self.send(Event::Boot).ok_or(EAGAIN)?;
        for vf in VfId::all().take(n.into()) {
            self.send(Event::Enable { vf });
        }
        self.wait_for(|| {
            // Before, it shows what was the end of the last time.
            self.handled.load(Acquire) >= boot
                && (self.is_in(Phase::Wedged)
                    || self.is_in(Phase::Gone)
                    || (self.is_in(Phase::Up)
                        && self.enabled.load(Acquire).count_ones() == n.into()))
        })?;
        if self.is_in(Phase::Up) {
            Ok(())
        } else {
            Err(EIO)
        }
    }

    /// The number of a VF on which a guest's driver runs.
    pub(crate) fn started(&self) -> Option<u32> {
        let started = self.started.load(Relaxed);
        (started != 0).then(|| started.trailing_zeros() + 1)
    }

    /// Tells the worker that the card cannot be reached, and waits until it has given everything up.
    pub(crate) fn lost(&self) {
        self.send(Event::Gone);
        let _ = self.wait_for(|| self.is_in(Phase::Gone));
    }

    /// Has the worker leave the VFs to another driver, and waits until it has. The device lock must be held. What guests
    /// send from now on stays where it is.
    ///
    /// # Errors
    ///
    /// `EIO` if the GPU is not in operation.
    pub(crate) fn hand_over(&self) -> Result {
        self.mailbox.lock().open(false);
        self.send(Event::HandOver);
        self.wait_for(|| !self.is_in(Phase::Up))?;
        if self.is_in(Phase::HandedOver) {
            Ok(())
        } else {
            Err(EIO)
        }
    }

    /// Has the worker go on where another driver has left the card, and waits until it does.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT` if the worker does not get on.
    pub(crate) fn take_over(&self) -> Result {
        self.send(Event::TakeOver);
        self.wait_for(|| !self.is_in(Phase::Cold))
    }

    /// Has the worker take all VFs off the GPU and leave it free, and waits until it has. The device lock must be held.
    pub(crate) fn stop(&self) {
        for vf in VfId::all() {
            self.send(Event::Disable { vf });
        }
        self.send(Event::Shutdown);
        // It was said if it does not.
        let _ = self.wait_for(|| self.enabled.load(Acquire) == 0 && !self.is_in(Phase::Up));
    }
}

impl Changed for Arc<Gpu<'_>> {
    fn changed(&self, bound: bool) {
        self.vf_drivers
            .fetch_add(if bound { 1 } else { -1 }, Relaxed);
        self.vf_drivers_changed.store(true, Release);
        self.worker.wake();
    }
}
