// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! `gimctl doctor`: looks for what keeps gim from working, and says what to do. Only reads; each check gives what it has
//! seen, also when that is as it should be.

mod cards;
mod config;
mod host;
mod modprobe;
mod module;

use crate::system::Root;
use serde::Serialize;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// As it should be.
    Ok,
    /// Worth knowing; or it cannot be told.
    Note,
    /// Works, but not as well as it could.
    Warning,
    /// Does not work.
    Problem,
}

/// What a check has found.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The check.
    pub check: &'static str,
    /// The card that it is about; none for the host.
    pub card: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// What was seen.
    pub seen: String,
    /// What to do; nothing when all is well.
    pub advice: Option<String>,
}

/// Findings as they come in.
struct Findings<'r> {
    root: &'r Root,
    card: Option<String>,
    all: Vec<Finding>,
}

impl Findings<'_> {
    fn add(
        &mut self,
        check: &'static str,
        severity: Severity,
        seen: impl Into<String>,
        advice: Option<&str>,
    ) {
        self.all.push(Finding {
            check,
            card: self.card.clone(),
            severity,
            seen: seen.into(),
            advice: advice.map(str::to_owned),
        });
    }

    fn ok(&mut self, check: &'static str, seen: impl Into<String>) {
        self.add(check, Severity::Ok, seen, None);
    }

    fn note(&mut self, check: &'static str, seen: impl Into<String>, advice: &str) {
        self.add(check, Severity::Note, seen, Some(advice));
    }

    fn warning(&mut self, check: &'static str, seen: impl Into<String>, advice: &str) {
        self.add(check, Severity::Warning, seen, Some(advice));
    }

    fn problem(&mut self, check: &'static str, seen: impl Into<String>, advice: &str) {
        self.add(check, Severity::Problem, seen, Some(advice));
    }
}

/// Looks at everything.
pub fn examine(root: &Root) -> Vec<Finding> {
    let mut findings = Findings {
        root,
        card: None,
        all: Vec::new(),
    };
    let release = host::kernel(&mut findings);
    module::examine(&mut findings, &release);
    host::secure_boot(&mut findings, &release);
    host::iommu(&mut findings);
    modprobe::examine(&mut findings, &release);
    cards::examine(&mut findings);
    findings.all
}

/// As text: what is wrong, and with `all` also what is not.
pub fn text(findings: &[Finding], all: bool) -> Vec<String> {
    let mut out = Vec::new();
    for finding in findings.iter().filter(|f| all || f.severity > Severity::Ok) {
        let word = match finding.severity {
            Severity::Ok => "ok",
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Problem => "PROBLEM",
        };
        let card = finding
            .card
            .as_ref()
            .map_or(String::new(), |card| format!("{card}: "));
        out.push(format!(
            "{word:8} {:16} {card}{}",
            finding.check, finding.seen
        ));
        if let Some(advice) = &finding.advice {
            out.push(format!("{:25} -> {advice}", ""));
        }
    }
    let count = |severity| findings.iter().filter(|f| f.severity == severity).count();
    out.push(format!(
        "{} checks: {} problems, {} warnings, {} notes",
        findings.len(),
        count(Severity::Problem),
        count(Severity::Warning),
        count(Severity::Note)
    ));
    out
}

/// Whether something does not work, or not as well as it could.
pub fn is_ill(findings: &[Finding]) -> bool {
    findings.iter().any(|f| f.severity >= Severity::Warning)
}
