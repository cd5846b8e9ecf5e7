// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Waiting for a condition until a point in time, with the resolution of a high-resolution timer.
//!
//! [`kernel::sync::CondVar`] counts its timeouts in jiffies, which are milliseconds.
//!
//! C header: [`include/linux/wait.h`](srctree/include/linux/wait.h)

use core::{
    marker::PhantomPinned,
    ptr, //
};
use kernel::{
    bindings,
    prelude::*,
    sync::LockClassKey,
    types::Opaque, //
};

/// Makes an initialiser for a [`WaitQueue`].
#[macro_export]
macro_rules! new_wait_queue {
    ($name:literal) => {
        $crate::kernel_ext::wait::WaitQueue::new(
            kernel::c_str!($name),
            kernel::static_lock_class!(),
        )
    };
}

/// A queue of threads that wait for a condition.
#[pin_data]
pub(crate) struct WaitQueue {
    #[pin]
    head: Opaque<bindings::wait_queue_head>,
    #[pin]
    _pin: PhantomPinned,
}

// SAFETY: `struct wait_queue_head` may be used by any thread.
unsafe impl Send for WaitQueue {}

// SAFETY: `struct wait_queue_head` may be used by several threads at once.
unsafe impl Sync for WaitQueue {}

impl WaitQueue {
    /// See [`new_wait_queue!`](crate::new_wait_queue).
    pub(crate) fn new(name: &'static CStr, key: Pin<&'static LockClassKey>) -> impl PinInit<Self> {
        pin_init!(Self {
            // SAFETY: `slot` is valid while the closure runs; name and key live forever.
            head <- Opaque::ffi_init(|slot| unsafe {
                bindings::__init_waitqueue_head(slot, name.as_char_ptr(), key.as_ptr())
            }),
            _pin: PhantomPinned,
        })
    }

    /// Lets all waiting threads look at their condition again; may be called in any context.
    pub(crate) fn wake(&self) {
        // SAFETY: `head` was initialized and is pinned.
        unsafe { bindings::__wake_up(self.head.get(), bindings::TASK_NORMAL, 0, ptr::null_mut()) };
    }

    /// Sleeps until `ready` holds, or until `deadline` (in ns of the monotonic clock, see [`super::time::now_ns`]; `None`
    /// is for ever). Returns whether `ready` holds.
    ///
    /// `ready` must not sleep. The sleep counts as idle: it adds nothing to the load, and may last.
    pub(crate) fn wait_until(
        &self,
        deadline: Option<u64>,
        mut ready: impl FnMut() -> bool,
    ) -> bool {
        let wait = Opaque::<bindings::wait_queue_entry>::uninit();
        // SAFETY: `wait` is valid memory.
        unsafe { bindings::init_wait(wait.get()) };

        let result = loop {
            // SAFETY: `head` was initialized and is pinned; `wait` lives until it is taken off the queue below.
            unsafe {
                bindings::prepare_to_wait(self.head.get(), wait.get(), bindings::TASK_IDLE as c_int)
            };
            if ready() {
                break true;
            }
            let Some(deadline) = deadline else {
                // SAFETY: The caller may sleep.
                unsafe { bindings::schedule() };
                continue;
            };
            let mut expires = i64::try_from(deadline).unwrap_or(i64::MAX);
            // SAFETY: The caller may sleep; `expires` is valid during the call.
            let expired = unsafe {
                bindings::schedule_hrtimeout_range(
                    &mut expires,
                    0,
                    bindings::hrtimer_mode_HRTIMER_MODE_ABS,
                )
            } == 0;
            if expired {
                break ready();
            }
        };
        // SAFETY: As above.
        unsafe { bindings::finish_wait(self.head.get(), wait.get()) };
        result
    }
}
