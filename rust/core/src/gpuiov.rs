// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The GPU-IOV command port: what is written to it, and what its two status bytes mean.
//!
//! Pure encoding; may not touch the card. Source: sections 2.2 to 2.5 of the hardware reference.

use core::fmt;

/// A function of the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// The physical function.
    Pf,
    /// A virtual function by its number, 1 to 16, as people count them.
    Vf(u8),
}

impl Function {
    /// The `FCN_ID` byte: 00 for the PF, 80 plus a number from 0 for a VF.
    pub fn id(self) -> u8 {
        match self {
            Function::Pf => 0,
            Function::Vf(number) => 0x80 | (number.wrapping_sub(1) & 0x0f),
        }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Function::Pf => f.write_str("PF"),
            Function::Vf(number) => write!(f, "VF{number}"),
        }
    }
}

/// A command to the GPU (section 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Quiesce the running function.
    Idle = 1,
    /// Write the context of an idle function to its save slot.
    Save = 2,
    /// Restore a function's context from its save slot.
    Load = 3,
    /// Let a loaded or initialised function run.
    Run = 4,
    /// Initialise the engines for a fresh function.
    Init = 7,
    /// Let RLC-V dump its state for the running function into its scratch RAM.
    SaveRlcv = 8,
    /// Let RLC-V reload its state for a function that was reset.
    LoadRlcv = 9,
}

const EXECUTE: u32 = 1 << 4;

impl Command {
    /// The dword for the command register: opcode, EXECUTE, function id.
    pub fn register(self, function: Function) -> u32 {
        self as u32 | EXECUTE | u32::from(function.id()) << 8
    }

    /// Whether a world switch has this command.
    pub fn is_part_of_switch(self) -> bool {
        matches!(
            self,
            Command::Idle | Command::Save | Command::Load | Command::Run
        )
    }

    /// How long the card may take, in milliseconds (section 2.5).
    pub const fn limit_ms(self) -> u32 {
        match self {
            Command::Init => 3000,
            _ => 2000,
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Command::Idle => "IDLE",
            Command::Save => "SAVE",
            Command::Load => "LOAD",
            Command::Run => "RUN",
            Command::Init => "INIT",
            Command::SaveRlcv => "SAVE_RLCV",
            Command::LoadRlcv => "LOAD_RLCV",
        })
    }
}

/// Why a command did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The graphics engine hangs (status 0e).
    GfxHang,
    /// A DMA engine hangs (status 0f).
    SdmaHang,
    /// The command was not done within [`Command::limit_ms`].
    Timeout {
        /// `CMD_CONTROL` byte at the last look.
        control: u8,
        /// `CMD_STATUS` byte at the last look.
        status: u8,
    },
    /// All bits of both bytes are set: the card does not answer.
    Gone,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Failure::GfxHang => f.write_str("the graphics engine hangs (status 0e)"),
            Failure::SdmaHang => f.write_str("a DMA engine hangs (status 0f)"),
            Failure::Timeout { control, status } => write!(
                f,
                "not done in time (control {control:02x}, status {status:02x})"
            ),
            Failure::Gone => f.write_str("the card does not answer"),
        }
    }
}

/// How far a command is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Not finished.
    Busy,
    /// Finished well.
    Done,
    /// Finished or stuck for good.
    Failed(Failure),
}

/// Whether the `CMD_CONTROL` byte shows a command that has not ended.
pub fn executing(control: u8) -> bool {
    u32::from(control) & EXECUTE != 0
}

/// Judges the two status bytes. A command is done only when EXECUTE and the status have both returned to 0: either may
/// lag behind the other.
pub fn progress(control: u8, status: u8) -> Progress {
    match (executing(control), status) {
        _ if control == 0xff && status == 0xff => Progress::Failed(Failure::Gone),
        (_, 0x0e) => Progress::Failed(Failure::GfxHang),
        (_, 0x0f) => Progress::Failed(Failure::SdmaHang),
        (false, 0) => Progress::Done,
        _ => Progress::Busy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_as_in_the_golden_trace() {
        use Command::*;
        let pf = [Init, Run, Idle, Save].map(|c| c.register(Function::Pf));
        assert_eq!(pf, [0x17, 0x14, 0x11, 0x12]);
        let vf3 = [Init, Run, Load].map(|c| c.register(Function::Vf(4)));
        assert_eq!(vf3, [0x8317, 0x8314, 0x8313]);
        assert_eq!((Function::Vf(1).id(), Function::Vf(16).id()), (0x80, 0x8f));
        assert_eq!((Init.limit_ms(), Save.limit_ms()), (3000, 2000));
    }

    #[test]
    fn done_needs_both_bytes() {
        assert_eq!(progress(0x11, 0x11), Progress::Busy);
        assert_eq!(progress(0x01, 0x11), Progress::Busy);
        assert_eq!(progress(0x17, 0x00), Progress::Busy);
        assert_eq!(progress(0x01, 0x00), Progress::Done);
        assert_eq!(progress(0x01, 0x0e), Progress::Failed(Failure::GfxHang));
        assert_eq!(progress(0x11, 0x0f), Progress::Failed(Failure::SdmaHang));
        assert_eq!(progress(0xff, 0xff), Progress::Failed(Failure::Gone));
    }

    #[test]
    fn texts_name_what_a_person_knows() {
        assert_eq!(
            format!("{} {}", Command::Save, Function::Vf(16)),
            "SAVE VF16"
        );
        let f = Failure::Timeout {
            control: 0x17,
            status: 0,
        };
        assert_eq!(f.to_string(), "not done in time (control 17, status 00)");
    }
}
