// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Error codes that [`kernel::error::code`] lacks before 7.3.
//!
//! C header: [`include/uapi/asm-generic/errno.h`](srctree/include/uapi/asm-generic/errno.h)

use kernel::{
    bindings,
    prelude::*, //
};

fn code(errno: u32) -> Error {
    // CAST: Error codes are small.
    Error::from_errno(-(errno as i32))
}

/// No data available.
pub(crate) fn enodata() -> Error {
    code(bindings::ENODATA)
}

/// Operation not supported.
pub(crate) fn eopnotsupp() -> Error {
    code(bindings::EOPNOTSUPP)
}
