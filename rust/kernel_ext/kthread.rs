// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! A kernel thread that owns what it works on.
//!
//! C header: [`include/linux/kthread.h`](srctree/include/linux/kthread.h)

use core::ptr::NonNull;
use kernel::{
    bindings,
    device,
    error::from_err_ptr,
    prelude::*, //
};

/// What a thread does.
pub(crate) trait Run: Send {
    /// Runs until [`should_stop`] says so; it must be looked at whenever the thread has been woken.
    fn run(&mut self);
}

/// Whether the calling kernel thread has been asked to end; only for use in [`Run::run`].
pub(crate) fn should_stop() -> bool {
    // SAFETY: The caller is a kernel thread of this module.
    unsafe { bindings::kthread_should_stop() }
}

/// A running thread; dropping this ends it and waits for its end.
///
/// It must not be leaked: what it works on may be bound to the life of a device. (The module is built with
/// `clippy::mem_forget` denied.)
pub(crate) struct Thread<T: Run> {
    task: NonNull<bindings::task_struct>,
    // Nobody but the thread may look inside before it has ended.
    work: NonNull<T>,
}

// SAFETY: The thread can be ended from any thread, and `T` may be dropped there.
unsafe impl<T: Run> Send for Thread<T> {}

// SAFETY: There is nothing to do with a `&Thread`.
unsafe impl<T: Run> Sync for Thread<T> {}

impl<T: Run> Thread<T> {
    /// Starts a thread of low real-time priority, near the device, which is to be named after `dev`.
    pub(crate) fn spawn(dev: &device::Device<device::Bound>, work: KBox<T>) -> Result<Self> {
        let work = NonNull::from(KBox::leak(work));
        // SAFETY: The format takes one string, the device's name, which is copied.
        let task = from_err_ptr(unsafe {
            bindings::kthread_create_on_node(
                Some(Self::thread),
                work.as_ptr().cast(),
                numa_node(dev),
                c"gim/%s".as_char_ptr(),
                dev.name().as_char_ptr(),
            )
        });
        let task = match task {
            Ok(task) => task,
            Err(e) => {
                // SAFETY: It was leaked above, and no thread has it.
                drop(unsafe { KBox::from_raw(work.as_ptr()) });
                return Err(e);
            }
        };
        // SAFETY: The task is valid: it has not been woken, so it cannot have ended.
        unsafe {
            bindings::get_task_struct(task);
            bindings::sched_set_fifo_low(task);
            bindings::wake_up_process(task);
        }
        Ok(Self {
            task: NonNull::new(task).ok_or(EINVAL)?,
            work,
        })
    }

    unsafe extern "C" fn thread(data: *mut c_void) -> c_int {
        // SAFETY: `spawn` passed a `T`, which is dropped after this thread has ended.
        unsafe { &mut *data.cast::<T>() }.run();
        0
    }
}

impl<T: Run> Drop for Thread<T> {
    fn drop(&mut self) {
        // SAFETY: `spawn` took a reference to the task, which is dropped here.
        unsafe { bindings::kthread_stop_put(self.task.as_ptr()) };
        // SAFETY: The thread has ended; `work` was leaked in `spawn`.
        drop(unsafe { KBox::from_raw(self.work.as_ptr()) });
    }
}

/// The node of the device's memory, or any.
fn numa_node(dev: &device::Device<device::Bound>) -> c_int {
    // CAST: `device::Device` is a transparent wrapper of `struct device`.
    let raw: *const bindings::device = core::ptr::from_ref(dev).cast();
    #[cfg(CONFIG_NUMA)]
    // SAFETY: `raw` is a valid device, whose node does not change while it is bound.
    return unsafe { (*raw).numa_node };
    #[cfg(not(CONFIG_NUMA))]
    {
        let _ = raw;
        bindings::NUMA_NO_NODE
    }
}
