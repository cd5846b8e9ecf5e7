// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What the host must have: the kernel, its configuration, an IOMMU, and Secure Boot's consent.

use super::{module, Findings};
use crate::system::{self, Root};
use std::path::PathBuf;

/// The kernel lines that gim is tested with, as in `scripts/check-kernel`.
const OLDEST: (u32, u32) = (7, 2);
const NEWEST: (u32, u32) = (7, 3);
/// The variable of UEFI that says whether Secure Boot is on: four bytes of attributes, then 1 or 0.
const SECURE_BOOT: &str =
    "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";

/// Major and minor number of a release as `7.3.4+deb13-amd64`.
fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// The kernel and its configuration; gives its release.
pub fn kernel(findings: &mut Findings) -> String {
    let path = findings.root.at("proc/sys/kernel/osrelease");
    let release = system::look(&path).unwrap_or_default();
    let (major, minor) = OLDEST;
    let advice = format!("boot a kernel from {major}.{minor} on that has Rust support");
    match version(&release) {
        Some(found) if found < OLDEST => {
            findings.problem("kernel", format!("kernel {release} is too old"), &advice);
        }
        Some(found) if found > NEWEST => findings.note(
            "kernel",
            format!("kernel {release} is newer than what gim was tested with"),
            "use a newer gim; GIM_ANY_KERNEL=1 builds this one nevertheless",
        ),
        Some(_) => findings.ok("kernel", format!("kernel {release}")),
        None => findings.note("kernel", format!("kernel \"{release}\""), &advice),
    }
    configuration(findings, &release);
    release
}

/// The text of the kernel's configuration, which lies in one of several places.
fn configuration_text(root: &Root, release: &str) -> Option<String> {
    let places = [
        format!("boot/config-{release}"),
        format!("lib/modules/{release}/config"),
        format!("lib/modules/{release}/build/.config"),
    ];
    places
        .iter()
        .find_map(|place| system::look(&root.at(place)))
}

fn configuration(findings: &mut Findings, release: &str) {
    let Some(text) = configuration_text(findings.root, release) else {
        findings.note(
            "kernel-config",
            format!("the configuration of kernel {release} is not in /boot or /lib/modules"),
            "see that it has CONFIG_RUST=y and CONFIG_PCI_IOV=y",
        );
        return;
    };
    let is_set = |name: &str| text.lines().any(|line| line == format!("{name}=y"));
    let mut complete = true;
    for (name, what) in [("CONFIG_RUST", "Rust"), ("CONFIG_PCI_IOV", "SR-IOV")] {
        if !is_set(name) {
            complete = false;
            findings.problem(
                "kernel-config",
                format!("kernel {release} has no {what} support ({name} is not set)"),
                "boot a kernel that has, as Debian's since 7.2",
            );
        }
    }
    if complete {
        findings.ok("kernel-config", "CONFIG_RUST and CONFIG_PCI_IOV are set");
    }
}

/// Whether there is an IOMMU in use.
pub fn iommu(findings: &mut Findings) {
    let units = system::names(&findings.root.at("sys/class/iommu"));
    if units.is_empty() {
        let command_line = system::look(&findings.root.at("proc/cmdline")).unwrap_or_default();
        let given = command_line
            .split(' ')
            .filter(|word| word.contains("iommu"));
        let given: Vec<_> = given.collect();
        let given = match given.is_empty() {
            true => "nothing about it on the kernel's command line".into(),
            false => format!("\"{}\" on the kernel's command line", given.join(" ")),
        };
        findings.problem(
            "iommu",
            format!("no IOMMU is in use, {given}: VFs cannot be given to guests"),
            "turn VT-d or AMD-Vi on in the firmware's setup, and boot with intel_iommu=on on Intel's",
        );
    } else {
        findings.ok("iommu", format!("in use: {}", units.join(", ")));
    }
}

/// Whether the kernel takes only signed modules, by what.
fn enforced(root: &Root) -> Option<&'static str> {
    let variable = system::bytes(&root.at(SECURE_BOOT), 5).unwrap_or_default();
    if variable.get(4) == Some(&1) {
        return Some("Secure Boot is on");
    }
    if system::look(&root.at("sys/module/module/parameters/sig_enforce")).as_deref() == Some("Y") {
        return Some("the kernel was booted with module.sig_enforce");
    }
    let lockdown = system::look(&root.at("sys/kernel/security/lockdown")).unwrap_or_default();
    let locked = lockdown.contains("[integrity]") || lockdown.contains("[confidentiality]");
    locked.then_some("the kernel is locked down")
}

/// Whether the kernel will take the module's signature.
pub fn secure_boot(findings: &mut Findings, release: &str) {
    let Some(why) = enforced(findings.root) else {
        findings.ok("secure-boot", "modules need no signature");
        return;
    };
    let file: Option<PathBuf> = module::find(findings.root, "gim", release);
    let advice = "sign it with a key that is enrolled (mokutil --import), as DKMS does by itself once a key is set up";
    match file.as_deref().map(|path| (path, module::is_signed(path))) {
        _ if findings.root.at("sys/module/gim").exists() => {
            findings.ok(
                "secure-boot",
                format!("{why}, and the kernel has taken the module"),
            );
        }
        Some((_, Some(true))) => findings.ok("secure-boot", format!("{why}; the module is signed")),
        Some((path, Some(false))) => {
            let path = findings.root.name(path).display().to_string();
            findings.problem(
                "secure-boot",
                format!("{why}, and /{path} is not signed"),
                advice,
            );
        }
        Some((_, None)) => {
            findings.note(
                "secure-boot",
                format!("{why}; a packed module does not show its signature"),
                advice,
            );
        }
        None => findings.note(
            "secure-boot",
            format!("{why}: the module will have to be signed"),
            advice,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_are_those_that_the_build_takes() {
        let script = include_str!("../../../../scripts/check-kernel");
        for (name, (major, minor)) in [("oldest", OLDEST), ("newest", NEWEST)] {
            let line = format!("{name}={major}.{minor}");
            assert!(script.lines().any(|l| l == line), "{line}");
        }
    }

    #[test]
    fn releases() {
        assert_eq!(version("7.3.4+deb13-amd64"), Some((7, 3)));
        assert_eq!(version("6.12"), Some((6, 12)));
        assert_eq!(version("10.0-rc1"), Some((10, 0)));
        assert_eq!(version("next"), None);
    }
}
