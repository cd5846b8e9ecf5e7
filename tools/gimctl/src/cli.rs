// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The command line. Help, man pages and completions are made of what stands here; nothing here is done.

use crate::{abi, units::Vfs};
use clap::{builder::PossibleValuesParser, ArgGroup, Args, Parser, Subcommand};
use std::{env, path::PathBuf};

/// Administers GPUs that the gim driver shares between virtual machines.
///
/// Everything it shows and changes is in sysfs, below sriov_admin/ of each card; it is no daemon and keeps nothing of its
/// own. Exit status: 0 done, 1 failed or something was found, 2 the command line is wrong.
#[derive(Debug, Parser)]
#[command(name = "gimctl", version, max_term_width = 100)]
pub struct Cli {
    /// Where the system's files are; for tests, and so no option that completions would offer
    #[arg(skip = env::var_os("GIMCTL_ROOT").map_or_else(|| "/".into(), PathBuf::from))]
    pub root: PathBuf,
    /// The card, by its PCI address; needed when there are several and one is to be changed
    #[arg(long, short, global = true, value_name = "ADDRESS")]
    pub card: Option<String>,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the cards that gim has
    List,
    /// Show cards, their sensors, VFs and statistics
    Status(Status),
    /// Show serial number and VBIOS of the cards
    Bios,
    /// Show live who uses the GPU
    Top(Top),
    /// Change settings of a card or of VFs; all of them, or none when one is refused
    Set(Box<Set>),
    /// Reset VFs, or the whole GPU; guests have to start anew
    Reset(Reset),
    /// Take VFs off the GPU and keep them off
    Stop(Which),
    /// Let VFs in again that were stopped, by `gimctl stop` or by the guard
    Start(Which),
    /// Fill the framebuffers of VFs that no guest uses
    Clear(Clear),
    /// Show what the driver does as it happens, until interrupted
    Trace(Trace),
    /// Look for what keeps gim from working, and say what to do
    Doctor(Doctor),
    /// Collect all that a bug report needs into one archive
    Report(Report),
    /// Translate a configuration file of AMD's C driver (it is only read)
    Import(Import),
    /// Put saved settings in force; done at boot
    Apply(Apply),
    /// Save the settings in force
    Save(Save),
    /// Print metrics for Prometheus (node_exporter's textfile collector)
    Metrics(Metrics),
    /// Print a completion script for a shell
    Completion(Completion),
    /// Write man pages
    #[command(hide = true)]
    Man(Man),
}

/// `gimctl status`
#[derive(Args, Debug)]
pub struct Status {
    /// As JSON, in the form of status.schema.json
    #[arg(long)]
    pub json: bool,
    /// Only these VFs, with all that is known of each
    #[arg(long, value_name = "VFS", conflicts_with = "json")]
    pub vf: Option<Vfs>,
}

/// `gimctl top`
#[derive(Args, Debug)]
pub struct Top {
    /// Seconds between two looks
    #[arg(long, short, value_name = "SECONDS", default_value = "1", value_parser = delay)]
    pub delay: f64,
    /// Print to the standard output instead of filling the terminal
    #[arg(long, short)]
    pub batch: bool,
    /// With --batch: end after so many tables
    #[arg(long, short = 'n', value_name = "TABLES", requires = "batch")]
    pub count: Option<u32>,
    /// One table, as with --batch --count 1
    #[arg(long)]
    pub once: bool,
    /// Write one picture of it to a file
    #[arg(long, hide = true, value_name = "FILE")]
    pub svg: Option<PathBuf>,
}

fn delay(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.05..=3600.0).contains(&seconds) => Ok(seconds),
        _ => Err("write seconds, from 0.05 to 3600".into()),
    }
}

/// Which VFs.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("which").required(true))]
pub struct Which {
    /// VFs by number, as 1,3-5
    #[arg(long, value_name = "VFS", group = "which")]
    pub vf: Option<Vfs>,
    /// All VFs of the card
    #[arg(long, group = "which")]
    pub all: bool,
}

/// `gimctl reset`
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("what").required(true))]
pub struct Reset {
    /// VFs by number, as 1,3-5
    #[arg(long, value_name = "VFS", group = "what")]
    pub vf: Option<Vfs>,
    /// The whole GPU, with all its VFs
    #[arg(long, group = "what")]
    pub gpu: bool,
}

/// `gimctl clear`
#[derive(Args, Debug)]
pub struct Clear {
    /// Which VFs
    #[command(flatten)]
    pub which: Which,
    /// The byte to fill them with
    #[arg(long, value_name = "BYTE", default_value_t = 0)]
    pub pattern: u8,
}

/// A parser for an attribute's value, for clap.
fn of_card(name: &'static str) -> impl Fn(&str) -> Result<String, String> + Clone {
    value(&abi::CARD, name)
}

fn of_vf(name: &'static str) -> impl Fn(&str) -> Result<String, String> + Clone {
    value(&abi::VF, name)
}

fn value(
    among: &'static [abi::Attribute],
    name: &'static str,
) -> impl Fn(&str) -> Result<String, String> + Clone {
    move |text| match abi::find(among, name) {
        Some(attribute) => attribute.parse(text),
        None => Err(format!("{name} is unknown")),
    }
}

/// `gimctl set`
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("which").multiple(false))]
#[command(group = ArgGroup::new("profile").multiple(true).requires("which"))]
#[command(group = ArgGroup::new("anything").multiple(true).required(true))]
pub struct Set {
    /// VFs by number, as 1,3-5
    #[arg(long, value_name = "VFS", group = "which", requires = "profile")]
    pub vf: Option<Vfs>,
    /// All VFs of the card
    #[arg(long, group = "which", requires = "profile")]
    pub all: bool,
    /// The VFs' weight under the policy fair, 1 to 10000
    #[arg(long, value_name = "N", groups = ["profile", "anything"], value_parser = of_vf("weight"))]
    pub weight: Option<String>,
    /// The VFs' quantum in ms, 0 to 2000; 0: the card's default
    #[arg(long, value_name = "MS", groups = ["profile", "anything"], visible_alias = "quantum",
          value_parser = of_vf("exec_quantum_ms"))]
    pub exec_quantum_ms: Option<String>,
    /// How long the VFs may take to stop when their turn is over, in us; 0: as long as the GPU may
    #[arg(long, value_name = "US", groups = ["profile", "anything"], value_parser = of_vf("preempt_timeout_us"))]
    pub preempt_timeout_us: Option<String>,
    /// The VFs' priority under the policy fair
    #[arg(long, value_name = "PRIORITY", groups = ["profile", "anything"], visible_alias = "priority",
          value_parser = PossibleValuesParser::new(abi::PRIORITIES))]
    pub sched_priority: Option<String>,
    /// The VFs' framebuffer, as 512M
    #[arg(long, value_name = "SIZE", groups = ["profile", "anything"], visible_alias = "vram",
          value_parser = of_vf("vram_quota"))]
    pub vram_quota: Option<String>,
    /// How the card's GPU time is shared
    #[arg(long, value_name = "POLICY", group = "anything", value_parser = PossibleValuesParser::new(abi::POLICIES))]
    pub policy: Option<String>,
    /// The quantum of VFs that have none of their own, in us; 0: 6 ms
    #[arg(long, value_name = "US", group = "anything", value_parser = of_card("default_quantum_us"))]
    pub default_quantum_us: Option<String>,
    /// Whether framebuffers are cleared before somebody else can see them, 1 or 0
    #[arg(long, value_name = "0|1", group = "anything", value_parser = of_card("fb_clear"))]
    pub fb_clear: Option<String>,
    /// How long a guest may have the GPU for itself, in ms, 1 to 600000
    #[arg(long, value_name = "MS", group = "anything", value_parser = of_card("exclusive_timeout_ms"))]
    pub exclusive_timeout_ms: Option<String>,
    /// How often a VF that runs alone is checked for a hang, in ms, 1 to 60000
    #[arg(long, value_name = "MS", group = "anything", value_parser = of_card("lone_check_ms"))]
    pub lone_check_ms: Option<String>,
    /// Budget of each VF, as flr=3 or flr=3/60000: times (0 for no limit) within ms; of flr, exclusive,
    /// exclusive_timeout, interrupt, message; may be given more than once
    #[arg(long, value_name = "KIND=TIMES[/MS]", group = "anything", value_parser = guard)]
    pub guard: Vec<Guard>,
    /// Only print what would be written where
    #[arg(long)]
    pub dry_run: bool,
}

/// A budget: its attributes with their values.
#[derive(Clone, Debug)]
pub struct Guard(pub Vec<(&'static abi::Attribute, String)>);

fn guard(text: &str) -> Result<Guard, String> {
    let wrong = || format!("write KIND=TIMES[/MS], of {}", abi::BUDGETS.join(", "));
    let (kind, budget) = text.split_once('=').ok_or_else(wrong)?;
    let (limit, window) = match budget.split_once('/') {
        Some((limit, window)) => (limit, Some(window)),
        None => (budget, None),
    };
    let part = |part: &str, value: &str| {
        let attribute = abi::find(&abi::CARD, &format!("guard_{kind}_{part}")).ok_or_else(wrong)?;
        Ok::<_, String>((attribute, attribute.parse(value)?))
    };
    let mut parts = vec![part("limit", limit)?];
    if let Some(window) = window {
        parts.push(part("window_ms", window)?);
    }
    Ok(Guard(parts))
}

/// `gimctl trace`
#[derive(Args, Debug)]
pub struct Trace {
    /// Only these events, as world_switch; may be given more than once
    #[arg(long, short, value_name = "EVENT")]
    pub event: Vec<String>,
    /// Only what is about this VF; 0 for the PF
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=16))]
    pub vf: Option<u8>,
    /// End after so many lines
    #[arg(long, short = 'n', value_name = "LINES")]
    pub count: Option<u64>,
    /// End after so many seconds
    #[arg(long, short, value_name = "SECONDS", value_parser = delay)]
    pub seconds: Option<f64>,
}

/// `gimctl doctor`
#[derive(Args, Debug)]
pub struct Doctor {
    /// Also what is as it should be
    #[arg(long, short)]
    pub all: bool,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// `gimctl report`
#[derive(Args, Debug)]
pub struct Report {
    /// The archive to write
    #[arg(long, short, value_name = "FILE", default_value = "gim-report.tar.gz")]
    pub output: PathBuf,
}

/// `gimctl import`
#[derive(Args, Debug)]
pub struct Import {
    /// The C driver's file
    #[arg(default_value = "/etc/gim_config")]
    pub file: PathBuf,
    /// In which form
    #[arg(long, value_enum, default_value_t = Form::Modprobe)]
    pub form: Form,
}

/// What a C driver's configuration is translated to.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Form {
    /// A file for /etc/modprobe.d
    Modprobe,
    /// Parameters on one line, for insmod or a rule of modprobe
    Parameters,
    /// What can be changed while gim runs, for /etc/gim and `gimctl apply`
    Settings,
}

/// `gimctl apply`
#[derive(Args, Debug)]
pub struct Apply {
    /// Files with settings, the stronger last [default: /etc/gim/*.toml]
    pub files: Vec<PathBuf>,
    /// Only print what would be written where
    #[arg(long)]
    pub dry_run: bool,
}

/// `gimctl save`
#[derive(Args, Debug)]
pub struct Save {
    /// The file to write; - for the standard output
    #[arg(
        long,
        short,
        value_name = "FILE",
        default_value = "/etc/gim/saved.toml"
    )]
    pub output: PathBuf,
}

/// `gimctl metrics`
#[derive(Args, Debug)]
pub struct Metrics {
    /// Write to this file, whole or not at all, instead of the standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `gimctl completion`
#[derive(Args, Debug)]
pub struct Completion {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// `gimctl man`
#[derive(Args, Debug)]
pub struct Man {
    /// The folder to write to
    pub folder: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    fn parses(line: &str) -> bool {
        Cli::try_parse_from(line.split(' ')).is_ok()
    }

    #[test]
    fn what_belongs_together_is_asked_for() {
        assert!(parses("gimctl set --vf 1,3-5 --weight 200 --policy fair"));
        assert!(parses("gimctl set --all --quantum 5"));
        assert!(parses("gimctl set --guard flr=5/60000 --guard message=0"));
        assert!(parses("gimctl reset --gpu"));
        for wrong in [
            "gimctl set",
            "gimctl set --weight 200",
            "gimctl set --vf 1",
            "gimctl set --vf 1 --policy fair",
            "gimctl set --vf 1 --all --weight 5",
            "gimctl set --vf 1 --weight 0",
            "gimctl set --guard flr",
            "gimctl set --guard what=5",
            "gimctl set --guard flr=5/0",
            "gimctl set --vf 17 --weight 5",
            "gimctl reset",
            "gimctl reset --gpu --vf 1",
            "gimctl stop",
            "gimctl clear --vf 1 --pattern 256",
            "gimctl top --delay 0",
            "gimctl top --count 3",
        ] {
            assert!(!parses(wrong), "{wrong}");
        }
    }
}
