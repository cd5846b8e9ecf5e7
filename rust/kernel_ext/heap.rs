// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Large values on the heap that never were on the stack, which is small in the kernel; text of any length.

use core::fmt;
use kernel::prelude::*;

/// A copy of a constant.
pub(crate) fn copy<T: Copy>(of: &'static T) -> Result<KBox<T>> {
    let uninit = KBox::<T>::new_uninit(GFP_KERNEL)?;
    let place = KBox::into_raw(uninit).cast::<T>();
    // SAFETY: `place` was just allocated for a `T`, and a `T` may be copied byte by byte.
    unsafe {
        core::ptr::copy_nonoverlapping(of, place, 1);
        Ok(KBox::from_raw(place))
    }
}

/// A text that grows.
pub(crate) struct Text(KVVec<u8>);

impl Text {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self(KVVec::new())
    }

    /// What was written.
    pub(crate) fn into_bytes(self) -> KVVec<u8> {
        self.0
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0
            .extend_from_slice(text.as_bytes(), GFP_KERNEL)
            .map_err(|_| fmt::Error)
    }
}
