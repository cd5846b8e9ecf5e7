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
    ($($static:ident, $marker:ident;)*) => {
        $(
            #[doc(hidden)]
            pub(crate) struct $marker;

            impl Spec for $marker {
                const DEFAULT: u32 = options::$static.default;

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
    FB_OPTION, FbOption;
    SCHED_OPTION, SchedOption;
    VF_NUM, VfNum;
    PF_FB, PfFb;
    VF_FB, VfFb;
    SCHED_INTERVAL, SchedInterval;
    SCHED_INTERVAL_US, SchedIntervalUs;
    FB_CLEAR, FbClear;
}
