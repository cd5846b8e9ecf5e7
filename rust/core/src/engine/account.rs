// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Who had the GPU for how long. May not decide.

use super::super::vfid::VfId;
use super::Engine;

/// The VF that runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Holder {
    pub(super) vf: VfId,
    /// Since when it runs: its engines were last seen to stop and go before.
    pub(super) since: u64,
    /// Until when its time was accounted.
    pub(super) accounted: u64,
    /// It has the GPU for itself, outside of all turns.
    exclusive: bool,
}

impl Engine {
    /// RUN of a VF is done.
    pub(super) fn begin_account(&mut self, vf: VfId, exclusive: bool) {
        self.holder = Some(Holder {
            vf,
            since: self.now,
            accounted: self.now,
            exclusive,
        });
        let stats = &mut self.vfs.get_mut(vf).stats;
        stats.runs = stats.runs.saturating_add(1);
    }

    /// RUN of a VF was done by another driver, which has accounted its time until `since`.
    pub(super) fn account_since(&mut self, vf: VfId, since: u64, exclusive: bool) {
        self.holder = Some(Holder {
            vf,
            since,
            accounted: since,
            exclusive,
        });
    }

    /// Accounts the time until now.
    pub(super) fn account(&mut self) {
        let Some(holder) = &mut self.holder else {
            return;
        };
        let used = self.now.saturating_sub(holder.accounted);
        holder.accounted = self.now;
        let vf = holder.vf;
        let stats = &mut self.vfs.get_mut(vf).stats;
        if holder.exclusive {
            stats.exclusive_ns = stats.exclusive_ns.saturating_add(used);
        } else {
            stats.gpu_ns = stats.gpu_ns.saturating_add(used);
            self.policy.charge(vf, used, self.settings.shares.get(vf));
        }
    }

    /// From now on the time of the VF that runs is exclusive, or is not.
    pub(super) fn account_as(&mut self, exclusive: bool) {
        self.account();
        if let Some(holder) = &mut self.holder {
            holder.exclusive = exclusive;
        }
    }

    /// The VF that ran does not any more.
    pub(super) fn end_account(&mut self) {
        self.account();
        self.holder = None;
    }
}
