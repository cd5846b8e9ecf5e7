// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Man pages, one for each command, made of what the command line says of itself.

use clap::Command;
use clap_mangen::Man;
use std::{fs, io, path::Path};

/// The manual that the pages belong to.
const MANUAL: &str = "gim";

/// Writes the pages of a command and of all below it, those that are hidden excepted.
///
/// # Errors
///
/// Of the file system.
pub fn write(command: Command, folder: &Path) -> io::Result<()> {
    let mut command = command.disable_help_subcommand(true);
    let source = format!(
        "{} {}",
        command.get_name(),
        command.get_version().unwrap_or_default()
    );
    // Gives commands their full names.
    command.build();
    write_all(&command, &source, folder)
}

fn write_all(command: &Command, source: &str, folder: &Path) -> io::Result<()> {
    for below in command.get_subcommands().filter(|c| !c.is_hide_set()) {
        write_all(below, source, folder)?;
    }
    let name = command.get_display_name().unwrap_or(command.get_name());
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page)?;
    let page = String::from_utf8_lossy(&page);
    let title = format!(".TH {name} 1 \"\" \"{source}\" \"{MANUAL}\"");
    fs::write(folder.join(format!("{name}.1")), with_title(&page, &title))
}

/// A page with another title line: roff leaves out arguments that are empty instead of quoting them, so that what comes
/// after the date, which a page made anew each time does not have, would be taken for it. Lines do not end with blanks.
fn with_title(page: &str, title: &str) -> String {
    let line = |line: &str| match line.starts_with(".TH ") {
        true => format!("{title}\n"),
        false => format!("{}\n", line.trim_end()),
    };
    page.lines().map(line).collect()
}
