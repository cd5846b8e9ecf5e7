// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The C driver's `/etc/gim_config`: what it says, in the terms of this driver. The file is read and never written.
//!
//! The C driver reads keys and values as they come, separated by spaces, `=`, tabs and ends of lines, and stops at the
//! first key that it does not know (section 1.2 of the behaviour reference). Here a mistake costs only what is mistaken,
//! and everything that is not taken over is reported with its line.

use crate::{abi, settings};
use gim_core::options::{self, Spec};
use std::fmt::Write;

/// The keys that the C driver knows, in its order: parameters of the same names here.
const KEYS: [&Spec; 8] = [
    &options::FB_OPTION,
    &options::SCHED_OPTION,
    &options::VF_NUM,
    &options::PF_FB,
    &options::VF_FB,
    &options::SCHED_INTERVAL,
    &options::SCHED_INTERVAL_US,
    &options::FB_CLEAR,
];

/// Something that was not taken over.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

/// What a file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Values in the order of [`KEYS`].
    values: [Option<u32>; KEYS.len()],
    /// What was not taken over, by line.
    pub problems: Vec<Problem>,
}

/// Words with their lines. What follows `#` is for people, which the C driver has no syntax for.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().flat_map(|(at, line)| {
        let line = line.split('#').next().unwrap_or_default();
        let separator = |c: char| c.is_whitespace() || c == '=';
        let words = line.split(separator).filter(|word| !word.is_empty());
        words.map(move |word| (at.saturating_add(1), word))
    })
}

fn index_of(word: &str) -> Option<usize> {
    KEYS.iter().position(|spec| spec.name == word)
}

/// Reads a value as the C driver did: decimal.
fn value(spec: &'static Spec, word: &str) -> Result<u32, String> {
    let digits = word.strip_prefix('+').unwrap_or(word);
    let decimal = digits.chars().all(|c| c.is_ascii_digit());
    // Zeros in front would make it octal for the kernel.
    let digits = match digits.trim_start_matches('0') {
        "" if !digits.is_empty() => "0",
        digits => digits,
    };
    match decimal {
        true => spec.parse(digits.as_bytes()).map_err(|e| e.to_string()),
        false => Err(options::Error::NotANumber { spec }.to_string()),
    }
}

/// Reads the text of a file.
pub fn parse(text: &str) -> Imported {
    let mut imported = Imported::default();
    let mut problem = |line, what: String| imported.problems.push(Problem { line, what });
    let mut words = words(text).peekable();
    while let Some((line, key)) = words.next() {
        let Some((index, spec)) = index_of(key).and_then(|i| Some((i, *KEYS.get(i)?))) else {
            // What follows up to the next key belongs to it.
            while words
                .next_if(|(_, word)| index_of(word).is_none())
                .is_some()
            {}
            let known: Vec<_> = KEYS.iter().map(|spec| spec.name).collect();
            problem(
                line,
                format!(
                    "unknown key \"{}\": there is {}",
                    clean(key),
                    known.join(", ")
                ),
            );
            continue;
        };
        let Some((at, word)) = words.next_if(|(_, word)| index_of(word).is_none()) else {
            problem(line, format!("{key} has no value"));
            continue;
        };
        match value(spec, word) {
            Ok(number) => {
                let slot = imported.values.get_mut(index);
                if let Some(before) = slot.and_then(|slot| slot.replace(number)) {
                    problem(
                        at,
                        format!("{key} was {before} above: {number} is what counts"),
                    );
                }
            }
            Err(why) => problem(at, format!("\"{}\" is no value: {why}", clean(word))),
        }
    }
    imported
}

/// A word of a file that may hold anything, as it can be shown.
fn clean(word: &str) -> String {
    word.chars()
        .take(40)
        .flat_map(char::escape_default)
        .collect()
}

impl Imported {
    fn given(&self) -> impl Iterator<Item = (&'static Spec, u32)> + '_ {
        let all = KEYS.iter().zip(self.values);
        all.filter_map(|(spec, value)| Some((*spec, value?)))
    }

    fn of(&self, spec: &Spec) -> Option<u32> {
        self.given()
            .find(|(given, _)| given.name == spec.name)
            .map(|(_, value)| value)
    }

    /// As parameters: `vf_num=4 fb_clear=1`.
    pub fn parameters(&self) -> String {
        let all: Vec<_> = self
            .given()
            .map(|(spec, value)| format!("{}={value}", spec.name))
            .collect();
        all.join(" ")
    }

    /// As a file for `/etc/modprobe.d`.
    pub fn modprobe(&self) -> String {
        let mut out = String::from("# What the C driver's gim_config said.\n");
        for (spec, value) in self.given() {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "# {}\noptions gim {}={value}", spec.what, spec.name);
        }
        if self.of(&options::FB_CLEAR).is_none() {
            out.push_str("# fb_clear is not there: gim clears framebuffers, which the C driver did not by itself.\n");
        }
        out
    }

    /// What can also be set while gim runs, as a file for `/etc/gim`.
    pub fn settings(&self) -> String {
        let mut out = String::from("# What the C driver's gim_config said.\n");
        let policy = self
            .of(&options::SCHED_OPTION)
            .and_then(|n| abi::POLICIES.get(n as usize));
        let of_card = [
            ("policy", policy.map(|name| (*name).to_owned())),
            (
                "fb_clear",
                self.of(&options::FB_CLEAR).map(|n| n.to_string()),
            ),
        ];
        let values = of_card
            .into_iter()
            .filter_map(|(name, value)| Some((abi::find(&abi::CARD, name)?, value?)));
        let _ = settings::section(&mut out, "card.\"*\"", values);
        let ms = self.of(&options::SCHED_INTERVAL).filter(|ms| *ms > 0);
        let quantum = abi::find(&abi::VF, "exec_quantum_ms").zip(ms.map(|ms| ms.to_string()));
        let _ = settings::section(&mut out, "card.\"*\".vf.\"*\"", quantum);
        if let Some(us) = self.of(&options::SCHED_INTERVAL_US).filter(|us| *us > 0) {
            let _ = writeln!(
                out,
                "# sched_interval_us = {us} is only possible as a parameter."
            );
        }
        out
    }
}

#[cfg(test)]
#[path = "import_tests.rs"]
mod tests;
