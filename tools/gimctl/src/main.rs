// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! gimctl: the administrator's view of GPUs that the gim driver shares between virtual machines.
//!
//! Reads and writes sysfs, and keeps nothing of its own. The command line is in `cli`; each command has a file of its
//! own; `system` alone opens the kernel's files.

mod abi;
mod card;
mod change;
mod cli;
mod control;
mod doctor;
mod import;
mod man;
mod metrics;
mod model;
#[cfg(test)]
mod planted;
mod report;
mod settings;
mod status;
mod system;
mod table;
mod top;
mod trace;
mod units;

use anyhow::{bail, Context, Result};
use clap::{CommandFactory, Parser};
use cli::{Cli, Command, Form};
use model::Status;
use settings::Settings;
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};
use system::Root;

/// Where settings are kept.
const SETTINGS: &str = "etc/gim";

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(code) => code,
        Err(e) if is_broken_pipe(&e) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("gimctl: {e:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether whoever read the output has had enough.
fn is_broken_pipe(e: &anyhow::Error) -> bool {
    let error = e.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn run(cli: &Cli) -> Result<ExitCode> {
    let root = Root::new(&cli.root);
    let chosen = || card::chosen(&root, cli.card.as_deref());
    let one = || card::one(&root, cli.card.as_deref());
    match &cli.command {
        Command::List => print(status::list(&Status::read(&root, &chosen()?)))?,
        Command::Status(options) if options.json => {
            // Also without a card: whoever reads it wants to know.
            let cards = if cli.card.is_some() {
                chosen()?
            } else {
                card::all(&root)
            };
            print([serde_json::to_string_pretty(&Status::read(&root, &cards))?])?;
        }
        Command::Status(options) => show_status(&Status::read(&root, &chosen()?), options)?,
        Command::Bios => print(
            Status::read(&root, &chosen()?)
                .cards
                .iter()
                .flat_map(status::bios),
        )?,
        Command::Top(top) => top::run(&root, cli.card.as_deref(), top)?,
        Command::Set(set) => control::set(&one()?, set)?,
        Command::Reset(what) => control::reset(&one()?, what)?,
        Command::Stop(which) => control::stop(&one()?, which, "1")?,
        Command::Start(which) => control::stop(&one()?, which, "0")?,
        Command::Clear(clear) => control::clear(&one()?, clear)?,
        Command::Trace(trace) => {
            let card = cli.card.as_ref().map(|_| one()).transpose()?;
            trace::run(
                &root,
                card.as_ref().map(|card| card.address.as_str()),
                trace,
            )?;
        }
        Command::Doctor(options) => return examine(&root, options),
        Command::Report(report) => {
            report::write(&root, &report.output)?;
            print([format!(
                "{} is written; look through it before you send it",
                report.output.display()
            )])?;
        }
        Command::Import(import) => return translate(&root, import),
        Command::Apply(apply) => return put_in_force(&root, cli.card.as_deref(), apply),
        Command::Save(save) => keep(&root, &settings::saved(&chosen()?)?, &save.output)?,
        Command::Metrics(metrics) => {
            let text = metrics::text(&Status::read(&root, &card::all(&root)))?;
            match &metrics.output {
                None => io::stdout().write_all(text.as_bytes())?,
                Some(path) => {
                    system::replace(path, text.as_bytes())
                        .with_context(|| format!("cannot write {}", path.display()))?;
                }
            }
        }
        Command::Completion(completion) => {
            clap_complete::generate(
                completion.shell,
                &mut Cli::command(),
                "gimctl",
                &mut io::stdout(),
            );
        }
        Command::Man(man) => {
            man::write(Cli::command(), &man.folder)
                .with_context(|| format!("cannot write man pages to {}", man.folder.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints lines; unlike `println!` it gives an error when nobody reads them.
fn print(lines: impl IntoIterator<Item = impl AsRef<str>>) -> Result<()> {
    let mut out = io::stdout().lock();
    for line in lines {
        writeln!(out, "{}", line.as_ref())?;
    }
    Ok(())
}

fn show_status(status: &Status, options: &cli::Status) -> Result<()> {
    for (i, card) in status.cards.iter().enumerate() {
        if i > 0 {
            print([""])?;
        }
        match &options.vf {
            None => print(status::card(card))?,
            Some(vfs) => {
                let chosen = |vf: &&model::VfStatus| vfs.iter().any(|id| id.number() == vf.number);
                print(
                    card.vfs
                        .iter()
                        .filter(chosen)
                        .flat_map(|vf| status::vf(card, vf)),
                )?;
            }
        }
    }
    Ok(())
}

fn examine(root: &Root, options: &cli::Doctor) -> Result<ExitCode> {
    let findings = doctor::examine(root);
    match options.json {
        true => print([serde_json::to_string_pretty(&findings)?])?,
        false => print(doctor::text(&findings, options.all))?,
    }
    Ok(ExitCode::from(u8::from(doctor::is_ill(&findings))))
}

fn translate(root: &Root, options: &cli::Import) -> Result<ExitCode> {
    let path = root.at(&options.file);
    let imported = import::parse(&system::read(&path)?);
    match options.form {
        Form::Modprobe => print(imported.modprobe().lines())?,
        Form::Parameters => print([imported.parameters()])?,
        Form::Settings => print(imported.settings().lines())?,
    }
    for problem in &imported.problems {
        eprintln!(
            "{}:{}: {}",
            options.file.display(),
            problem.line,
            problem.what
        );
    }
    Ok(ExitCode::from(u8::from(!imported.problems.is_empty())))
}

/// The files with settings, in the order of their names.
fn settings_files(root: &Root) -> Vec<PathBuf> {
    let folder = root.at(SETTINGS);
    let files = system::names(&folder)
        .into_iter()
        .filter(|name| name.ends_with(".toml") && !name.starts_with('.'));
    files.map(|name| folder.join(name)).collect()
}

fn put_in_force(root: &Root, card: Option<&str>, apply: &cli::Apply) -> Result<ExitCode> {
    let files = match apply.files.is_empty() {
        true => settings_files(root),
        false => apply.files.clone(),
    };
    let settings = Settings::read(files.iter().map(PathBuf::as_path))?;
    if settings.is_empty() {
        print(["nothing to apply"])?;
        return Ok(ExitCode::SUCCESS);
    }
    let cards = match card {
        Some(_) => card::chosen(root, card)?,
        None => card::all(root),
    };
    if cards.is_empty() {
        bail!(
            "there are settings and no card: load gim before, and see what `gimctl doctor` finds"
        );
    }
    for address in settings.absent(&card::all(root)) {
        eprintln!("gimctl: there are settings for {address}, and gim has no such card");
    }
    let mut changes: Vec<_> = cards
        .iter()
        .flat_map(|card| settings.changes(card))
        .collect();
    if apply.dry_run {
        change::sort(&mut changes);
        print(changes.iter().map(change::Change::shown))?;
        return Ok(ExitCode::SUCCESS);
    }
    let asked = changes.len();
    let (made, refused) = change::as_many_as_possible(changes);
    refused.iter().for_each(|e| eprintln!("gimctl: {e}"));
    print([format!(
        "{asked} settings: {made} changed, {} refused",
        refused.len()
    )])?;
    Ok(ExitCode::from(u8::from(!refused.is_empty())))
}

fn keep(root: &Root, text: &str, path: &Path) -> Result<()> {
    if path == Path::new("-") {
        io::stdout().write_all(text.as_bytes())?;
        return Ok(());
    }
    let path = root.at(path);
    if let Some(folder) = path.parent().filter(|folder| folder.ends_with(SETTINGS)) {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
    }
    system::replace(&path, text.as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))
}
