// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The cards that gim has: where they are in sysfs, and how one is chosen.

use crate::system::{self, Root};
use anyhow::{bail, Result};
use gim_core::vfid::VfId;
use std::path::{Path, PathBuf};

/// gim in sysfs.
pub const DRIVER: &str = "sys/bus/pci/drivers/gim";

/// A card that gim is bound to.
#[derive(Clone, Debug)]
pub struct Card {
    /// Its PF, as `0000:01:00.0`.
    pub address: String,
    /// Its PF's folder.
    pub device: PathBuf,
}

/// Whether a name is a PCI address: `0000:01:00.0`.
pub fn is_address(name: &str) -> bool {
    let parts: Vec<&str> = name.split([':', '.']).collect();
    let hexadecimal = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_hexdigit());
    parts.len() == 4 && name.contains('.') && parts.iter().all(hexadecimal)
}

/// All cards that gim has, by address.
pub fn all(root: &Root) -> Vec<Card> {
    system::names(&root.at(DRIVER))
        .into_iter()
        .filter(|name| is_address(name))
        .map(|address| Card {
            device: root.at("sys/bus/pci/devices").join(&address),
            address,
        })
        .collect()
}

/// The cards that a person means: all, or the one at an address, whose domain may be left out.
///
/// # Errors
///
/// When there are none.
pub fn chosen(root: &Root, address: Option<&str>) -> Result<Vec<Card>> {
    let cards = all(root);
    if cards.is_empty() {
        bail!("gim has no card: load the module, and see what `gimctl doctor` finds");
    }
    let Some(address) = address else {
        return Ok(cards);
    };
    let wanted = format!("0000:{address}");
    let there: Vec<_> = cards.iter().map(|card| card.address.clone()).collect();
    let found = cards
        .into_iter()
        .find(|card| card.address == address || card.address == wanted);
    match found {
        Some(card) => Ok(vec![card]),
        None => bail!(
            "gim has no card at {address}: there is {}",
            there.join(", ")
        ),
    }
}

/// The one card that a person means, whose address may be left out when there is but one.
///
/// # Errors
///
/// When there is none, or more than one.
pub fn one(root: &Root, address: Option<&str>) -> Result<Card> {
    let mut cards = chosen(root, address)?;
    match (cards.pop(), cards.is_empty()) {
        (Some(card), true) => Ok(card),
        _ => bail!(
            "gim has more than one card: say which with --card ADDRESS (`gimctl list` shows them)"
        ),
    }
}

impl Card {
    /// A file or folder in `sriov_admin/`.
    pub fn admin(&self, name: impl AsRef<Path>) -> PathBuf {
        self.device.join("sriov_admin").join(name)
    }

    /// A file or folder in `sriov_admin/vf<N>/`.
    pub fn vf(&self, vf: VfId, name: &str) -> PathBuf {
        self.admin(format!("vf{}", vf.number())).join(name)
    }

    /// The VFs that the card can have.
    pub fn vfs(&self) -> impl Iterator<Item = VfId> {
        let total = system::number(&self.device.join("sriov_totalvfs")).unwrap_or(0);
        VfId::all().take(total)
    }

    /// The PCI address of a VF that is enabled.
    pub fn vf_address(&self, vf: VfId) -> Option<String> {
        system::link(&self.device.join(format!("virtfn{}", vf.index())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        assert!(is_address("0000:01:00.0") && is_address("10000:e1:00.f"));
        for other in [
            "bind",
            "module",
            "0000:01:00",
            "0000:01:00:0",
            "x:01:00.0",
            "",
        ] {
            assert!(!is_address(other), "{other}");
        }
    }
}
