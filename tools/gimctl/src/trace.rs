// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! `gimctl trace`: the driver's tracepoints, in an instance of their own, so that nobody else's tracing is disturbed.

use crate::{
    cli::Trace,
    system::{self, Root},
};
use anyhow::{bail, Context, Result};
use rustix::event::{poll, PollFd, PollFlags};
use std::{
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    path::PathBuf,
    sync::{
        atomic::{AtomicBool, Ordering},
        Arc,
    },
    time::{Duration, Instant},
};

const TRACEFS: &str = "sys/kernel/tracing";
/// How long an interrupt may go unnoticed.
const PATIENCE: Duration = Duration::from_millis(200);

/// An instance of tracefs that goes away with this.
struct Instance(PathBuf);

impl Instance {
    fn new(root: &Root) -> Result<Self> {
        let path = root
            .at(TRACEFS)
            .join(format!("instances/gimctl-{}", std::process::id()));
        fs::create_dir(&path)
            .with_context(|| format!("cannot make {}: be root", path.display()))?;
        Ok(Instance(path))
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // An event that is on holds on to the instance; when nothing was turned on, there is nothing to turn off.
        let _ = system::write(&self.0.join("events/enable"), "0");
        if let Err(e) = fs::remove_dir(&self.0) {
            eprintln!("gimctl: cannot remove {}: {e}", self.0.display());
        }
    }
}

/// What an event has to be like to be shown.
fn filter(event: &str, card: Option<&str>, vf: Option<u8>) -> Option<String> {
    let card = card.map(|card| format!("dev == \"{card}\""));
    let vf = vf.map(|vf| match event {
        "world_switch" => format!("(from == {vf} || to == {vf})"),
        _ => format!("vf == {vf}"),
    });
    let parts: Vec<String> = card.into_iter().chain(vf).collect();
    (!parts.is_empty()).then(|| parts.join(" && "))
}

/// The events that the module has.
fn known(root: &Root) -> Result<Vec<String>> {
    let tracefs = root.at(TRACEFS);
    if !tracefs.join("events").exists() {
        bail!("tracefs is not at /{TRACEFS}: mount it (mount -t tracefs tracefs /{TRACEFS}), and be root");
    }
    let folder = tracefs.join("events/gim");
    let events: Vec<_> = system::names(&folder)
        .into_iter()
        .filter(|name| folder.join(name).is_dir())
        .collect();
    if events.is_empty() {
        bail!("the kernel has no events of gim: load the module, and see that the kernel has CONFIG_TRACEPOINTS");
    }
    Ok(events)
}

/// Shows events until interrupted, or for as long as was asked for.
///
/// # Errors
///
/// When there is nothing to trace, or tracefs refuses.
pub fn run(root: &Root, card: Option<&str>, trace: &Trace) -> Result<()> {
    let known = known(root)?;
    if let Some(unknown) = trace.event.iter().find(|event| !known.contains(event)) {
        bail!(
            "there is no event \"{unknown}\": there is {}",
            known.join(", ")
        );
    }
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, interrupted.clone())?;
    }
    let instance = Instance::new(root)?;
    let wanted = |event: &&String| trace.event.is_empty() || trace.event.contains(event);
    for event in known.iter().filter(wanted) {
        let folder = instance.0.join("events/gim").join(event);
        if let Some(filter) = filter(event, card, trace.vf) {
            system::write(&folder.join("filter"), &filter)?;
        }
        system::write(&folder.join("enable"), "1")?;
    }
    let end = trace
        .seconds
        .map(|seconds| Instant::now() + Duration::from_secs_f64(seconds));
    show(
        &instance,
        &interrupted,
        end,
        trace.count.unwrap_or(u64::MAX),
    )
}

fn show(
    instance: &Instance,
    interrupted: &AtomicBool,
    end: Option<Instant>,
    mut lines: u64,
) -> Result<()> {
    let pipe = fs::OpenOptions::new();
    let pipe = open_without_blocking(pipe, &instance.0.join("trace_pipe"))?;
    let mut out = io::stdout().lock();
    let mut reader = BufReader::new(&pipe);
    let mut line = Vec::new();
    while lines > 0
        && !interrupted.load(Ordering::Relaxed)
        && end.is_none_or(|end| Instant::now() < end)
    {
        match reader.by_ref().read_until(b'\n', &mut line) {
            Ok(n) if n > 0 && line.ends_with(b"\n") => {
                match out.write_all(&line).and_then(|()| out.flush()) {
                    // Whoever read has had enough.
                    Err(e) if e.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                    other => other?,
                }
                line.clear();
                lines = lines.saturating_sub(1);
            }
            // Somebody has ended the tracing.
            Ok(_) => return Ok(()),
            // Nothing there yet, or half a line, which is kept.
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => wait(&pipe)?,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e.into()),
        }
    }
    Ok(())
}

fn open_without_blocking(mut options: fs::OpenOptions, path: &std::path::Path) -> Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = rustix::fs::OFlags::NONBLOCK.bits();
    let flags = i32::try_from(flags)?;
    options
        .read(true)
        .custom_flags(flags)
        .open(path)
        .with_context(|| format!("cannot read {}", path.display()))
}

/// Waits until there is something to read, or it is time to look for an interrupt.
fn wait(pipe: &fs::File) -> Result<()> {
    let mut fds = [PollFd::new(pipe, PollFlags::IN)];
    let limit = i32::try_from(PATIENCE.as_millis())?;
    match poll(&mut fds, limit) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(e) => Err(e.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_those_of_the_events_fields() {
        assert_eq!(filter("command", None, None), None);
        assert_eq!(filter("command", None, Some(3)).unwrap(), "vf == 3");
        assert_eq!(
            filter("world_switch", Some("0000:01:00.0"), Some(3)).unwrap(),
            "dev == \"0000:01:00.0\" && (from == 3 || to == 3)"
        );
    }

    #[test]
    fn what_is_missing_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::new(folder.path());
        assert!(known(&root)
            .unwrap_err()
            .to_string()
            .contains("mount -t tracefs"));
        fs::create_dir_all(folder.path().join(TRACEFS).join("events")).unwrap();
        assert!(known(&root)
            .unwrap_err()
            .to_string()
            .contains("load the module"));
        fs::create_dir_all(folder.path().join(TRACEFS).join("events/gim/command")).unwrap();
        assert_eq!(known(&root).unwrap(), ["command"]);
    }
}
