// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What modprobe is told: whether gim may be loaded, with which parameters, and whether amdgpu gets the card before it.

use super::{cards, module, Findings};
use crate::{
    card, import,
    system::{self, Root},
};
use gim_core::options;
use std::collections::BTreeMap;

/// Where modprobe's files are; of two with the same name that in the earlier folder counts.
const FOLDERS: [&str; 5] = [
    "etc/modprobe.d",
    "run/modprobe.d",
    "usr/local/lib/modprobe.d",
    "usr/lib/modprobe.d",
    "lib/modprobe.d",
];

/// How amdgpu is kept off the card.
const KEEP_OFF: &str = "install gim-dkms, whose rule of udev sets driver_override, or write \"softdep amdgpu pre: gim\" or \
                        \"blacklist amdgpu\" to /etc/modprobe.d/gim.conf";

/// A command to modprobe, as words, and the file that it stands in.
struct Command {
    file: String,
    words: Vec<String>,
}

impl Command {
    /// Whether it begins with these words; a module's name may be written with either line.
    fn is(&self, words: &[&str]) -> bool {
        let same = |(ours, theirs): (&String, &&str)| ours.replace('-', "_") == *theirs;
        self.words.len() >= words.len() && self.words.iter().zip(words).all(same)
    }
}

fn commands(root: &Root) -> Vec<Command> {
    let mut files = BTreeMap::new();
    for folder in FOLDERS {
        for name in system::names(&root.at(folder)) {
            if name.ends_with(".conf") {
                files
                    .entry(name.clone())
                    .or_insert_with(|| format!("{folder}/{name}"));
            }
        }
    }
    let mut all = Vec::new();
    for file in files.into_values() {
        let text = system::look(&root.at(&file))
            .unwrap_or_default()
            .replace("\\\n", " ");
        for line in text
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'))
        {
            let words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
            all.push(Command {
                file: format!("/{file}"),
                words,
            });
        }
    }
    // The kernel's command line can do the same.
    let command_line = system::look(&root.at("proc/cmdline")).unwrap_or_default();
    for word in command_line.split_whitespace() {
        let names = word
            .strip_prefix("module_blacklist=")
            .or(word.strip_prefix("modprobe.blacklist="));
        for name in names.into_iter().flat_map(|names| names.split(',')) {
            all.push(Command {
                file: "the kernel's command line".into(),
                words: vec!["blacklist".into(), name.into()],
            });
        }
    }
    all
}

/// Looks at all of it.
pub fn examine(findings: &mut Findings, release: &str) {
    let commands = commands(findings.root);
    if let Some(command) = commands.iter().find(|c| c.is(&["blacklist", "gim"])) {
        findings.warning(
            "blacklist",
            format!(
                "{} has \"blacklist gim\": it is not loaded by itself",
                command.file
            ),
            "remove the line",
        );
    }
    amdgpu(findings, &commands, release);
    parameters(findings, &commands);
    c_driver(findings);
}

/// amdgpu knows the PF too, and takes it when it comes first.
fn amdgpu(findings: &mut Findings, commands: &[Command], release: &str) {
    let kept_off = commands.iter().find(|c| {
        let first =
            c.is(&["softdep", "amdgpu", "pre:"]) && c.words.iter().any(|word| word == "gim");
        c.is(&["blacklist", "amdgpu"]) || c.is(&["install", "amdgpu", "/bin/false"]) || first
    });
    let cards = cards::addresses(findings.root);
    let overridden = |address: &String| {
        let path = findings
            .root
            .at(format!("sys/bus/pci/devices/{address}/driver_override"));
        system::look(&path).as_deref() == Some("gim")
    };
    let is_reserved = !cards.is_empty() && cards.iter().all(overridden);
    let is_there = findings.root.at("sys/module/amdgpu").exists()
        || module::find(findings.root, "amdgpu", release).is_some();
    match kept_off {
        Some(command) => {
            let seen = format!("{} keeps amdgpu off the card", command.file);
            findings.ok("amdgpu", seen);
        }
        None if is_reserved => {
            findings.ok("amdgpu", "driver_override keeps other drivers off the card");
        }
        None if !is_there => findings.ok("amdgpu", "this kernel has no amdgpu"),
        None if !card::all(findings.root).is_empty() => findings.note(
            "amdgpu",
            "nothing keeps amdgpu off the card at the next boot",
            KEEP_OFF,
        ),
        None => findings.warning("amdgpu", "nothing keeps amdgpu off the card", KEEP_OFF),
    }
}

fn parameters(findings: &mut Findings, commands: &[Command]) {
    let mut wrong = false;
    for command in commands.iter().filter(|c| c.is(&["options", "gim"])) {
        for word in command.words.iter().skip(2) {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            let spec = options::ALL.iter().find(|spec| spec.name == name);
            let why = match spec {
                None => "there is no such parameter".to_owned(),
                Some(spec) => match spec.parse(value.as_bytes()) {
                    Ok(_) => continue,
                    Err(e) => e.to_string(),
                },
            };
            wrong = true;
            let seen = format!("{} has \"options gim {word}\": {why}", command.file);
            findings.problem(
                "parameters",
                seen,
                "correct it: `modinfo -p gim` lists what there is",
            );
        }
    }
    if !wrong {
        findings.ok("parameters", "what modprobe gives gim is within its ranges");
    }
}

/// A file that the C driver left is not read by anybody.
fn c_driver(findings: &mut Findings) {
    let Some(text) = system::look(&findings.root.at("etc/gim_config")) else {
        return;
    };
    let found = import::parse(&text);
    findings.note(
        "gim_config",
        format!(
            "/etc/gim_config of the C driver is there (\"{}\", {} mistakes)",
            found.parameters(),
            found.problems.len()
        ),
        "`gimctl import` says the same for modprobe; the module itself does not read the file",
    );
}
