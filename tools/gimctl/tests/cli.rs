// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The commands on a planted card: what they print, what they write, how they fail.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "planted/mod.rs"]
mod planted;

use assert_cmd::{assert::Assert, Command};
use planted::{file, ADDRESS};
use serde_json::Value;
use std::{fs, path::PathBuf};
use tempfile::TempDir;

struct Host(TempDir);

impl Host {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        planted::tree(folder.path(), 4);
        Host(folder)
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::cargo_bin("gimctl").unwrap();
        command
            .env("GIMCTL_ROOT", self.0.path())
            .args(line.split_whitespace());
        command
    }

    fn run(&self, line: &str) -> Assert {
        self.command(line).assert()
    }

    fn out(&self, line: &str) -> String {
        String::from_utf8(self.run(line).success().get_output().stdout.clone()).unwrap()
    }

    fn err(&self, line: &str) -> String {
        String::from_utf8(self.run(line).failure().get_output().stderr.clone()).unwrap()
    }

    fn admin(&self, name: &str) -> PathBuf {
        self.0
            .path()
            .join(format!("sys/bus/pci/devices/{ADDRESS}/sriov_admin"))
            .join(name)
    }

    fn get(&self, name: &str) -> String {
        fs::read_to_string(self.admin(name))
            .unwrap()
            .trim_end()
            .to_owned()
    }
}

#[test]
fn a_list_of_cards() {
    let out = Host::new().out("list");
    let last: Vec<_> = out.lines().last().unwrap().split_whitespace().collect();
    assert_eq!(
        last,
        [ADDRESS, "1002:6929", "up", "4/4", "4", "solid", "1920M"]
    );
}

#[test]
fn status_of_all_and_of_one() {
    let host = Host::new();
    let out = host.out("status");
    for part in [
        "4 of 4 VFs enabled",
        "temp1_input=45.25C",
        "guard_flr_limit=3",
        "vbios_version=15.49.0.9",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
    let row = out
        .lines()
        .last()
        .unwrap()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    assert_eq!(
        row,
        "4 0000:01:02.3 running - 480M 100 0 normal 4.2 s 38.6% 1000 1"
    );
    let out = host.out("status --vf 2");
    assert!(
        out.starts_with("VF2 of 0000:01:00.0") && out.contains("last_init_start_ms"),
        "{out}"
    );
    assert!(!out.contains("VF3"));
}

#[test]
fn status_for_programs() {
    let host = Host::new();
    let status: Value = serde_json::from_str(&host.out("status --json")).unwrap();
    let card = &status["cards"][0];
    assert_eq!(card["settings"]["fb_clear"], true);
    assert_eq!(
        card["settings"]["guard_exclusive_timeout_window_ms"],
        500_000
    );
    assert_eq!(
        card["hardware"]["serial_number"],
        "00000000000000000123456789012345"
    );
    assert_eq!(card["vfs"][1]["profile"]["sched_priority"], "normal");
    assert_eq!(card["vfs"][1]["resets"]["guest"], 1);
    assert_eq!(card["vfs"].as_array().unwrap().len(), 4);
    // Without a card it says so.
    fs::remove_dir_all(host.0.path().join("sys/bus/pci/drivers/gim")).unwrap();
    let status: Value = serde_json::from_str(&host.out("status --json")).unwrap();
    assert_eq!(
        (&status["module"]["loaded"], &status["cards"]),
        (&false.into(), &Value::Array(vec![]))
    );
    assert!(host.err("status").contains("gimctl doctor"));
}

#[test]
fn the_vbios() {
    let out = Host::new().out("bios");
    assert!(
        out.contains("113-C83401-004") && out.contains("2016-02-01 10:30"),
        "{out}"
    );
}

#[test]
fn settings_of_a_card_and_of_vfs() {
    let host = Host::new();
    host.run(
        "set --policy fair --fb-clear off --guard flr=7/1000 --vf 2-3 --weight 250 --priority high",
    )
    .success();
    assert_eq!(host.get("policy"), "fair");
    assert_eq!(host.get("fb_clear"), "0");
    assert_eq!(
        (host.get("guard_flr_limit"), host.get("guard_flr_window_ms")),
        ("7".into(), "1000".into())
    );
    let weights: Vec<_> = (1..=4)
        .map(|vf| host.get(&format!("vf{vf}/profile/weight")))
        .collect();
    assert_eq!(weights, ["100", "250", "250", "100"]);
    assert_eq!(host.get("vf2/profile/sched_priority"), "high");
    host.run("set --all --quantum 9 --vram 256M").success();
    assert_eq!(host.get("vf4/profile/exec_quantum_ms"), "9");
    assert_eq!(host.get("vf1/profile/vram_quota"), (256 << 20).to_string());
}

#[test]
fn nothing_is_set_when_something_is_refused() {
    let host = Host::new();
    assert!(host.err("set --vf 5 --weight 5").contains("has VFs 1 to 4"));
    fs::remove_file(host.admin("vf3/profile/weight")).unwrap();
    let error = host.err("set --policy fair --all --weight 7");
    assert!(
        error.contains("nothing was changed") && error.contains("vf3/profile/weight"),
        "{error}"
    );
    assert_eq!(host.get("policy"), "solid");
    assert_eq!(host.get("vf1/profile/weight"), "100");
    let out = host.out("set --dry-run --policy fair");
    assert!(out.starts_with("echo fair > ") && host.get("policy") == "solid");
}

#[test]
fn what_makes_guests_start_anew() {
    let host = Host::new();
    for (line, name, value) in [
        ("reset --vf 2", "vf2/reset", "1"),
        ("reset --gpu", "reset", "1"),
        ("stop --vf 3", "vf3/stop", "1"),
        ("start --all", "vf3/stop", "0"),
        ("clear --vf 4 --pattern 255", "vf4/clear", "255"),
        ("clear --all", "vf1/clear", "0"),
    ] {
        host.run(line).success();
        assert_eq!(host.get(name), value, "{line}");
    }
}

#[test]
fn several_cards_are_not_mixed_up() {
    let host = Host::new();
    let other = "0000:81:00.0";
    planted::link(
        host.0.path(),
        &format!("sys/bus/pci/drivers/gim/{other}"),
        &format!("../../devices/{other}"),
    );
    file(
        host.0.path(),
        &format!("sys/bus/pci/devices/{other}/sriov_admin/policy"),
        "[liquid]\n",
    );
    assert!(host
        .err("set --policy fair")
        .contains("say which with --card"));
    host.run("--card 81:00.0 set --policy fair").success();
    assert_eq!(host.get("policy"), "[solid] predictable liquid fair");
    assert!(host
        .err("list --card 0000:02:00.0")
        .contains("there is 0000:01:00.0, 0000:81:00.0"));
}

#[test]
fn settings_are_saved_and_applied() {
    let host = Host::new();
    host.run("set --policy liquid --vf 2 --weight 7").success();
    host.run("save").success();
    host.run("set --policy fair --all --weight 50").success();
    // The stronger file comes later.
    file(
        host.0.path(),
        "etc/gim/zz.toml",
        "[card.\"*\".vf.3]\nweight = 9\n",
    );
    let asked = host.out("apply --dry-run").lines().count();
    let outcome = format!("{asked} settings: 5 changed, 0 refused\n");
    assert_eq!(host.out("apply"), outcome);
    let weights: Vec<_> = (1..=4)
        .map(|vf| host.get(&format!("vf{vf}/profile/weight")))
        .collect();
    assert_eq!(weights, ["100", "7", "9", "100"]);
    assert_eq!(host.get("policy"), "liquid");
    assert!(host.out("apply").ends_with(" 0 changed, 0 refused\n"));
}

#[test]
fn settings_that_cannot_be_applied() {
    let host = Host::new();
    assert_eq!(host.out("apply"), "nothing to apply\n");
    file(
        host.0.path(),
        "etc/gim/a.toml",
        "[card.\"*\"]\npolicy = \"fair\"\n",
    );
    file(
        host.0.path(),
        "etc/gim/b.toml",
        "[card.\"*\"]\npolicy = \"best\"\n",
    );
    let error = host.err("apply");
    assert!(
        error.contains("b.toml was not applied") && error.contains("one of solid"),
        "{error}"
    );
    assert_eq!(host.get("policy"), "[solid] predictable liquid fair");
    // What the kernel refuses is left, the rest is done.
    fs::remove_file(host.0.path().join("etc/gim/b.toml")).unwrap();
    file(
        host.0.path(),
        "etc/gim/c.toml",
        "[card.\"*\".vf.1]\nweight = 5\n[card.\"0000:09:00.0\"]\nfb_clear = true\n",
    );
    fs::remove_file(host.admin("vf1/profile/weight")).unwrap();
    let error = host.err("apply");
    assert!(
        error.contains("settings for 0000:09:00.0") && error.contains("vf1/profile/weight"),
        "{error}"
    );
    assert_eq!(host.get("policy"), "fair");
}

#[test]
fn the_configuration_of_the_c_driver() {
    let host = Host::new();
    let text = "vf_num=4 sched_option=2\nfoo=1\nfb_clear=1\n";
    file(host.0.path(), "etc/gim_config", text);
    let assert = host.run("import --form parameters").failure().code(1);
    let output = assert.get_output();
    assert_eq!(output.stdout, b"sched_option=2 vf_num=4 fb_clear=1\n");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        error.starts_with("/etc/gim_config:2: unknown key \"foo\""),
        "{error}"
    );
    assert_eq!(
        fs::read_to_string(host.0.path().join("etc/gim_config")).unwrap(),
        text
    );
    let out = host
        .run("import --form settings")
        .get_output()
        .stdout
        .clone();
    file(host.0.path(), "etc/gim/imported.toml", out);
    host.run("apply").success();
    assert_eq!(host.get("policy"), "liquid");
}

#[test]
fn metrics_go_to_a_file_or_out() {
    let host = Host::new();
    let path = host.0.path().join("gim.prom");
    host.run(&format!("metrics --output {}", path.display()))
        .success();
    assert_eq!(fs::read_to_string(path).unwrap(), host.out("metrics"));
    assert!(host
        .err("metrics --output /nowhere/gim.prom")
        .contains("/nowhere/gim.prom"));
}

#[test]
fn one_look_at_the_top() {
    let out = Host::new().out("top --once --delay 0.05");
    assert!(
        out.contains(" VF  STATE") && out.contains("policy solid"),
        "{out}"
    );
    assert_eq!(
        out.lines().filter(|line| line.contains("running")).count(),
        4
    );
}

#[test]
fn completions_and_man_pages() {
    let host = Host::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = host.out(&format!("completion {shell}"));
        assert!(script.contains("exec-quantum-ms"), "{shell}");
        assert!(!script.contains("--root"), "{shell}");
    }
    let read = |name: &str| fs::read_to_string(host.0.path().join(name)).unwrap();
    host.run(&format!("man {}", host.0.path().display()))
        .success();
    let page = read("gimctl-set.1");
    assert!(page.contains("preempt"), "{page}");
    let version = env!("CARGO_PKG_VERSION");
    for (file, name) in [("gimctl.1", "gimctl"), ("gimctl-set.1", "gimctl-set")] {
        let title = format!(".TH {name} 1 \"\" \"gimctl {version}\" \"gim\"");
        assert!(read(file).lines().any(|line| line == title), "{title}");
    }
    let hidden = host.0.path().join("gimctl-man.1");
    assert!(!hidden.exists());
}

#[test]
fn a_report_has_all_and_no_secrets() {
    let host = Host::new();
    let root = host.0.path();
    file(root, "proc/cmdline", "rd.luks.key=hunter2 intel_iommu=on\n");
    file(
        root,
        "sys/kernel/debug/gim/0000:01:00.0/engine",
        "phase: Up\n",
    );
    file(
        root,
        "sys/class/devcoredump/devcd1/data",
        "gim: IDLE failed\n",
    );
    planted::link(
        root,
        "sys/class/devcoredump/devcd1/failing_device",
        &format!("../../../{ADDRESS}"),
    );
    file(
        root,
        "sys/class/devcoredump/devcd2/data",
        "of somebody else\n",
    );
    file(
        root,
        "dev/kmsg",
        "6,1,1000000,-;gim: hello\n6,2,1000000,-;audit: hunter2\n",
    );
    let path = root.join("out.tar.gz");
    host.run(&format!("report --output {}", path.display()))
        .success();
    let data = fs::File::open(&path).unwrap();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(data));
    let mut names = Vec::new();
    let mut all = String::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        names.push(entry.path().unwrap().display().to_string());
        std::io::Read::read_to_string(&mut entry, &mut all).unwrap();
    }
    for name in [
        "status.json",
        "doctor.json",
        "dmesg",
        "lspci",
        "sys/kernel/debug/gim/0000:01:00.0/engine",
        "sys/bus/pci/devices/0000:01:00.0/sriov_admin/vf4/stats/runs",
        "sys/bus/pci/devices/0000:01:02.3/vendor",
        "sys/module/gim/parameters/vf_num",
        "sys/class/devcoredump/devcd1/data",
    ] {
        assert!(
            names.contains(&format!("gim-report/{name}")),
            "{name}: {names:#?}"
        );
    }
    assert!(
        all.contains("intel_iommu=on") && all.contains("gim: hello") && all.contains("IDLE failed")
    );
    for secret in ["hunter2", "0123456789012345", "of somebody else"] {
        assert!(!all.contains(secret), "{secret}");
    }
    // What is there is not overwritten.
    assert!(host
        .err(&format!("report --output {}", path.display()))
        .contains("--output names another"));
}
