// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What is kept of a GPU that hangs: the engine's state, what was done last, the registers that tell how the engines
//! stand. As text, in `/sys/class/devcoredump`. Only reads.

use crate::{
    gim_core::{
        engine::{
            Engine,
            Step, //
        },
        vf::{
            Reason,
            State, //
        },
        vfid::VfId,
    },
    gpu::Gpu,
    hw::status,
    journal::Journal,
    kernel_ext::{
        coredump::Dump,
        pci::is_present, //
    },
};
use core::fmt::{
    self,
    Write, //
};

/// Hands out a dump: `step` has failed.
pub(crate) fn publish(gpu: &Gpu<'_>, engine: &Engine, journal: &Journal, step: Step) {
    let mut dump = Dump::new();
    // A dump that is too long, or for which there is no memory, is cut.
    let _ = write(&mut dump, gpu, engine, journal, step);
    dump.publish(gpu.dev.as_ref());
}

fn write(
    out: &mut Dump,
    gpu: &Gpu<'_>,
    engine: &Engine,
    journal: &Journal,
    step: Step,
) -> fmt::Result {
    writeln!(out, "gim: {} failed", step)?;
    writeln!(out, "\n[engine]")?;
    self::engine(out, engine)?;
    writeln!(out, "\n[last]")?;
    writeln!(out, "{journal}")?;
    writeln!(out, "[registers]")?;
    if !is_present(gpu.dev) {
        return writeln!(out, "the card does not answer");
    }
    let (control, state) = gpu.iov.command_port();
    writeln!(out, "CMD_CONTROL {control:08x}\nCMD_STATUS {state:02x}")?;
    for (name, value) in status::read(&gpu.mmio) {
        writeln!(out, "{name} {value:08x}")?;
    }
    Ok(())
}

/// What the GPU's owner is doing.
pub(crate) fn engine<W: Write>(out: &mut W, engine: &Engine) -> fmt::Result {
    writeln!(out, "phase: {:?}", engine.phase())?;
    let name = |out: &mut W, what: &str, vf: Option<VfId>| match vf {
        Some(vf) => writeln!(out, "{what}: {}", vf),
        None => writeln!(out, "{what}: none"),
    };
    name(out, "runs", engine.running())?;
    name(out, "exclusive", engine.owner())?;
    writeln!(out, "requests waiting: {}", engine.waiting())?;
    write!(out, "run list:")?;
    for vf in engine.run_list() {
        write!(out, " {}", vf)?;
    }
    writeln!(out)?;
    for vf in VfId::all().filter(|vf| engine.state(*vf) != State::Disabled) {
        vf_state(out, engine, vf)?;
    }
    Ok(())
}

fn vf_state(out: &mut impl Write, engine: &Engine, vf: VfId) -> fmt::Result {
    let stats = engine.stats(vf);
    write!(
        out,
        "{}: {}; GPU {} us, exclusive {} us, runs {}, exclusives {}, messages {}, refused {}",
        vf,
        engine.state(vf),
        stats.gpu_ns / 1000,
        stats.exclusive_ns / 1000,
        stats.runs,
        stats.exclusives,
        stats.messages,
        stats.refused
    )?;
    for reason in Reason::ALL {
        match stats.resets(reason) {
            0 => {}
            n => write!(out, "; {n} resets: {}", reason)?,
        }
    }
    writeln!(out)
}
