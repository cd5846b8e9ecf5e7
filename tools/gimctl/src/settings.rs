// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Settings that are kept in files: `/etc/gim/*.toml`, which `gimctl apply` puts in force at boot and `gimctl save` writes.
//!
//! ```toml
//! [card."*"]                      # all cards, or one by its address
//! policy = "fair"                 # names and values are those in sriov_admin/
//! [card."*".vf."*"]               # all VFs, or some: "1", "2,4-6"
//! weight = 100
//! [card."0000:01:00.0".vf."1"]
//! weight = 400
//! ```
//!
//! Of two values for the same thing that from the later file wins (in the order of their names); in one file that for a
//! card over that for all cards, and that for fewer VFs over that for more.

use crate::{
    abi::{self, Attribute},
    card::{self, Card},
    change::Change,
    system,
    units::Vfs,
};
use anyhow::{anyhow, bail, Context, Result};
use gim_core::vfid::VfId;
use std::{collections::BTreeMap, fmt::Write, os::unix::fs::PermissionsExt, path::Path};
use toml::{Table, Value};

/// What stands for all cards, or all VFs.
const ALL: &str = "*";

/// One value of a file.
#[derive(Debug)]
struct Setting {
    /// A card's address; none for all.
    card: Option<String>,
    /// Some VFs; none for the card itself.
    vfs: Option<Vfs>,
    attribute: &'static Attribute,
    value: String,
}

/// The settings of some files, the weaker before the stronger.
#[derive(Debug, Default)]
pub struct Settings(Vec<Setting>);

impl Settings {
    /// Reads files, in the order of their names.
    ///
    /// # Errors
    ///
    /// All that is wrong with one of them; none is used then.
    pub fn read<'p>(files: impl IntoIterator<Item = &'p Path>) -> Result<Self> {
        let mut all = Vec::new();
        for path in files {
            let text = system::read(path)?;
            let read = parse(&text).with_context(|| format!("{} was not applied", path.display()));
            all.extend(read?);
        }
        Ok(Settings(all))
    }

    /// Whether there is nothing to set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Addresses that are named, and that none of these cards has.
    pub fn absent(&self, cards: &[Card]) -> Vec<String> {
        let mut absent: Vec<_> = self
            .0
            .iter()
            .filter_map(|setting| setting.card.clone())
            .filter(|address| cards.iter().all(|card| card.address != *address))
            .collect();
        absent.sort();
        absent.dedup();
        absent
    }

    /// What they mean for a card: each attribute once.
    pub fn changes(&self, card: &Card) -> Vec<Change> {
        let mut changes: BTreeMap<(Option<u8>, &str), Change> = BTreeMap::new();
        let for_card = |s: &&Setting| {
            s.card
                .as_ref()
                .is_none_or(|address| *address == card.address)
        };
        for setting in self.0.iter().filter(for_card) {
            let attribute = setting.attribute;
            let Some(vfs) = &setting.vfs else {
                let change = Change::of_card(card, attribute, &setting.value);
                changes.insert((None, attribute.name), change);
                continue;
            };
            for vf in card
                .vfs()
                .filter(|vf| vfs.iter().any(|chosen| chosen == *vf))
            {
                let change = Change::of_vf(card, vf, attribute, &setting.value);
                changes.insert((Some(vf.number()), attribute.name), change);
            }
        }
        changes.into_values().collect()
    }
}

/// Reads the text of a file.
fn parse(text: &str) -> Result<Vec<Setting>> {
    let table: Table = text.parse().map_err(|e: toml::de::Error| anyhow!("{e}"))?;
    let mut all = Vec::new();
    for (key, value) in &table {
        if key != "card" {
            bail!("\"{key}\" is unknown: there is only [card.\"*\"], [card.\"ADDRESS\"] and what is in them");
        }
        // In the order of their names "*" is before the addresses.
        for (address, value) in sub_table(key, value)? {
            if address != ALL && !card::is_address(address) {
                bail!("[card.\"{address}\"]: write \"*\", or an address as \"0000:01:00.0\"");
            }
            of_card(address, sub_table(address, value)?, &mut all)?;
        }
    }
    Ok(all)
}

fn sub_table<'v>(name: &str, value: &'v Value) -> Result<&'v Table> {
    value
        .as_table()
        .ok_or_else(|| anyhow!("\"{name}\" has to be a table: [card.\"...\"]"))
}

fn of_card(address: &str, table: &Table, all: &mut Vec<Setting>) -> Result<()> {
    let card = (address != ALL).then(|| address.to_owned());
    let context = || format!("[card.\"{address}\"]");
    let mut groups: Vec<(Option<Vfs>, &Table)> = Vec::new();
    for (name, value) in table {
        if name != "vf" {
            all.push(setting(&card, None, &abi::CARD, name, value).with_context(context)?);
            continue;
        }
        for (vfs, value) in sub_table(name, value)? {
            let every = format!("1-{}", gim_core::vfid::COUNT);
            let chosen = if vfs == ALL { &every } else { vfs };
            let chosen = chosen
                .parse()
                .map_err(|e: String| anyhow!(e))
                .with_context(context)?;
            groups.push((Some(chosen), sub_table(vfs, value)?));
        }
    }
    // That for fewer VFs is the stronger one.
    groups.sort_by_key(|(vfs, _)| {
        std::cmp::Reverse(vfs.as_ref().map_or(0, |vfs| vfs.iter().count()))
    });
    for (vfs, table) in groups {
        for (name, value) in table {
            all.push(setting(&card, vfs.clone(), &abi::VF, name, value).with_context(context)?);
        }
    }
    Ok(())
}

fn setting(
    card: &Option<String>,
    vfs: Option<Vfs>,
    among: &'static [Attribute],
    name: &str,
    value: &Value,
) -> Result<Setting> {
    let attribute = abi::find(among, name).ok_or_else(|| {
        let names: Vec<_> = among.iter().map(|a| a.name).collect();
        anyhow!("\"{name}\" is unknown: there is {}", names.join(", "))
    })?;
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Integer(n) => n.to_string(),
        Value::Boolean(on) => on.to_string(),
        _ => bail!("{name} has to be a number, true or false, or text in quotes"),
    };
    Ok(Setting {
        card: card.clone(),
        vfs,
        attribute,
        value: attribute.parse(&text).map_err(|e| anyhow!(e))?,
    })
}

/// What is set for these cards now, as the text of a file; values that all VFs share are written once.
pub fn saved(cards: &[Card]) -> Result<String> {
    let mut out = String::from("# Written by \"gimctl save\"; put in force by \"gimctl apply\".\n");
    for card in cards {
        let address = &card.address;
        section(
            &mut out,
            &format!("card.\"{address}\""),
            abi::CARD.iter().filter_map(|attribute| {
                Some((attribute, kept(&card.admin(attribute.name), attribute)?))
            }),
        )?;
        let mut common = Vec::new();
        let mut own: BTreeMap<u8, Vec<(&Attribute, String)>> = BTreeMap::new();
        for attribute in &abi::VF {
            let kept = |vf: VfId| {
                Some((
                    vf,
                    kept(&card.vf(vf, "profile").join(attribute.name), attribute)?,
                ))
            };
            let values: Vec<(VfId, String)> = card.vfs().filter_map(kept).collect();
            match values.split_first() {
                Some(((_, first), rest)) if rest.iter().all(|(_, value)| value == first) => {
                    common.push((attribute, first.clone()));
                }
                _ => values.into_iter().for_each(|(vf, value)| {
                    own.entry(vf.number()).or_default().push((attribute, value));
                }),
            }
        }
        section(
            &mut out,
            &format!("card.\"{address}\".vf.\"{ALL}\""),
            common,
        )?;
        for (vf, values) in own {
            section(&mut out, &format!("card.\"{address}\".vf.\"{vf}\""), values)?;
        }
    }
    Ok(out)
}

/// The value of an attribute, if it is one that can be set.
fn kept(path: &Path, attribute: &Attribute) -> Option<String> {
    let mode = path.metadata().ok()?.permissions().mode();
    (mode & 0o200 != 0).then_some(())?;
    let shown = system::look(path)?;
    Some(attribute.value(&shown).to_owned())
}

/// Writes a section unless it is empty.
pub fn section<'a>(
    out: &mut String,
    name: &str,
    values: impl IntoIterator<Item = (&'a Attribute, String)>,
) -> std::fmt::Result {
    let mut values = values.into_iter().peekable();
    if values.peek().is_some() {
        writeln!(out, "\n[{name}]")?;
    }
    for (attribute, value) in values {
        match attribute.kind {
            abi::Kind::Choice(_) => writeln!(out, "{} = \"{value}\"", attribute.name)?,
            abi::Kind::Truth => writeln!(out, "{} = {}", attribute.name, value == "1")?,
            _ => writeln!(out, "{} = {value}", attribute.name)?,
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
