// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! gim: SR-IOV physical function driver of the AMD FirePro S7150.
//!
//! Table of contents of the module: its parameters and the registration of its driver. What decides is in `gim_core`
//! (`rust/core`); what the kernel crate lacks is in `kernel_ext` (`rust/kernel_ext`), the only place that may do what the
//! compiler cannot check: Kbuild forbids it elsewhere.

use kernel::prelude::*;

#[allow(dead_code, unreachable_pub, unused_imports)] // A package of its own for tests, fuzzers, the simulator and the tools.
#[path = "../rust/core/src/mod.rs"]
mod gim_core;
#[path = "../rust/kernel_ext/mod.rs"]
mod kernel_ext;

mod admin;
mod ask;
mod card;
mod division;
mod driver;
mod dump;
mod events;
mod firmware;
mod gpu;
mod handover;
mod hands;
mod hw;
mod identity;
mod irq;
mod journal;
mod load;
mod params;
mod pf;
mod post;
mod report;
mod reset;
mod trace;
mod users;
mod watch;
mod worker;

/// The module: alive as long as its driver is registered.
#[pin_data]
struct Gim {
    // Dropped in this order: devices have their folders of debugfs in that of the module.
    #[pin]
    _driver: kernel::driver::Registration<kernel_ext::pci::Adapter<driver::Gim>>,
    _debugfs: kernel::debugfs::Dir,
}

impl kernel::InPlaceModule for Gim {
    fn init(module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _debugfs: kernel::debugfs::Dir::new(admin::DEBUGFS),
            _driver <- kernel::driver::Registration::new(
                <Self as kernel::ModuleMetadata>::NAME,
                module,
            ),
        })
    }
}

module! {
    type: Gim,
    name: "gim",
    authors: ["The gim developers"],
    description: "SR-IOV physical function driver of the AMD FirePro S7150",
    license: "Dual MIT/GPL",
    // Optional; docs/firmware.md.
    firmware: ["gim/tonga_sriov.bin"],
}
