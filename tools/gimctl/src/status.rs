// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! `gimctl list` and `gimctl status` as text.

use crate::{
    abi,
    model::{shown, CardStatus, Status, Values, VfStatus},
    table, units,
};
use serde_json::Value;

/// One line a card.
pub fn list(status: &Status) -> Vec<String> {
    let mut rows = vec![[
        "CARD",
        "ID",
        "STATE",
        "VFS",
        "STARTED",
        "POLICY",
        "VRAM OF VFS",
    ]
    .map(String::from)];
    rows.extend(status.cards.iter().map(|card| {
        let started = card.vfs.iter().filter(|vf| is_started(vf)).count();
        let vram = card
            .vfs
            .iter()
            .map(VfStatus::vram)
            .fold(0, u64::saturating_add);
        [
            card.address.clone(),
            card.id.clone(),
            card.state.clone().unwrap_or_else(|| "plain".into()),
            format!("{}/{}", card.vfs_enabled, card.total_vfs),
            started.to_string(),
            shown(card.settings.get("policy")),
            units::show_bytes(vram),
        ]
    }));
    table::lines(&rows, &[3, 4, 6])
}

/// Whether a guest's driver has it.
fn is_started(vf: &VfStatus) -> bool {
    vf.state
        .as_deref()
        .is_some_and(|state| !abi::IDLE_STATES.contains(&state))
}

/// A card and its VFs.
pub fn card(card: &CardStatus) -> Vec<String> {
    let mut out = vec![format!(
        "card {} ({}): {}, {} of {} VFs enabled",
        card.address,
        card.id,
        card.state.as_deref().unwrap_or("plain SR-IOV"),
        card.vfs_enabled,
        card.total_vfs
    )];
    out.extend(pairs("settings", &card.settings, |name, value| {
        format!("{name}={}", shown(Some(value)))
    }));
    out.extend(pairs("hardware", &card.hardware, |name, value| {
        format!("{name}={}", shown(Some(value)))
    }));
    out.extend(pairs("stats", &card.stats, |name, value| {
        format!("{name}={}", shown(Some(value)))
    }));
    out.extend(pairs("sensors", &card.sensors, sensor));
    out.extend(pairs("link", &card.link, |name, value| {
        format!("{name}={}", shown(Some(value)))
    }));
    out.push(String::new());
    let head = [
        "VF", "ADDRESS", "STATE", "DRIVER", "VRAM", "WEIGHT", "QUANTUM", "PRIORITY", "GPU TIME",
        "SHARE", "RUNS", "RESETS",
    ];
    let total = card.total_gpu_us();
    let mut rows = vec![head.map(String::from)];
    let enabled = card.vfs.iter().filter(|vf| vf.address.is_some());
    rows.extend(enabled.map(|vf| row(vf, total)));
    out.extend(table::lines(&rows, &[0, 4, 5, 6, 8, 9, 10, 11]));
    out
}

fn row(vf: &VfStatus, total_us: u64) -> [String; 12] {
    let dash = || "-".to_owned();
    [
        vf.number.to_string(),
        vf.address.clone().unwrap_or_else(dash),
        vf.state.clone().unwrap_or_else(dash),
        vf.driver.clone().unwrap_or_else(dash),
        units::show_bytes(vf.vram()),
        vf.setting("weight"),
        vf.setting("exec_quantum_ms"),
        vf.setting("sched_priority"),
        units::show_us(vf.gpu_us()),
        percent(vf.gpu_us(), total_us),
        vf.stat("runs").to_string(),
        vf.reset_count().to_string(),
    ]
}

/// What is in the card's ROM and fuses, as the GRU console's `bios` had it.
pub fn bios(card: &CardStatus) -> Vec<String> {
    let names = [
        "serial_number",
        "vbios_version",
        "vbios_part_number",
        "vbios_date",
    ];
    let line = |name: &str| format!("  {name:24}{}", shown(card.hardware.get(name)));
    let mut out = vec![format!("card {} ({})", card.address, card.id)];
    out.extend(names.map(line));
    out
}

/// A VF with all that is known of it.
pub fn vf(card: &CardStatus, vf: &VfStatus) -> Vec<String> {
    let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
    let mut out = vec![
        format!("VF{} of {}", vf.number, card.address),
        format!("  {:24}{}", "address", word(&vf.address)),
        format!("  {:24}{}", "state", word(&vf.state)),
        format!("  {:24}{}", "host's driver", word(&vf.driver)),
    ];
    for (name, value) in vf.profile.iter().chain(&vf.stats) {
        out.push(format!("  {name:24}{}", shown(Some(value))));
    }
    for (reason, times) in &vf.resets {
        out.push(format!("  {:24}{times}", format!("resets_{reason}")));
    }
    out
}

/// A share in percent.
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".into();
    }
    format!("{:.1}%", 100.0 * part as f64 / whole as f64)
}

/// Name and value pairs, as lines that do not get too long.
fn pairs(title: &str, values: &Values, show: impl Fn(&str, &Value) -> String) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (name, value) in values {
        let pair = show(name, value);
        match lines.last_mut() {
            Some(line) if line.len() + pair.len() < 100 => {
                line.push(' ');
                line.push_str(&pair);
            }
            _ => lines.push(format!(
                "  {:10}{pair}",
                if lines.is_empty() { title } else { "" }
            )),
        }
    }
    lines
}

/// A value of hwmon with its unit.
fn sensor(name: &str, value: &Value) -> String {
    let Some(raw) = value.as_f64() else {
        return format!("{name}={}", shown(Some(value)));
    };
    let (scaled, unit) = match name {
        _ if name.starts_with("temp") => (raw / 1000.0, "C"),
        _ if name.starts_with("power") => (raw / 1e6, "W"),
        _ if name.starts_with("in") => (raw / 1000.0, "V"),
        _ if name.starts_with("freq") => (raw / 1e6, "MHz"),
        _ => (raw, ""),
    };
    format!("{name}={scaled:.2}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sensors_have_the_units_of_hwmon() {
        assert_eq!(
            sensor("temp1_input", &(-12_250).into()),
            "temp1_input=-12.25C"
        );
        assert_eq!(
            sensor("power1_average", &45_500_000.into()),
            "power1_average=45.50W"
        );
        assert_eq!(sensor("in0_input", &1056.into()), "in0_input=1.06V");
        assert_eq!(
            sensor("freq1_input", &1_000_000_000.into()),
            "freq1_input=1000.00MHz"
        );
    }

    #[test]
    fn a_share_of_nothing_is_none() {
        assert_eq!(percent(0, 0), "-");
        assert_eq!(percent(1, 8), "12.5%");
    }
}
