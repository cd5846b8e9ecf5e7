// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Tracepoints: the Rust side of `c/trace.h`.
//!
//! As [`kernel::tracepoint`], which only knows those of the kernel itself. A tracepoint that is off is a call that returns at
//! once.
//!
//! C header: [`include/linux/tracepoint.h`](srctree/include/linux/tracepoint.h)

use kernel::{
    device,
    prelude::*, //
};

macro_rules! tracepoints {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $ty:ty),* $(,)?);)*) => {
        kernel::macros::paste! {$(
            $(#[$doc])*
            // As many as the event has fields.
            #[allow(clippy::too_many_arguments)]
            pub(crate) fn $name(dev: &device::Device<device::Bound>, $($arg: $ty),*) {
                extern "C" {
                    fn [<gim_trace_ $name>](dev: *const c_void, $($arg: $ty),*);
                }
                // CAST: `device::Device` is a transparent wrapper of `struct device`.
                let dev = core::ptr::from_ref(dev).cast();
                // SAFETY: The device is valid, and only its name is read, which is copied if anybody traces; the other
                // arguments are numbers.
                unsafe { [<gim_trace_ $name>](dev, $($arg),*) };
            }
        )*}
    };
}

tracepoints! {
    /// `gim:world_switch`. All times in ns.
    world_switch(from: u8, to: u8, idle: u64, save: u64, load: u64, run: u64, total: u64);
    /// `gim:command`. `took` in ns.
    command(command: u8, vf: u8, result: u8, took: u64);
    /// `gim:operation`. `took` in ns.
    operation(operation: u8, vf: u8, done: bool, took: u64);
    /// `gim:message`.
    message(vf: u8, to_vf: bool, id: u32);
    /// `gim:exclusive`. `held` in ns.
    exclusive(vf: u8, granted: bool, held: u64);
    /// `gim:reset`.
    reset(vf: u8, reason: u8);
    /// `gim:guard`.
    guard(vf: u8, kind: u8);
    /// `gim:state`.
    state(vf: u8, state: u8);
}
