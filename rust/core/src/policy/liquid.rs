// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Liquid: in turn, but only VFs that have work.
//!
//! When none has, nothing is switched: the VF that ran last keeps the GPU until another one has work.

use super::{Turn, View};

pub(super) fn next(view: &View<'_>) -> Turn {
    // The current VF is last in the order, so it goes on only if nobody else has work.
    match view.list.iter().find(|&vf| view.has_work(vf)) {
        Some(vf) => view.turn(vf),
        None => view.stay(),
    }
}
