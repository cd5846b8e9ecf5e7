// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! `sriov_admin/`: what holds for the whole card.

use super::{
    choices,
    line,
    microseconds,
    milliseconds,
    NS_PER_MS,
    NS_PER_US, //
};
use crate::{
    gim_core::{
        engine::{
            Admin,
            Phase, //
        },
        guard::{
            Budget,
            Kind as Budgeted, //
        },
        policy::Kind,
    },
    gpu::Gpu,
    kernel_ext::sysfs::{
        number,
        truth,
        Attribute,
        Attributes,
        Text, //
    },
};
use kernel::{
    prelude::*,
    sync::Arc, //
};

pub(super) struct Card<'a>(pub(super) Arc<Gpu<'a>>);

const POLICIES: [(&str, Kind); 4] = [
    ("solid", Kind::Solid),
    ("predictable", Kind::Predictable),
    ("liquid", Kind::Liquid),
    ("fair", Kind::Fair),
];

/// Largest sum of the parameters `sched_interval` and `sched_interval_us`.
const QUANTUM_MAX_US: u64 = 2_000_999;

/// Index of the first budget; each has two attributes, in the order of [`Budgeted::ALL`].
const FIRST_BUDGET: usize = 7;

impl Card<'_> {
    fn budget(index: usize) -> Option<(Budgeted, bool)> {
        let n = index.checked_sub(FIRST_BUDGET)?;
        Some((*Budgeted::ALL.get(n / 2)?, n % 2 == 1))
    }
}

impl Attributes for Card<'_> {
    const ALL: &'static [Attribute] = &[
        Attribute::rw(c"policy"),
        Attribute::rw(c"fb_clear"),
        Attribute::rw(c"exclusive_timeout_ms"),
        Attribute::rw(c"lone_check_ms"),
        Attribute::ro(c"state"),
        Attribute::wo(c"reset"),
        Attribute::rw(c"default_quantum_us"),
        Attribute::rw(c"guard_flr_limit"),
        Attribute::rw(c"guard_flr_window_ms"),
        Attribute::rw(c"guard_exclusive_limit"),
        Attribute::rw(c"guard_exclusive_window_ms"),
        Attribute::rw(c"guard_exclusive_timeout_limit"),
        Attribute::rw(c"guard_exclusive_timeout_window_ms"),
        Attribute::rw(c"guard_interrupt_limit"),
        Attribute::rw(c"guard_interrupt_window_ms"),
        Attribute::rw(c"guard_message_limit"),
        Attribute::rw(c"guard_message_window_ms"),
    ];

    fn show(&self, index: usize, to: &mut Text<'_>) -> Result {
        let engine = self.0.engine.lock();
        let settings = engine.settings();
        match index {
            0 => {
                let chosen = POLICIES.iter().find(|(_, kind)| *kind == settings.policy);
                choices(
                    to,
                    &POLICIES.map(|(name, _)| name),
                    chosen.map_or("", |(name, _)| name),
                )
            }
            1 => line(to, u8::from(settings.fb_clear)),
            2 => line(to, settings.exclusive_limit_ns / NS_PER_MS),
            3 => line(to, settings.lone_check_ns / NS_PER_MS),
            4 => line(
                to,
                match engine.phase() {
                    Phase::Cold | Phase::Down | Phase::HandedOver => "down",
                    Phase::Up => "up",
                    Phase::Wedged => "wedged",
                    Phase::Gone => "gone",
                },
            ),
            6 => line(to, settings.quantum_ns / NS_PER_US),
            _ => {
                let (kind, window) = Self::budget(index).ok_or(EINVAL)?;
                let budget = settings.budgets.get(kind);
                if window {
                    line(to, budget.window_ns / NS_PER_MS)
                } else {
                    line(to, budget.times)
                }
            }
        }
    }

    fn store(&self, index: usize, text: &str) -> Result {
        let admin = match index {
            0 => {
                let chosen = POLICIES.iter().find(|(name, _)| *name == text);
                Admin::Policy(chosen.ok_or(EINVAL)?.1)
            }
            1 => Admin::FbClear(truth(text)?),
            2 => Admin::ExclusiveLimit(milliseconds(text, 1..=600_000)?),
            3 => Admin::LoneCheck(milliseconds(text, 1..=60_000)?),
            5 if truth(text)? => Admin::ResetGpu,
            6 => Admin::CommonQuantum(microseconds(text, 0..=QUANTUM_MAX_US)?),
            _ => {
                let (kind, window) = Self::budget(index).ok_or(EINVAL)?;
                let now = self.0.engine.lock().settings().budgets.get(kind);
                Admin::Budget(
                    kind,
                    if window {
                        Budget {
                            window_ns: milliseconds(text, 1..=3_600_000)?,
                            ..now
                        }
                    } else {
                        Budget {
                            times: u16::try_from(number(text)?)?,
                            ..now
                        }
                    },
                )
            }
        };
        self.0.administrate(admin)
    }
}
