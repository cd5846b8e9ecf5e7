// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Changes of attributes: what is written where, in which order, and taken back when the kernel refuses one.

use crate::{abi::Attribute, card::Card, system};
use gim_core::vfid::VfId;
use std::path::PathBuf;

/// One value for one attribute.
#[derive(Clone, Debug)]
pub struct Change {
    attribute: &'static Attribute,
    /// Checked, as the kernel takes it.
    value: String,
    path: PathBuf,
}

impl Change {
    /// For the whole card.
    pub fn of_card(card: &Card, attribute: &'static Attribute, value: &str) -> Self {
        Change {
            attribute,
            value: value.to_owned(),
            path: card.admin(attribute.name),
        }
    }

    /// For a VF.
    pub fn of_vf(card: &Card, vf: VfId, attribute: &'static Attribute, value: &str) -> Self {
        Change {
            attribute,
            value: value.to_owned(),
            path: card.vf(vf, "profile").join(attribute.name),
        }
    }

    /// The value in force.
    ///
    /// # Errors
    ///
    /// When it cannot be read: there is no such attribute.
    fn present(&self) -> Result<String, system::Error> {
        Ok(self.attribute.value(&system::read(&self.path)?).to_owned())
    }

    /// Whether it gives a VF more than it has: of memory, what is given has to be taken away before.
    fn grows(&self) -> bool {
        let number = |text: &str| text.parse().unwrap_or(0_u64);
        let present = self.present().unwrap_or_default();
        self.attribute.name == "vram_quota" && number(&self.value) > number(&present)
    }

    /// As a person would write it.
    pub fn shown(&self) -> String {
        format!("echo {} > {}", self.value, self.path.display())
    }

    fn write(&self) -> Result<(), system::Error> {
        system::write(&self.path, &self.value)
    }
}

/// Puts changes into the order in which the kernel can take them.
pub fn sort(changes: &mut [Change]) {
    changes.sort_by_key(Change::grows);
}

/// Makes all changes, or none: what was changed before a refusal is set back.
///
/// # Errors
///
/// The kernel's refusal, and what could not be set back.
pub fn all_or_none(mut changes: Vec<Change>) -> anyhow::Result<()> {
    sort(&mut changes);
    let mut undo: Vec<Change> = Vec::new();
    for change in changes {
        let step = change.present().and_then(|value| {
            change.write()?;
            Ok(value)
        });
        match step {
            Ok(value) => undo.push(Change { value, ..change }),
            Err(refusal) => {
                let left: Vec<String> = undo
                    .iter()
                    .rev()
                    .filter_map(|change| change.write().err())
                    .map(|e| e.to_string())
                    .collect();
                let outcome = match left.is_empty() {
                    true => "nothing was changed".to_owned(),
                    false => format!("and not all could be set back: {}", left.join("; ")),
                };
                return Err(anyhow::Error::new(refusal).context(outcome));
            }
        }
    }
    Ok(())
}

/// Makes the changes that can be made; gives how many were needed and made, and the kernel's refusals of the others.
pub fn as_many_as_possible(mut changes: Vec<Change>) -> (usize, Vec<system::Error>) {
    sort(&mut changes);
    let mut made = 0_usize;
    let mut refused = Vec::new();
    for change in changes {
        match change.present() {
            Ok(value) if change.attribute.is_same(&value, &change.value) => {}
            Ok(_) => match change.write() {
                Ok(()) => made = made.saturating_add(1),
                Err(e) => refused.push(e),
            },
            Err(e) => refused.push(e),
        }
    }
    (made, refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{abi, planted};

    fn vf(n: u8) -> VfId {
        VfId::new(n).unwrap()
    }

    #[test]
    fn what_was_changed_before_a_refusal_is_set_back() {
        let (root, card) = planted::card(2);
        let weight = abi::find(&abi::VF, "weight").unwrap();
        std::fs::remove_file(card.vf(vf(2), "profile/weight")).unwrap();
        let changes = vec![
            Change::of_vf(&card, vf(1), weight, "7"),
            Change::of_vf(&card, vf(2), weight, "7"),
        ];
        let error = format!("{:#}", all_or_none(changes).unwrap_err());
        assert!(
            error.starts_with("nothing was changed") && error.contains("vf2"),
            "{error}"
        );
        assert_eq!(
            system::read(&card.vf(vf(1), "profile/weight")).unwrap(),
            "100"
        );
        drop(root);
    }

    #[test]
    fn memory_is_taken_before_it_is_given() {
        let (_root, card) = planted::card(2);
        let quota = abi::find(&abi::VF, "vram_quota").unwrap();
        let mut changes = vec![
            Change::of_vf(&card, vf(1), quota, &(1 << 30).to_string()),
            Change::of_vf(&card, vf(2), quota, &(256 << 20).to_string()),
        ];
        sort(&mut changes);
        assert!(changes[0].shown().contains("vf2"));
    }

    #[test]
    fn what_is_in_force_is_not_written_again() {
        let (_root, card) = planted::card(1);
        let policy = abi::find(&abi::CARD, "policy").unwrap();
        let (made, refused) = as_many_as_possible(vec![Change::of_card(&card, policy, "solid")]);
        assert_eq!((made, refused.len()), (0, 0));
        let (made, _) = as_many_as_possible(vec![Change::of_card(&card, policy, "fair")]);
        assert_eq!(made, 1);
    }
}
