// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Monotonic time in nanoseconds, and passing it: what [`kernel::time`] has only in microseconds or with generous slack.

use kernel::{
    bindings,
    ffi::c_ulong, //
};

/// Nanoseconds of `CLOCK_MONOTONIC`.
pub(crate) fn now_ns() -> u64 {
    // SAFETY: May be called in any context.
    let now = unsafe { bindings::ktime_get() };
    u64::try_from(now).unwrap_or(0)
}

/// What the wall clock showed, or would have shown as it is set now, in ns since 1970, when the monotonic clock showed `at`.
pub(crate) fn unix_ns(at: u64) -> u64 {
    let at = i64::try_from(at).unwrap_or(i64::MAX);
    // SAFETY: May be called in any context.
    let real = unsafe { bindings::ktime_mono_to_any(at, bindings::tk_offsets_TK_OFFS_REAL) };
    u64::try_from(real).unwrap_or(0)
}

/// Sleeps for `ns`, rounded up to microseconds, whoever wakes the thread meanwhile; for kernel threads, as the sleep counts
/// as idle.
pub(crate) fn sleep(ns: u64) {
    let us = ns.div_ceil(1000) as c_ulong;
    // SAFETY: The caller may sleep.
    unsafe { bindings::usleep_range_state(us, us, bindings::TASK_IDLE) };
}

/// Busy waits for `ns`, which must be short: nothing else runs on this CPU meanwhile.
pub(crate) fn spin(ns: u64) {
    // SAFETY: May be called in any context.
    unsafe { bindings::__ndelay(ns as c_ulong) };
}
