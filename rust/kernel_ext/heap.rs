// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Large values on the heap that never were on the stack, which is small in the kernel.

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
