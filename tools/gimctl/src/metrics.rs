// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! `gimctl metrics`: the state of all cards as Prometheus reads it (text exposition format 0.0.4). Base units: seconds,
//! bytes, degrees Celsius, watts, volts, hertz.

use crate::{
    abi,
    model::{CardStatus, Status, VfStatus},
};
use serde_json::Value;
use std::fmt::{self, Write};

/// A metric's name, type and meaning, and its samples: labels and value.
struct Family {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    samples: Vec<(String, String)>,
}

/// A label's value with what has a meaning escaped.
fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

fn labels(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
        .collect();
    pairs.join(",")
}

/// Thousandths or millionths as a decimal number, exactly.
fn scaled(raw: i64, digits: usize) -> String {
    let text = format!("{:0width$}", raw.unsigned_abs(), width = digits + 1);
    let (whole, part) = text.split_at(text.len() - digits);
    let sign = if raw < 0 { "-" } else { "" };
    format!("{sign}{whole}.{part}")
}

fn seconds(us: u64) -> String {
    scaled(i64::try_from(us).unwrap_or(i64::MAX), 6)
}

/// A metric of each card.
fn cards(
    status: &Status,
    (name, kind, help): (&'static str, &'static str, &'static str),
    value: impl Fn(&CardStatus) -> Option<String>,
) -> Family {
    let sample = |card: &CardStatus| Some((labels(&[("card", &card.address)]), value(card)?));
    Family {
        name,
        kind,
        help,
        samples: status.cards.iter().filter_map(sample).collect(),
    }
}

/// A metric of each VF that is enabled; each may have samples of further labels.
fn vfs(
    status: &Status,
    (name, kind, help): (&'static str, &'static str, &'static str),
    values: impl Fn(&VfStatus) -> Vec<(Option<(&'static str, String)>, String)>,
) -> Family {
    let mut samples = Vec::new();
    for card in &status.cards {
        for vf in card.vfs.iter().filter(|vf| vf.address.is_some()) {
            let number = vf.number.to_string();
            for (further, value) in values(vf) {
                let mut pairs = vec![("card", card.address.as_str()), ("vf", &number)];
                pairs.extend(further.iter().map(|(name, value)| (*name, value.as_str())));
                samples.push((labels(&pairs), value));
            }
        }
    }
    Family {
        name,
        kind,
        help,
        samples,
    }
}

/// A counter from the statistics of each VF.
fn counter(status: &Status, name: &'static str, help: &'static str, of: &'static str) -> Family {
    vfs(status, (name, "counter", help), |vf| {
        vf.stats
            .get(of)
            .and_then(Value::as_u64)
            .map(|n| (None, n.to_string()))
            .into_iter()
            .collect()
    })
}

/// A sensor of each card, in thousandths or millionths, by the beginning of its name in hwmon.
fn sensor(
    status: &Status,
    name: &'static str,
    help: &'static str,
    (of, digits): (&'static str, usize),
) -> Family {
    cards(status, (name, "gauge", help), |card| {
        let (_, value) = card.sensors.iter().find(|(name, _)| name.starts_with(of))?;
        let raw = value.as_i64()?;
        Some(if digits == 0 {
            raw.to_string()
        } else {
            scaled(raw, digits)
        })
    })
}

fn states(vf: &VfStatus) -> Vec<(Option<(&'static str, String)>, String)> {
    let sample = |name: &str| {
        let value = u8::from(vf.state.as_deref() == Some(name)).to_string();
        (Some(("state", name.to_owned())), value)
    };
    abi::STATES.map(sample).into()
}

/// The families, in the order in which they are shown.
fn families(status: &Status) -> Vec<Family> {
    let one = |value: String| vec![(None, value)];
    vec![
        cards(
            status,
            ("gim_card_up", "gauge", "Whether the card is in operation."),
            |card| Some(u8::from(card.state.as_deref() == Some("up")).to_string()),
        ),
        cards(
            status,
            ("gim_card_vfs", "gauge", "VFs that the card can have."),
            |card| Some(card.total_vfs.to_string()),
        ),
        cards(
            status,
            ("gim_card_vfs_enabled", "gauge", "VFs that are enabled."),
            |card| Some(card.vfs_enabled.to_string()),
        ),
        sensor(
            status,
            "gim_card_temperature_celsius",
            "Temperature of the GPU.",
            ("temp", 3),
        ),
        sensor(
            status,
            "gim_card_power_watts",
            "Power that the card draws.",
            ("power", 6),
        ),
        sensor(
            status,
            "gim_card_voltage_volts",
            "Voltage of the core.",
            ("in", 3),
        ),
        sensor(
            status,
            "gim_card_clock_hertz",
            "Clock of the graphics engine.",
            ("freq", 0),
        ),
        cards(
            status,
            (
                "gim_card_gpu_busy_ratio",
                "gauge",
                "How busy the graphics engine was of late.",
            ),
            |card| Some(scaled(card.hardware.get("gpu_busy_percent")?.as_i64()?, 2)),
        ),
        cards(
            status,
            (
                "gim_card_gpu_resets_total",
                "counter",
                "Resets of the whole GPU.",
            ),
            |card| Some(card.stats.get("gpu_resets")?.to_string()),
        ),
        cards(
            status,
            (
                "gim_card_lost_events_total",
                "counter",
                "Events that were dropped because too many waited.",
            ),
            |card| Some(card.stats.get("lost_events")?.to_string()),
        ),
        vfs(
            status,
            (
                "gim_vf_state",
                "gauge",
                "1 for the state that the VF is in.",
            ),
            states,
        ),
        vfs(
            status,
            (
                "gim_vf_gpu_seconds_total",
                "counter",
                "GPU time in the VF's turns.",
            ),
            |vf| one(seconds(vf.stat("gpu_time_us"))),
        ),
        vfs(
            status,
            (
                "gim_vf_exclusive_seconds_total",
                "counter",
                "GPU time outside of turns.",
            ),
            |vf| one(seconds(vf.stat("exclusive_time_us"))),
        ),
        counter(
            status,
            "gim_vf_runs_total",
            "Times the VF was given the GPU.",
            "runs",
        ),
        counter(
            status,
            "gim_vf_exclusive_accesses_total",
            "Exclusive accesses granted.",
            "exclusive_accesses",
        ),
        counter(
            status,
            "gim_vf_messages_total",
            "Messages received from the VF.",
            "messages",
        ),
        counter(
            status,
            "gim_vf_refused_requests_total",
            "Requests that were refused.",
            "refused_requests",
        ),
        vfs(
            status,
            (
                "gim_vf_resets_total",
                "counter",
                "Resets of the VF, by reason.",
            ),
            |vf| {
                let sample = |(reason, n): (&String, &u64)| {
                    (Some(("reason", reason.clone())), n.to_string())
                };
                vf.resets.iter().map(sample).collect()
            },
        ),
        vfs(
            status,
            ("gim_vf_vram_bytes", "gauge", "The VF's framebuffer."),
            |vf| one(vf.vram().to_string()),
        ),
        vfs(
            status,
            (
                "gim_vf_weight",
                "gauge",
                "The VF's weight under the policy fair.",
            ),
            |vf| {
                vf.profile
                    .get("weight")
                    .map(|n| (None, n.to_string()))
                    .into_iter()
                    .collect()
            },
        ),
    ]
}

/// The whole text.
///
/// # Errors
///
/// None: writing to a string does not fail.
pub fn text(status: &Status) -> Result<String, fmt::Error> {
    let mut out = String::new();
    for family in families(status)
        .iter()
        .filter(|family| !family.samples.is_empty())
    {
        writeln!(
            out,
            "# HELP {} {}\n# TYPE {0} {}",
            family.name, family.help, family.kind
        )?;
        for (labels, value) in &family.samples {
            writeln!(out, "{}{{{labels}}} {value}", family.name)?;
        }
    }
    writeln!(
        out,
        "# HELP gim_module_loaded Whether the module is loaded.\n# TYPE gim_module_loaded gauge"
    )?;
    writeln!(out, "gim_module_loaded {}", u8::from(status.module.loaded))?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{planted, system::Root};
    use std::collections::HashSet;

    fn planted_text() -> String {
        let (folder, card) = planted::card(2);
        text(&Status::read(&Root::new(folder.path()), &[card])).unwrap()
    }

    #[test]
    fn values_are_in_base_units() {
        let text = planted_text();
        for line in [
            "gim_card_up{card=\"0000:01:00.0\"} 1",
            "gim_card_temperature_celsius{card=\"0000:01:00.0\"} 45.250",
            "gim_card_power_watts{card=\"0000:01:00.0\"} 31.500000",
            "gim_card_clock_hertz{card=\"0000:01:00.0\"} 920000000",
            "gim_card_gpu_busy_ratio{card=\"0000:01:00.0\"} 0.87",
            "gim_card_gpu_resets_total{card=\"0000:01:00.0\"} 0",
            "gim_vf_gpu_seconds_total{card=\"0000:01:00.0\",vf=\"2\"} 2.000000",
            "gim_vf_resets_total{card=\"0000:01:00.0\",vf=\"1\",reason=\"guest\"} 1",
            "gim_vf_state{card=\"0000:01:00.0\",vf=\"1\",state=\"running\"} 1",
            "gim_vf_state{card=\"0000:01:00.0\",vf=\"1\",state=\"stopped\"} 0",
            "gim_module_loaded 1",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}\n{text}");
        }
    }

    #[test]
    fn each_series_comes_once_after_its_type() {
        let text = planted_text();
        let mut typed = HashSet::new();
        let mut seen = HashSet::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                assert!(typed.insert(name), "{name} twice");
                assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
            } else if !line.starts_with('#') {
                let (series, value) = line.rsplit_once(' ').unwrap();
                assert!(seen.insert(series), "{series} twice");
                assert!(typed.contains(series.split('{').next().unwrap()));
                assert!(value.parse::<f64>().is_ok(), "{line}");
            }
        }
    }

    #[test]
    fn numbers_below_zero_and_labels_with_quotes() {
        assert_eq!(scaled(-250, 3), "-0.250");
        assert_eq!(scaled(7, 6), "0.000007");
        assert_eq!(labels(&[("a", "x\"\\\n")]), "a=\"x\\\"\\\\\\n\"");
    }
}
