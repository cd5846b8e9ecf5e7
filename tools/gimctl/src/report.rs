// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! `gimctl report`: all that a bug report needs, in one archive. Only reads, and takes nothing that is somebody's secret:
//! no serial numbers, of the kernel's command line only what is known to be harmless, of its log only what is about gim,
//! its cards and their buses.

use crate::{
    card, doctor,
    model::Status,
    system::{self, Root},
};
use anyhow::{Context, Result};
use flate2::{write::GzEncoder, Compression};
use std::{
    fs,
    io::{Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    process::Command,
};

/// The folder inside of the archive.
const TOP: &str = "gim-report";
/// A file of sysfs or debugfs has no more than this; a dump of a hang neither.
const MOST: u64 = 1 << 20;
/// Folders below a device, as `sriov_admin/vf1/profile`.
const DEPTH: usize = 4;
/// What is secret in a device's folder.
const SECRET: [&str; 2] = ["serial_number", "vpd"];
/// What the kernel's command line may say in a report, by its beginnings.
const HARMLESS: [&str; 16] = [
    "amd_iommu",
    "amdgpu.",
    "debug",
    "efi=",
    "gim.",
    "intel_iommu",
    "iommu",
    "loglevel",
    "mitigations",
    "modprobe.",
    "module.",
    "module_blacklist",
    "nomodeset",
    "pci",
    "quiet",
    "vfio",
];

/// An archive in the making.
struct Archive(tar::Builder<GzEncoder<Vec<u8>>>);

impl Archive {
    fn new() -> Self {
        Archive(tar::Builder::new(GzEncoder::new(
            Vec::new(),
            Compression::default(),
        )))
    }

    fn add(&mut self, name: impl AsRef<Path>, data: &[u8]) -> Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        let name = Path::new(TOP).join(name);
        self.0
            .append_data(&mut header, &name, data)
            .with_context(|| format!("cannot put {} into the archive", name.display()))
    }

    /// A file of the system, if it can be read.
    fn add_file(&mut self, root: &Root, path: &Path) -> Result<()> {
        match system::bytes(path, MOST) {
            Ok(data) => self.add(root.name(path), &data),
            // What reading says may be what is wrong.
            Err(e) => self.add(
                root.name(path).with_extension("error"),
                e.to_string().as_bytes(),
            ),
        }
    }

    /// What can be read in a folder and those in it; links are not followed.
    fn add_folder(&mut self, root: &Root, folder: &Path, depth: usize) -> Result<()> {
        for name in system::names(folder) {
            let path = folder.join(&name);
            let Ok(kind) = path.symlink_metadata() else {
                continue;
            };
            if is_left_out(&name) {
                continue;
            }
            if kind.is_symlink() {
                let target = fs::read_link(&path).unwrap_or_default();
                let target = format!("-> {}\n", target.display());
                self.add(root.name(&path), target.as_bytes())?;
            } else if kind.is_dir() && depth > 0 {
                self.add_folder(root, &path, depth.saturating_sub(1))?;
            } else if kind.is_file() && is_readable(&kind) {
                self.add_file(root, &path)?;
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Vec<u8>> {
        Ok(self.0.into_inner()?.finish()?)
    }
}

/// Whether a file has no place in a report: what is secret, and the card's memory, ports and ROM (`resource0`, `rom`).
fn is_left_out(name: &str) -> bool {
    let window = name
        .strip_prefix("resource")
        .is_some_and(|number| !number.is_empty());
    window || name == "rom" || SECRET.contains(&name)
}

fn is_readable(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o444 != 0
}

/// The kernel's command line without what could be secret.
fn command_line(text: &str) -> String {
    let word = |word: &str| match HARMLESS.iter().any(|beginning| word.starts_with(beginning)) {
        true => word.to_owned(),
        false => "(left out)".to_owned(),
    };
    text.split_whitespace()
        .map(word)
        .collect::<Vec<_>>()
        .join(" ")
}

/// All records of the kernel's log, as /dev/kmsg has them: "priority,number,us,flags;text".
fn log(root: &Root) -> String {
    let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = fs::OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(root.at("dev/kmsg"));
    let Ok(mut file) = file else {
        return String::new();
    };
    let mut text = Vec::new();
    let mut record = vec![0; 8192];
    // Each read gives one record; EPIPE is for those that were overwritten meanwhile.
    loop {
        match file.read(&mut record) {
            Ok(0) => break,
            Ok(n) => text.extend_from_slice(record.get(..n).unwrap_or_default()),
            Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => {}
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// The lines of the kernel's log that are about gim, its cards and what is between them and the CPU.
fn relevant(log: &str, addresses: &[String]) -> String {
    let words = [
        "gim",
        "AER",
        "DMAR",
        "AMD-Vi",
        "iommu",
        "SR-IOV",
        "vfio",
        "devcoredump",
        "Secure boot",
        "Linux version",
    ];
    let is_relevant = |line: &&str| {
        // Continuations of a record begin with a space and carry the device's properties.
        !line.starts_with(' ')
            && words
                .iter()
                .copied()
                .chain(addresses.iter().map(String::as_str))
                .any(|w| line.contains(w))
    };
    let mut out: String = log
        .lines()
        .filter(is_relevant)
        .map(plain)
        .collect::<Vec<_>>()
        .join("\n");
    out.push('\n');
    out
}

/// A record of the log as dmesg shows it.
fn plain(record: &str) -> String {
    let shown = record.split_once(';').and_then(|(head, text)| {
        let us: u64 = head.split(',').nth(2)?.parse().ok()?;
        Some(format!(
            "[{:5}.{:06}] {text}",
            us / 1_000_000,
            us % 1_000_000
        ))
    });
    shown.unwrap_or_else(|| record.to_owned())
}

/// What a program prints, or why it does not.
fn output(program: &str, arguments: &[&str]) -> Vec<u8> {
    match Command::new(program)
        .args(arguments)
        .env("LC_ALL", "C")
        .output()
    {
        Ok(done) => [done.stdout, done.stderr].concat(),
        Err(e) => format!("{program}: {e}\n").into_bytes(),
    }
}

/// lspci's words without serial numbers.
fn without_serials(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let is_other = |line: &&str| !line.to_lowercase().contains("serial number");
    text.split_inclusive('\n').filter(is_other).collect()
}

/// Makes the archive.
///
/// # Errors
///
/// Of the file system, or of memory.
pub fn archive(root: &Root) -> Result<Vec<u8>> {
    let mut archive = Archive::new();
    let cards = card::all(root);
    let mut status = Status::read(root, &cards);
    status
        .cards
        .iter_mut()
        .for_each(|card| _ = card.hardware.remove("serial_number"));
    archive.add("status.json", &serde_json::to_vec_pretty(&status)?)?;
    archive.add(
        "doctor.json",
        &serde_json::to_vec_pretty(&doctor::examine(root))?,
    )?;
    archive.add(
        "gimctl",
        concat!(env!("CARGO_PKG_VERSION"), "\n").as_bytes(),
    )?;

    let mut addresses = Vec::new();
    for card in &cards {
        archive.add_folder(root, &card.device, DEPTH)?;
        addresses.push(card.address.clone());
        for address in card.vfs().filter_map(|vf| card.vf_address(vf)) {
            archive.add_folder(root, &root.at("sys/bus/pci/devices").join(&address), 0)?;
            addresses.push(address);
        }
    }
    archive.add_folder(root, &root.at("sys/module/gim"), 1)?;
    archive.add_folder(root, &root.at("sys/kernel/debug/gim"), DEPTH)?;
    archive.add_folder(root, &root.at("etc/gim"), 0)?;
    for path in [
        "proc/version",
        "proc/iomem",
        "etc/gim_config",
        "etc/modprobe.d/gim.conf",
        "etc/os-release",
    ] {
        archive.add_file(root, &root.at(path))?;
    }
    let line = system::look(&root.at("proc/cmdline")).unwrap_or_default();
    archive.add("proc/cmdline", command_line(&line).as_bytes())?;
    archive.add("dmesg", relevant(&log(root), &addresses).as_bytes())?;
    let lspci = output("lspci", &["-vvv", "-nn", "-d", "1002:"]);
    archive.add("lspci", without_serials(&lspci).as_bytes())?;
    archive.add("lspci-tree", &output("lspci", &["-t", "-nn"]))?;
    dumps(&mut archive, root, &addresses)?;
    archive.finish()
}

/// The dumps that the driver has left of what failed.
fn dumps(archive: &mut Archive, root: &Root, addresses: &[String]) -> Result<()> {
    let folder = root.at("sys/class/devcoredump");
    for name in system::names(&folder) {
        let dump = folder.join(&name);
        let device = system::link(&dump.join("failing_device")).unwrap_or_default();
        if addresses.contains(&device) {
            archive.add_file(root, &dump.join("data"))?;
        }
    }
    Ok(())
}

/// Writes the archive to a new file, which only its owner can read.
///
/// # Errors
///
/// When the file is there already, or cannot be written.
pub fn write(root: &Root, path: &Path) -> Result<()> {
    let data = archive(root)?;
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(&data))
        .with_context(|| {
            format!(
                "cannot write {}; --output names another file",
                path.display()
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_harmless_words_of_the_command_line_are_told() {
        let line = "BOOT_IMAGE=/vmlinuz root=UUID=1 rd.luks.key=x password=y intel_iommu=on pci=realloc quiet";
        let told = command_line(line);
        assert!(told.ends_with("intel_iommu=on pci=realloc quiet"), "{told}");
        assert!(
            !told.contains("UUID") && !told.contains('x') && !told.contains("=y"),
            "{told}"
        );
    }

    #[test]
    fn the_log_is_about_the_cards() {
        let log = "6,1,1500000,-;gim 0000:01:00.0: 16 VFs\n SUBSYSTEM=pci\n6,2,1600000,-;audit: a user's secret\n\
                   3,3,1700000,-;pcieport 0000:00:03.0: AER: error\n6,4,1,-;vfio-pci 0000:01:02.1: reset\n";
        let told = relevant(log, &["0000:01:02.1".into()]);
        assert_eq!(
            told,
            "[    1.500000] gim 0000:01:00.0: 16 VFs\n[    1.700000] pcieport 0000:00:03.0: AER: error\n\
             [    0.000001] vfio-pci 0000:01:02.1: reset\n"
        );
    }

    #[test]
    fn what_the_card_has_in_its_windows_is_left_out() {
        for name in ["resource0", "resource2_wc", "rom", "vpd", "serial_number"] {
            assert!(is_left_out(name), "{name}");
        }
        assert!(!is_left_out("resource") && !is_left_out("config"));
    }

    #[test]
    fn serial_numbers_are_left_out() {
        let text =
            b"\tCapabilities: [150] Device Serial Number 12-34\n\tKernel driver in use: gim\n";
        assert_eq!(without_serials(text), "\tKernel driver in use: gim\n");
    }
}
