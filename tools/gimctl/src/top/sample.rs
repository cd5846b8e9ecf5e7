// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What happened between two looks at the cards. Pure arithmetic.

use crate::model::{shown, CardStatus, Status, VfStatus};
use std::time::Duration;

/// What a card did.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Its PF's address.
    pub address: String,
    /// Its state.
    pub state: String,
    /// Its policy.
    pub policy: String,
    /// VFs that are enabled.
    pub enabled: u16,
    /// Its sensors, ready to be shown.
    pub sensors: String,
    /// World switches a second.
    pub switches: f64,
    /// Its VFs that are enabled.
    pub vfs: Vec<VfSample>,
}

/// What a VF did.
#[derive(Clone, Debug)]
pub struct VfSample {
    /// Its number.
    pub number: u8,
    /// Its state.
    pub state: String,
    /// Its weight.
    pub weight: String,
    /// Its priority.
    pub priority: String,
    /// Its framebuffer in bytes.
    pub vram: u64,
    /// The part of the time in which it had the GPU in its turns, 0 to 1.
    pub gpu: f64,
    /// The part in which it had the GPU outside of turns, 0 to 1.
    pub exclusive: f64,
    /// Times it was given the GPU, a second.
    pub runs: f64,
    /// Resets since it was enabled.
    pub resets: u64,
}

/// What happened since an earlier look; nothing did without one.
pub fn all(before: Option<(Duration, &Status)>, now: &Status) -> Vec<Sample> {
    let of_card = |card: &CardStatus| {
        let earlier = before.and_then(|(time, status)| {
            let same = status
                .cards
                .iter()
                .find(|earlier| earlier.address == card.address)?;
            Some((time, same))
        });
        sample(earlier, card)
    };
    now.cards.iter().map(of_card).collect()
}

fn sample(before: Option<(Duration, &CardStatus)>, card: &CardStatus) -> Sample {
    let of_vf = |vf: &VfStatus| {
        let earlier = before.and_then(|(time, card)| {
            let same = card
                .vfs
                .iter()
                .find(|earlier| earlier.number == vf.number)?;
            Some((time.as_secs_f64(), same))
        });
        // Statistics start anew when VFs are enabled anew.
        let rate = |name: &str| match earlier {
            Some((seconds, earlier)) if seconds > 0.0 => {
                vf.stat(name).saturating_sub(earlier.stat(name)) as f64 / seconds
            }
            _ => 0.0,
        };
        let part = |name: &str| (rate(name) / 1e6).min(1.0);
        VfSample {
            number: vf.number,
            state: vf.state.clone().unwrap_or_else(|| "-".into()),
            weight: vf.setting("weight"),
            priority: vf.setting("sched_priority"),
            vram: vf.vram(),
            gpu: part("gpu_time_us"),
            exclusive: part("exclusive_time_us"),
            runs: rate("runs"),
            resets: vf.reset_count(),
        }
    };
    let vfs: Vec<_> = card
        .vfs
        .iter()
        .filter(|vf| vf.address.is_some())
        .map(of_vf)
        .collect();
    Sample {
        address: card.address.clone(),
        state: card.state.clone().unwrap_or_else(|| "plain".into()),
        policy: shown(card.settings.get("policy")),
        enabled: card.vfs_enabled,
        sensors: sensors(card),
        switches: vfs.iter().map(|vf| vf.runs).sum(),
        vfs,
    }
}

/// Temperature, power, clock, as far as there are sensors.
fn sensors(card: &CardStatus) -> String {
    let value = |name: &str| card.sensors.get(name)?.as_f64();
    let parts = [
        value("temp1_input").map(|n| format!("{:.0} C", n / 1e3)),
        value("power1_average").map(|n| format!("{:.0} W", n / 1e6)),
        value("freq1_input").map(|n| format!("{:.0} MHz", n / 1e6)),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
