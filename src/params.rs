// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The module's parameters: storage here, ranges and meaning in `gim_core::options`.

use crate::{
    gim_core::options,
    kernel_ext::{
        fmt::Core,
        module_param::Spec, //
    },
    module_params, //
};
use kernel::prelude::*;

/// Parses with the range of the functional core and reports a refusal.
fn parse(spec: &'static options::Spec, text: &[u8]) -> Result<u32> {
    spec.parse(text).map_err(|e| {
        pr_err!("parameter {}\n", Core(e));
        EINVAL
    })
}

macro_rules! params {
    ($($static:ident, $marker:ident, $mode:literal;)*) => {
        $(
            #[doc(hidden)]
            pub(crate) struct $marker;

            impl Spec for $marker {
                const DEFAULT: u32 = options::$static.default;
                const MODE: u16 = $mode;

                fn parse(text: &[u8]) -> Result<u32> {
                    parse(&options::$static, text)
                }
            }
        )*

        module_params! {$(
            #[doc = concat!("See [`options::", stringify!($static), "`].")]
            pub(crate) $static: $marker, options::$static.name, options::$static.what;
        )*}
    };
}

params! {
    FB_OPTION, FbOption, 0o444;
    SCHED_OPTION, SchedOption, 0o444;
    VF_NUM, VfNum, 0o444;
    PF_FB, PfFb, 0o444;
    VF_FB, VfFb, 0o444;
    SCHED_INTERVAL, SchedInterval, 0o444;
    SCHED_INTERVAL_US, SchedIntervalUs, 0o444;
    FB_CLEAR, FbClear, 0o444;
    // Whether there is to be an update shows when the module was loaded long ago.
    KEEP_VFS, KeepVfs, 0o644;
}
