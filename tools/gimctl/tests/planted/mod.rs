// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! A card's tree in a temporary folder, as the driver makes it: for unit tests and for the tests here.
#![allow(dead_code)]

use std::{fs, os::unix::fs::symlink, path::Path};

/// The PF of the planted card.
pub const ADDRESS: &str = "0000:01:00.0";

/// Writes a file, with the folders that it is in.
pub fn file(root: &Path, name: &str, text: impl AsRef<[u8]>) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("folders can be made");
    fs::write(path, text).expect("files can be written");
}

/// Makes a link.
pub fn link(root: &Path, name: &str, target: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().expect("a link is in a folder")).expect("folders can be made");
    symlink(target, path).expect("links can be made");
}

/// The port that the card is in.
pub const PORT: &str = "0000:00:03.0";

/// Gives a device its folder, where sysfs has it.
fn place(root: &Path, address: &str) {
    let folder = format!("devices/pci0000:00/{PORT}/{address}");
    fs::create_dir_all(root.join("sys").join(&folder)).expect("folders can be made");
    link(
        root,
        &format!("sys/bus/pci/devices/{address}"),
        &format!("../../../{folder}"),
    );
}

/// The address of a VF.
pub fn vf_address(vf: usize) -> String {
    format!("0000:01:{:02x}.{}", 2 + vf / 8, vf % 8)
}

/// Plants a card whose `vfs` VFs are all enabled, with gim bound to it.
pub fn tree(root: &Path, vfs: usize) {
    place(root, ADDRESS);
    let pf = format!("sys/bus/pci/devices/{ADDRESS}");
    for (name, text) in [
        ("vendor", "0x1002"),
        ("device", "0x6929"),
        ("class", "0x030000"),
        ("current_link_speed", "8.0 GT/s PCIe"),
        ("current_link_width", "16"),
        ("max_link_speed", "8.0 GT/s PCIe"),
        ("max_link_width", "16"),
        ("hwmon/hwmon3/temp1_input", "45250"),
        ("hwmon/hwmon3/power1_average", "31500000"),
        ("hwmon/hwmon3/in0_input", "1056"),
        ("hwmon/hwmon3/freq1_input", "920000000"),
        ("sriov_admin/policy", "[solid] predictable liquid fair"),
        ("sriov_admin/default_quantum_us", "6000"),
        ("sriov_admin/fb_clear", "1"),
        ("sriov_admin/exclusive_timeout_ms", "5000"),
        ("sriov_admin/lone_check_ms", "500"),
        ("sriov_admin/state", "up"),
        ("sriov_admin/reset", ""),
        ("sriov_admin/pf/vram_total", "8587837440"),
        ("sriov_admin/pf/profile/vram_quota", "268435456"),
        ("sriov_admin/pf/gpu_busy_percent", "87"),
        ("sriov_admin/pf/dpm_level", "4"),
        (
            "sriov_admin/pf/serial_number",
            "00000000000000000123456789012345",
        ),
        ("sriov_admin/pf/vbios_version", "15.49.0.9"),
        ("sriov_admin/pf/vbios_part_number", "113-C83401-004"),
        ("sriov_admin/pf/vbios_date", "2016-02-01 10:30"),
        ("sriov_admin/pf/stats/gpu_resets", "0"),
        ("sriov_admin/pf/stats/lost_events", "0"),
    ] {
        file(root, &format!("{pf}/{name}"), format!("{text}\n"));
    }
    for (kind, limit, window) in [
        ("flr", 3, 60),
        ("exclusive", 9, 60),
        ("exclusive_timeout", 2, 500),
        ("interrupt", 56, 60),
        ("message", 0, 60),
    ] {
        file(
            root,
            &format!("{pf}/sriov_admin/guard_{kind}_limit"),
            format!("{limit}\n"),
        );
        file(
            root,
            &format!("{pf}/sriov_admin/guard_{kind}_window_ms"),
            format!("{window}000\n"),
        );
    }
    file(root, &format!("{pf}/sriov_totalvfs"), format!("{vfs}\n"));
    file(root, &format!("{pf}/sriov_numvfs"), format!("{vfs}\n"));
    link(
        root,
        &format!("{pf}/driver"),
        "../../../../bus/pci/drivers/gim",
    );
    link(
        root,
        &format!("sys/bus/pci/drivers/gim/{ADDRESS}"),
        &format!("../../devices/{ADDRESS}"),
    );
    for vf in 0..vfs {
        plant_vf(root, &pf, vf);
    }
    for name in [
        "fb_option",
        "sched_option",
        "vf_num",
        "pf_fb",
        "vf_fb",
        "sched_interval",
        "sched_interval_us",
    ] {
        file(root, &format!("sys/module/gim/parameters/{name}"), "0\n");
    }
    file(root, "sys/module/gim/parameters/fb_clear", "1\n");
    file(root, "proc/sys/kernel/osrelease", "7.3.4+deb13-amd64\n");
}

fn plant_vf(root: &Path, pf: &str, vf: usize) {
    let admin = format!("{pf}/sriov_admin/vf{}", vf + 1);
    for (name, text) in [
        ("state", "running"),
        ("stop", ""),
        ("reset", ""),
        ("clear", ""),
        ("profile/exec_quantum_ms", "0"),
        ("profile/preempt_timeout_us", "0"),
        ("profile/sched_priority", "low [normal] high"),
        ("profile/weight", "100"),
        ("profile/vram_quota", "503316480"),
        ("stats/gpu_time_us", &((vf + 1) * 1_000_000).to_string()),
        ("stats/exclusive_time_us", "250000"),
        ("stats/runs", "1000"),
        ("stats/exclusive_accesses", "1"),
        ("stats/messages", "4"),
        ("stats/refused_requests", "0"),
        ("stats/last_init_start_ms", "1764000000000"),
        ("stats/last_reset_ms", "0"),
        ("stats/resets_guest", "1"),
        ("stats/resets_idle", "0"),
    ] {
        file(root, &format!("{admin}/{name}"), format!("{text}\n"));
    }
    let address = vf_address(vf);
    place(root, &address);
    link(root, &format!("{pf}/virtfn{vf}"), &format!("../{address}"));
    file(
        root,
        &format!("sys/bus/pci/devices/{address}/vendor"),
        "0x1002\n",
    );
    file(
        root,
        &format!("sys/bus/pci/devices/{address}/device"),
        "0x692f\n",
    );
    link(
        root,
        &format!("sys/bus/pci/devices/{address}/physfn"),
        &format!("../{ADDRESS}"),
    );
}
