// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! `gimctl doctor` on planted hosts: nothing is found where all is well, and of each planted problem just that one.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "planted/host.rs"]
mod host;
#[path = "planted/mod.rs"]
mod planted;

use assert_cmd::Command;
use host::{header, pf, pf_config, poke, port_config, resources, GPU_IOV_AT, RELEASE, SRIOV_AT};
use planted::{file, link, vf_address};
use serde_json::Value;
use std::{fs, path::Path};

fn remove(root: &Path, name: &str) {
    let path = root.join(name);
    let result = if path.is_dir() && !path.is_symlink() {
        fs::remove_dir_all(&path)
    } else {
        fs::remove_file(&path)
    };
    result.unwrap();
}

/// What is found on a healthy host after a change, and the exit status.
fn examine(change: impl FnOnce(&Path)) -> (Vec<Value>, i32) {
    let folder = tempfile::tempdir().unwrap();
    host::healthy(folder.path());
    change(folder.path());
    let output = Command::cargo_bin("gimctl")
        .unwrap()
        .env("GIMCTL_ROOT", folder.path())
        .args(["doctor", "--json"])
        .output()
        .unwrap();
    (
        serde_json::from_slice(&output.stdout).unwrap(),
        output.status.code().unwrap(),
    )
}

/// Those that a person should do something about.
fn ill(findings: &[Value]) -> Vec<&Value> {
    findings
        .iter()
        .filter(|f| f["severity"] == "problem" || f["severity"] == "warning")
        .collect()
}

/// A change after which just these checks find something, the first with these words.
fn finds(change: impl FnOnce(&Path), checks: &[&str], words: &str) {
    let (findings, status) = examine(change);
    let ill = ill(&findings);
    let found: Vec<_> = ill.iter().map(|f| f["check"].as_str().unwrap()).collect();
    assert_eq!(found, checks, "{ill:#?}");
    assert!(ill[0]["seen"].as_str().unwrap().contains(words), "{ill:#?}");
    assert!(ill.iter().all(|f| f["advice"].is_string()), "{ill:#?}");
    assert_eq!(status, 1);
}

/// gim is not loaded, and installed or not.
fn unloaded(root: &Path, module: Option<&[u8]>) {
    remove(root, "sys/module/gim");
    remove(root, "sys/bus/pci/drivers/gim");
    remove(root, &pf("driver"));
    remove(root, &pf("sriov_admin"));
    file(
        root,
        &format!("lib/modules/{RELEASE}/build/rust/libkernel.rmeta"),
        "",
    );
    if let Some(module) = module {
        file(
            root,
            &format!("lib/modules/{RELEASE}/updates/dkms/gim.ko"),
            module,
        );
    }
}

fn secure_boot(root: &Path) {
    let name = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
    file(root, name, [6, 0, 0, 0, 1]);
}

#[test]
fn nothing_where_all_is_well() {
    let (findings, status) = examine(|_| {});
    assert_eq!(ill(&findings), Vec::<&Value>::new());
    let checks: Vec<_> = findings
        .iter()
        .map(|f| f["check"].as_str().unwrap())
        .collect();
    for check in "kernel kernel-config module secure-boot iommu amdgpu parameters driver sriov gpu-iov memory ari \
                  bar-space link operation"
        .split_whitespace()
    {
        assert!(checks.contains(&check), "{check}: {checks:?}");
    }
    assert_eq!(status, 0);
}

#[test]
fn an_old_kernel() {
    finds(
        |root| file(root, "proc/sys/kernel/osrelease", "6.12.9\n"),
        &["kernel"],
        "6.12.9 is too old",
    );
}

#[test]
fn a_kernel_without_rust_or_sriov() {
    let config = format!("boot/config-{RELEASE}");
    finds(
        |root| file(root, &config, "CONFIG_PCI_IOV=y\n"),
        &["kernel-config"],
        "CONFIG_RUST is not set",
    );
    finds(
        |root| file(root, &config, "CONFIG_RUST=y\n"),
        &["kernel-config"],
        "CONFIG_PCI_IOV is not set",
    );
}

#[test]
fn no_iommu() {
    finds(
        |root| remove(root, "sys/class/iommu/dmar0"),
        &["iommu"],
        "\"intel_iommu=on\" on the kernel's command line",
    );
}

#[test]
fn a_port_without_ari() {
    let port = format!("sys/devices/pci0000:00/{}/config", planted::PORT);
    finds(
        |root| file(root, &port, port_config(false, false)),
        &["ari"],
        "cannot forward ARI",
    );
    finds(
        |root| file(root, &port, port_config(true, false)),
        &["ari"],
        "can forward ARI and does not",
    );
}

#[test]
fn no_space_for_the_bars_of_vfs() {
    finds(
        |root| file(root, &pf("resource"), resources(false)),
        &["bar-space"],
        "the VFs' BARs",
    );
    let unset = resources(true).replacen("0x000000000014220c", "0x000000002014220c", 1);
    finds(
        |root| file(root, &pf("resource"), unset),
        &["bar-space"],
        "BAR 0 has got no address",
    );
}

#[test]
fn secure_boot_and_a_module_without_signature() {
    let change = |root: &Path| {
        unloaded(root, Some(b"ELF"));
        secure_boot(root);
    };
    finds(
        change,
        &["module", "secure-boot", "driver"],
        "gim is not loaded",
    );
    let signed = |root: &Path| {
        unloaded(root, Some(b"ELF~Module signature appended~\n"));
        secure_boot(root);
    };
    finds(
        signed,
        &["module", "driver"],
        "gim.ko is there for this kernel",
    );
}

#[test]
fn a_module_for_another_kernel_or_none() {
    let change = |root: &Path| unloaded(root, Some(b"ELF\0vermagic=7.2.1 SMP \0"));
    finds(change, &["module", "driver"], "was built for kernel 7.2.1");
    finds(
        |root| unloaded(root, None),
        &["module", "driver"],
        "not installed for kernel",
    );
}

#[test]
fn headers_that_are_missing_or_have_no_metadata() {
    let without = |name: &'static str| {
        move |root: &Path| {
            unloaded(root, None);
            remove(root, &format!("lib/modules/{RELEASE}/{name}"));
        }
    };
    finds(
        without("build"),
        &["module", "headers", "driver"],
        "not installed",
    );
    finds(
        without("build/rust/libkernel.rmeta"),
        &["module", "headers", "driver"],
        "not installed",
    );
}

#[test]
fn amdgpu_has_the_card_or_may_take_it() {
    let taken = |root: &Path| {
        remove(root, &pf("driver"));
        link(root, &pf("driver"), "../../../../bus/pci/drivers/amdgpu");
    };
    finds(taken, &["driver"], "amdgpu has the card");
    let unguarded = |root: &Path| {
        unloaded(root, Some(b"ELF"));
        remove(root, "etc/modprobe.d/gim.conf");
    };
    finds(
        unguarded,
        &["module", "amdgpu", "driver"],
        "gim is not loaded",
    );
}

#[test]
fn a_card_that_only_gim_may_take() {
    let (findings, _) = examine(|root| {
        remove(root, "etc/modprobe.d/gim.conf");
        file(root, &pf("driver_override"), "gim\n");
    });
    let found = findings.iter().find(|f| f["check"] == "amdgpu").unwrap();
    assert_eq!(found["severity"], "ok");
}

#[test]
fn amdgpu_on_a_vf() {
    let change = |root: &Path| {
        link(
            root,
            &format!("sys/bus/pci/devices/{}/driver", vf_address(2)),
            "../../../../bus/pci/drivers/amdgpu",
        );
    };
    finds(change, &["vf-driver"], "the host's own amdgpu has VF3");
}

#[test]
fn a_card_without_sriov_or_gpu_iov() {
    let change = |root: &Path| {
        let mut bytes = pf_config();
        poke(&mut bytes, 0x100, header(0x01, GPU_IOV_AT));
        file(root, &pf("config"), bytes);
    };
    finds(change, &["sriov"], "no SR-IOV capability");
    let change = |root: &Path| {
        let mut bytes = pf_config();
        poke(&mut bytes, SRIOV_AT, header(0x10, 0));
        file(root, &pf("config"), bytes);
    };
    finds(change, &["gpu-iov"], "no GPU-IOV capability");
}

#[test]
fn more_vfs_than_memory_holds() {
    let change = |root: &Path| {
        let mut bytes = pf_config();
        poke(&mut bytes, GPU_IOV_AT + 0x24, 2048);
        file(root, &pf("config"), bytes);
    };
    finds(
        change,
        &["memory"],
        "2048 MB of framebuffer hold 6 VFs; 16 are asked for",
    );
    let change = |root: &Path| {
        file(root, &pf("sriov_numvfs"), "0\n");
        file(
            root,
            &pf("sriov_admin/vf3/profile/vram_quota"),
            "8589934592\n",
        );
    };
    finds(
        change,
        &["memory"],
        "15392 MB asked for, there is room for 7904 MB",
    );
}

#[test]
fn parameters_that_are_out_of_range_or_unknown() {
    let with =
        |line: &'static str| move |root: &Path| file(root, "etc/modprobe.d/local.conf", line);
    finds(
        with("options gim vf_num=17\n"),
        &["parameters"],
        "vf_num=17: out of range",
    );
    finds(
        with("options gim vfs=3\n"),
        &["parameters"],
        "no such parameter",
    );
    finds(
        with("blacklist gim\n"),
        &["blacklist"],
        "/etc/modprobe.d/local.conf",
    );
}

#[test]
fn a_card_that_is_given_up_and_a_vf_that_is_stopped() {
    finds(
        |root| file(root, &pf("sriov_admin/state"), "wedged\n"),
        &["operation"],
        "could not be reset",
    );
    finds(
        |root| file(root, &pf("sriov_admin/vf4/state"), "stopped\n"),
        &["vf-stopped"],
        "VF4 is kept off",
    );
}

#[test]
fn vfs_that_share_a_group() {
    let change = |root: &Path| {
        file(
            root,
            &format!("sys/kernel/iommu_groups/1/devices/{}", vf_address(0)),
            "",
        )
    };
    finds(change, &["iommu-group"], "VFs 2 are not alone");
}

#[test]
fn no_card() {
    let change = |root: &Path| file(root, &pf("device"), "0x1234\n");
    finds(change, &["card"], "1002:6929");
}

#[test]
fn a_file_of_the_c_driver_is_mentioned() {
    let (findings, status) = examine(|root| file(root, "etc/gim_config", "vf_num=4\nx=1\n"));
    let found = findings
        .iter()
        .find(|f| f["check"] == "gim_config")
        .unwrap();
    assert!(found["seen"]
        .as_str()
        .unwrap()
        .contains("\"vf_num=4\", 1 mistakes"));
    assert_eq!(status, 0);
}

#[test]
fn what_cannot_be_seen_is_no_problem() {
    // As an ordinary user.
    let (findings, status) = examine(|root| file(root, &pf("config"), &pf_config()[..64]));
    let found = findings.iter().find(|f| f["check"] == "sriov").unwrap();
    assert_eq!((found["severity"].as_str(), status), (Some("note"), 0));
}
