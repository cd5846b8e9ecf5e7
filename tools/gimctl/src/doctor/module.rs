// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The module: whether it is there for this kernel, or could be built.

use super::Findings;
use crate::system::{self, Root};
use std::{
    fs,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

/// What the kernel looks for at the end of a signed module.
const SIGNED: &[u8] = b"~Module signature appended~\n";
/// Enough of a module's file to have its description in it.
const MOST: u64 = 64 << 20;

/// A module's file for a kernel, wherever it was put: packages, DKMS and `make modules_install` differ.
pub fn find(root: &Root, name: &str, release: &str) -> Option<PathBuf> {
    let mut folders = vec![root.at(format!("lib/modules/{release}"))];
    while let Some(folder) = folders.pop() {
        for entry in system::names(&folder) {
            let path = folder.join(&entry);
            // Links lead to the headers.
            if path.is_symlink() {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if entry
                .split_once(".ko")
                .is_some_and(|(stem, _)| stem == name)
            {
                return Some(path);
            }
        }
    }
    None
}

/// Whether a module's file is signed; `None` for one that is packed.
pub fn is_signed(path: &Path) -> Option<bool> {
    (path.extension()? == "ko").then_some(())?;
    let mut file = fs::File::open(path).ok()?;
    let mut end = Vec::new();
    let length = i64::try_from(SIGNED.len()).ok()?;
    if file.seek(SeekFrom::End(-length)).is_err() {
        return Some(false);
    }
    file.read_to_end(&mut end).ok()?;
    Some(end == SIGNED)
}

/// The kernel that a module's file was built for; `None` for one that is packed.
fn built_for(path: &Path) -> Option<String> {
    (path.extension()? == "ko").then_some(())?;
    let bytes = system::bytes(path, MOST).ok()?;
    let mark = b"\0vermagic=";
    let at = bytes
        .windows(mark.len())
        .position(|window| window == mark)?;
    let text = bytes.get(at.checked_add(mark.len())?..)?;
    let end = text.iter().position(|b| b" \0".contains(b))?;
    Some(String::from_utf8_lossy(text.get(..end)?).into_owned())
}

/// Looks at the module, and when there is none at what builds one.
pub fn examine(findings: &mut Findings, release: &str) {
    let file = find(findings.root, "gim", release);
    let name = |path: &Path| format!("/{}", findings.root.name(path).display());
    let file = file.map(|path| (name(&path), built_for(&path)));
    if findings.root.at("sys/module/gim").exists() {
        findings.ok("module", "gim is loaded");
        return;
    }
    match file {
        Some((file, Some(other))) if other != release => findings.problem(
            "module",
            format!("{file} was built for kernel {other}, and {release} is running"),
            "build it anew (dkms autoinstall, or make)",
        ),
        Some((file, _)) => findings.problem(
            "module",
            format!("gim is not loaded; {file} is there for this kernel"),
            "load it (modprobe gim), and look at the kernel's log when it refuses",
        ),
        None => findings.problem(
            "module",
            format!("gim is not loaded, and not installed for kernel {release}"),
            "install gim-dkms, or build it (make) and load it (insmod gim.ko)",
        ),
    }
    headers(findings, release);
}

fn headers(findings: &mut Findings, release: &str) {
    let tree = findings.root.at(format!("lib/modules/{release}/build"));
    if !tree.exists() {
        findings.problem(
            "headers",
            format!("/lib/modules/{release}/build is not there: no module can be built"),
            &format!("install the kernel's headers (linux-headers-{release})"),
        );
    } else if !tree.join("rust/libkernel.rmeta").exists() {
        findings.problem(
            "headers",
            format!("/lib/modules/{release}/build has no Rust metadata (rust/libkernel.rmeta), as Debian's headers"),
            "let gim-dkms make it, or `make setup` and `make KDIR=...` in gim's source",
        );
    } else {
        findings.ok(
            "headers",
            "the kernel's headers are there, with Rust metadata",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gim.ko");
        fs::write(
            &path,
            [b"ELF\0vermagic=7.3.4 SMP mod_unload \0".as_slice(), SIGNED].concat(),
        )
        .unwrap();
        assert_eq!(is_signed(&path), Some(true));
        assert_eq!(built_for(&path).unwrap(), "7.3.4");
        fs::write(&path, [SIGNED, b"x"].concat()).unwrap();
        assert_eq!(is_signed(&path), Some(false));
        fs::write(&path, b"").unwrap();
        assert_eq!((is_signed(&path), built_for(&path)), (Some(false), None));
        assert_eq!(is_signed(&folder.path().join("gim.ko.xz")), None);
    }
}
