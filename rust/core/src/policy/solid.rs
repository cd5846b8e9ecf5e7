// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Solid: every VF on the run list in turn, whether it has work or not.

use super::{Turn, View};

pub(super) fn next(view: &View<'_>) -> Turn {
    match view.list.iter().next() {
        Some(vf) => view.turn(vf),
        None => view.stay(),
    }
}
