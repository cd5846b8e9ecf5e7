// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What can be set, as `Documentation/ABI/testing/sysfs-driver-gim` has it: names, ranges, meaning. One table for `set`,
//! `save`, `apply`, `import` and `status`; nothing here opens a file.

use crate::units;
use gim_core::{
    fb, options,
    policy::{WEIGHT_MAX, WEIGHT_MIN},
};

/// What an attribute takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number within a range.
    Number(u64, u64),
    /// 1 or 0.
    Truth,
    /// One of these words; reading shows all, the one in force in brackets.
    Choice(&'static [&'static str]),
    /// A number of bytes.
    Bytes,
}

/// A thing that can be set.
#[derive(Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name: that of its file, and in settings.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
}

const fn new(name: &'static str, kind: Kind) -> Attribute {
    Attribute { name, kind }
}

const TIMES: Kind = Kind::Number(0, u16::MAX as u64);
const WINDOW_MS: Kind = Kind::Number(1, 3_600_000);

/// The policies, in the order of the parameter `sched_option`.
pub const POLICIES: [&str; 4] = ["solid", "predictable", "liquid", "fair"];
/// The priorities.
pub const PRIORITIES: [&str; 3] = ["low", "normal", "high"];
/// What the guard counts; each has a limit and a window.
pub const BUDGETS: [&str; 5] = [
    "flr",
    "exclusive",
    "exclusive_timeout",
    "interrupt",
    "message",
];

/// What `vf<N>/state` shows.
pub const STATES: [&str; 8] = [
    "disabled",
    "available",
    "starting",
    "exclusive",
    "running",
    "leaving",
    "resetting",
    "stopped",
];
/// Those of them in which no guest's driver has the VF.
pub const IDLE_STATES: [&str; 3] = ["disabled", "available", "stopped"];

/// Of a card, in `sriov_admin/`.
pub const CARD: [Attribute; 15] = [
    new("policy", Kind::Choice(&POLICIES)),
    new("default_quantum_us", Kind::Number(0, 2_000_999)),
    new("fb_clear", Kind::Truth),
    new("exclusive_timeout_ms", Kind::Number(1, 600_000)),
    new("lone_check_ms", Kind::Number(1, 60_000)),
    new("guard_flr_limit", TIMES),
    new("guard_flr_window_ms", WINDOW_MS),
    new("guard_exclusive_limit", TIMES),
    new("guard_exclusive_window_ms", WINDOW_MS),
    new("guard_exclusive_timeout_limit", TIMES),
    new("guard_exclusive_timeout_window_ms", WINDOW_MS),
    new("guard_interrupt_limit", TIMES),
    new("guard_interrupt_window_ms", WINDOW_MS),
    new("guard_message_limit", TIMES),
    new("guard_message_window_ms", WINDOW_MS),
];

/// Of a VF, in `sriov_admin/vf<N>/profile/`; those of all VFs at once in `sriov_admin/.bulk_profile/`.
pub const VF: [Attribute; 5] = [
    new(
        "exec_quantum_ms",
        Kind::Number(0, options::SCHED_INTERVAL.max as u64),
    ),
    new("preempt_timeout_us", Kind::Number(0, 2_000_000)),
    new("sched_priority", Kind::Choice(&PRIORITIES)),
    new("weight", Kind::Number(WEIGHT_MIN as u64, WEIGHT_MAX as u64)),
    new("vram_quota", Kind::Bytes),
];

/// Finds an attribute by name.
pub fn find(among: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    among.iter().find(|attribute| attribute.name == name)
}

impl Attribute {
    /// Checks a value that a person wrote and gives it as the kernel takes it.
    ///
    /// # Errors
    ///
    /// What was seen and what to write instead.
    pub fn parse(&self, text: &str) -> Result<String, String> {
        let wrong = |wanted: &str| Err(format!("{} = \"{text}\": write {wanted}", self.name));
        match self.kind {
            Kind::Number(min, max) => match text.parse::<u64>() {
                Ok(n) if (min..=max).contains(&n) => Ok(n.to_string()),
                _ => wrong(&format!("a number from {min} to {max}")),
            },
            Kind::Truth => match text {
                "1" | "on" | "true" | "yes" => Ok("1".into()),
                "0" | "off" | "false" | "no" => Ok("0".into()),
                _ => wrong("1 or 0"),
            },
            Kind::Choice(words) if words.contains(&text) => Ok(text.into()),
            Kind::Choice(words) => wrong(&format!("one of {}", words.join(", "))),
            Kind::Bytes => units::bytes(text)
                .map(|n| n.to_string())
                .map_err(|e| format!("{}: {e}", self.name)),
        }
    }

    /// The value in what the kernel shows: of `low [normal] high` that in brackets.
    pub fn value<'t>(&self, shown: &'t str) -> &'t str {
        match self.kind {
            Kind::Choice(_) => shown
                .split_whitespace()
                .find_map(|word| word.strip_prefix('[')?.strip_suffix(']'))
                .unwrap_or(shown),
            _ => shown,
        }
    }

    /// Whether the kernel would show the same for both values.
    pub fn is_same(&self, a: &str, b: &str) -> bool {
        // Framebuffers are rounded down.
        const UNIT: u64 = (fb::UNIT_MB as u64) << 20;
        match (self.kind, a.parse::<u64>(), b.parse::<u64>()) {
            (Kind::Bytes, Ok(a), Ok(b)) => a / UNIT == b / UNIT,
            _ => a == b,
        }
    }

    /// The value in what the kernel shows, as a value of JSON.
    pub fn json(&self, shown: &str) -> serde_json::Value {
        let value = self.value(shown);
        match self.kind {
            Kind::Truth => (value == "1").into(),
            Kind::Choice(_) => value.into(),
            _ => value.parse::<u64>().map_or(value.into(), Into::into),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gim_core::guard;

    fn vf(name: &str) -> &'static Attribute {
        find(&VF, name).unwrap()
    }

    #[test]
    fn values_are_checked_before_the_kernel_sees_them() {
        assert_eq!(vf("weight").parse("200"), Ok("200".into()));
        assert_eq!(vf("vram_quota").parse("512M"), Ok((512 << 20).to_string()));
        assert_eq!(find(&CARD, "fb_clear").unwrap().parse("on"), Ok("1".into()));
        for (attribute, bad) in [
            (vf("weight"), "0"),
            (vf("weight"), "10001"),
            (vf("exec_quantum_ms"), "2001"),
            (vf("sched_priority"), "urgent"),
            (&CARD[0], "best"),
            (find(&CARD, "fb_clear").unwrap(), "2"),
        ] {
            let error = attribute.parse(bad).unwrap_err();
            assert!(error.contains(bad) && error.contains("write"), "{error}");
        }
    }

    #[test]
    fn choices_are_read_from_their_brackets() {
        assert_eq!(vf("sched_priority").value("low [normal] high"), "normal");
        assert_eq!(CARD[0].json("solid [fair]"), "fair");
        assert_eq!(vf("weight").json("7"), 7);
    }

    #[test]
    fn every_budget_of_the_core_can_be_set() {
        assert_eq!(BUDGETS.len(), guard::Kind::ALL.len());
        for kind in BUDGETS {
            assert!(find(&CARD, &format!("guard_{kind}_limit")).is_some());
            assert!(find(&CARD, &format!("guard_{kind}_window_ms")).is_some());
        }
    }

    #[test]
    fn states_are_those_of_the_core() {
        use gim_core::vf::State;
        let idle = [
            State::Disabled,
            State::Available,
            State::Stopped { until: None },
        ];
        assert_eq!(idle.map(|state| state.to_string()), IDLE_STATES);
        for state in [
            State::Starting,
            State::Running,
            State::Leaving,
            State::Resetting,
        ] {
            let name = state.to_string();
            assert!(STATES.contains(&name.as_str()) && !IDLE_STATES.contains(&name.as_str()));
        }
    }

    const DOCUMENT: &str = include_str!("../../../Documentation/ABI/testing/sysfs-driver-gim");

    /// The description of an attribute in the ABI document, on one line.
    fn described(name: &str) -> Option<String> {
        let mut entries = DOCUMENT.split("What:");
        let entry = entries.find(|entry| {
            entry
                .lines()
                .next()
                .is_some_and(|line| line.ends_with(name))
        })?;
        let (_, description) = entry.split_once("Description:")?;
        Some(description.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn ranges_are_those_of_the_abi_document() {
        let of_card = CARD.iter().map(|a| (a, format!("sriov_admin/{}", a.name)));
        let of_vf = VF.iter().map(|a| (a, format!("vf<N>/profile/{}", a.name)));
        for (attribute, name) in of_card.chain(of_vf) {
            let wanted = match attribute.kind {
                Kind::Number(min, max) => format!("(RW) Integer, {min} to {max}"),
                Kind::Bytes => "(RW) Integer, 0 to 68719476736, in bytes".into(),
                Kind::Truth => "(RW) Boolean".into(),
                Kind::Choice(words) => format!("(RW) Choice of {}.", words.join(", ")),
            };
            let description = described(&name).unwrap_or_default();
            assert!(description.starts_with(&wanted), "{name}: {description}");
        }
        let states = described("vf<N>/state").unwrap();
        assert!(
            states.starts_with(&format!("(RO) One of {}.", STATES.join(", "))),
            "{states}"
        );
    }
}
