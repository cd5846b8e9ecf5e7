// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Predictable: a slot for each enabled VF, at times that depend on nothing another VF does.
//!
//! A slot begins where the one before it was due to end, so what a switch takes is part of the slot, and delays do not add
//! up. In the slot of a VF that is not on the run list the GPU is idle.

use super::super::vfid::VfId;
use super::{End, Turn, View};

/// Whose slot it is and when it ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    owner: Option<VfId>,
    end: u64,
}

impl State {
    pub(super) const NEW: State = State {
        owner: None,
        end: 0,
    };

    pub(super) fn next(&mut self, view: &View<'_>) -> Turn {
        let mut owner = self.owner.map_or(VfId::FIRST, VfId::successor);
        // At most one time around; if no VF is enabled any slot is as good.
        for _ in VfId::all() {
            if view.enabled & owner.bit() != 0 {
                break;
            }
            owner = owner.successor();
        }
        self.slot(view, owner, self.end)
    }

    pub(super) fn took(&mut self, view: &View<'_>, vf: VfId) -> Turn {
        self.slot(view, vf, view.now)
    }

    fn slot(&mut self, view: &View<'_>, owner: VfId, start: u64) -> Turn {
        let length = if view.enabled & !owner.bit() == 0 {
            view.lone_ns
        } else {
            view.quantum(owner)
        };
        let on_time = start.saturating_add(length);
        // After an exclusive access or a reset the old times mean nothing.
        self.end = if on_time > view.now && start <= view.now {
            on_time
        } else {
            view.now.saturating_add(length)
        };
        self.owner = Some(owner);
        Turn {
            vf: Some(owner).filter(|&vf| view.list.contains(vf)),
            end: End::At(self.end),
        }
    }
}
