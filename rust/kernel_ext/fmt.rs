// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Printing what knows only [`core::fmt`]: the kernel's macros want [`kernel::fmt`].

use kernel::fmt;

/// Prints `T` as [`core::fmt::Display`] does.
pub(crate) struct Core<T>(pub(crate) T);

impl<T: core::fmt::Display> fmt::Display for Core<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        core::fmt::Display::fmt(&self.0, f)
    }
}
