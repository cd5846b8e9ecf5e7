// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! `gimctl set`, `reset`, `stop`, `start`, `clear`.

use crate::{
    abi::{self, Attribute},
    card::Card,
    change::{self, Change},
    cli::{Clear, Reset, Set, Which},
    system,
    units::Vfs,
};
use anyhow::{bail, Result};
use gim_core::vfid::VfId;

/// The VFs of a card that were chosen; all when none were named.
fn chosen(card: &Card, vfs: Option<&Vfs>) -> Result<Vec<VfId>> {
    let all: Vec<VfId> = card.vfs().collect();
    let Some(vfs) = vfs else { return Ok(all) };
    if let Some(absent) = vfs.iter().find(|vf| !all.contains(vf)) {
        bail!(
            "{absent} is not there: {} has VFs 1 to {}",
            card.address,
            all.len()
        );
    }
    Ok(vfs.iter().collect())
}

/// `gimctl set`
///
/// # Errors
///
/// The kernel's refusal; nothing is changed then.
pub fn set(card: &Card, set: &Set) -> Result<()> {
    let of_card = [
        ("policy", &set.policy),
        ("default_quantum_us", &set.default_quantum_us),
        ("fb_clear", &set.fb_clear),
        ("exclusive_timeout_ms", &set.exclusive_timeout_ms),
        ("lone_check_ms", &set.lone_check_ms),
    ];
    let of_vf = [
        ("weight", &set.weight),
        ("exec_quantum_ms", &set.exec_quantum_ms),
        ("preempt_timeout_us", &set.preempt_timeout_us),
        ("sched_priority", &set.sched_priority),
        ("vram_quota", &set.vram_quota),
    ];
    let mut changes: Vec<Change> = given(&abi::CARD, &of_card)
        .chain(
            set.guard
                .iter()
                .flat_map(|guard| guard.0.iter().map(|(a, value)| (*a, value.as_str()))),
        )
        .map(|(attribute, value)| Change::of_card(card, attribute, value))
        .collect();
    if set.all || set.vf.is_some() {
        for vf in chosen(card, set.vf.as_ref())? {
            changes.extend(
                given(&abi::VF, &of_vf).map(|(a, value)| Change::of_vf(card, vf, a, value)),
            );
        }
    }
    if set.dry_run {
        change::sort(&mut changes);
        changes
            .iter()
            .for_each(|change| println!("{}", change.shown()));
        return Ok(());
    }
    change::all_or_none(changes)
}

/// The attributes that have got values.
fn given<'a>(
    among: &'static [Attribute],
    values: &'a [(&'static str, &'a Option<String>)],
) -> impl Iterator<Item = (&'static Attribute, &'a str)> {
    values
        .iter()
        .filter_map(move |(name, value)| Some((abi::find(among, name)?, value.as_deref()?)))
}

/// `gimctl reset`
///
/// # Errors
///
/// The kernel's refusal.
pub fn reset(card: &Card, what: &Reset) -> Result<()> {
    if what.gpu {
        return Ok(system::write(&card.admin("reset"), "1")?);
    }
    each(card, what.vf.as_ref(), "reset", "1")
}

/// `gimctl stop` with 1, `gimctl start` with 0.
///
/// # Errors
///
/// The kernel's refusal.
pub fn stop(card: &Card, which: &Which, value: &str) -> Result<()> {
    each(card, which.vf.as_ref(), "stop", value)
}

/// `gimctl clear`
///
/// # Errors
///
/// The kernel's refusal.
pub fn clear(card: &Card, clear: &Clear) -> Result<()> {
    let vfs = clear.which.vf.as_ref();
    if vfs.is_some() {
        return each(card, vfs, "clear", &clear.pattern.to_string());
    }
    // Those that are not enabled have no framebuffer.
    for vf in card.vfs().filter(|vf| card.vf_address(*vf).is_some()) {
        system::write(&card.vf(vf, "clear"), &clear.pattern.to_string())?;
    }
    Ok(())
}

/// Writes to an attribute of each VF.
fn each(card: &Card, vfs: Option<&Vfs>, name: &str, value: &str) -> Result<()> {
    for vf in chosen(card, vfs)? {
        system::write(&card.vf(vf, name), value)?;
    }
    Ok(())
}
