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

/// Busy waits for `ns`, which must be short: nothing else runs on this CPU meanwhile.
pub(crate) fn spin(ns: u64) {
    // SAFETY: May be called in any context.
    unsafe { bindings::__ndelay(ns as c_ulong) };
}
