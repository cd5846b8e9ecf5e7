// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Device core dumps: what a driver found when its device failed, for the administrator to fetch within five minutes.
//!
//! C header: `include/linux/devcoredump.h`

use kernel::{
    bindings,
    device,
    fmt,
    prelude::*, //
};

/// Most bytes of a dump; what is beyond is cut.
const MOST: usize = 256 * 1024;

/// A dump of text that is being written.
pub(crate) struct Dump(VVec<u8>);

#[cfg(CONFIG_DEV_COREDUMP)]
// `struct device` is passed as what it is here: an address.
extern "C" {
    fn dev_coredumpv(dev: *mut c_void, data: *mut c_void, len: usize, gfp: bindings::gfp_t);
}

impl Dump {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self(VVec::new())
    }

    /// Hands it out as that of `dev`. While there is one that nobody has fetched, this one is dropped.
    pub(crate) fn publish(self, dev: &device::Device<device::Bound>) {
        #[cfg(CONFIG_DEV_COREDUMP)]
        if !self.0.is_empty() {
            let (data, len, _) = self.0.into_raw_parts();
            // CAST: `device::Device` is a transparent wrapper of `struct device`.
            let raw = core::ptr::from_ref(dev).cast_mut().cast();
            // SAFETY: `raw` is a valid device; the data are `len` bytes of vmalloc's, which change hands.
            unsafe { dev_coredumpv(raw, data.cast(), len, bindings::GFP_KERNEL) };
        }
        #[cfg(not(CONFIG_DEV_COREDUMP))]
        let _ = dev;
    }
}

impl fmt::Write for Dump {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() > MOST {
            return Err(fmt::Error);
        }
        self.0
            .extend_from_slice(text.as_bytes(), GFP_KERNEL)
            .map_err(|_| fmt::Error)
    }
}
