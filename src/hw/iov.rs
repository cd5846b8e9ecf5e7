// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The GPU-IOV capability in the PF's configuration space: command port and framebuffer registers (section 2 of the
//! hardware reference).

use crate::{
    gim_core::{
        fb::{
            Partition,
            Range,
            Request,
            CSA_MB,
            MAX_VFS, //
        },
        gpuiov::{
            executing,
            progress,
            Command,
            Failure,
            Function,
            Progress, //
        },
        vfid::VfId,
    },
    kernel_ext::pci::find_vsec,
};
use core::fmt;
use kernel::{
    device,
    io::Io,
    pci::{
        self,
        Vendor, //
    },
    prelude::*,
    sizes::{
        SZ_1M,
        SZ_256K, //
    }, //
};

/// VSEC id of the capability (section 2.1).
const VSEC_ID: u16 = 2;

const CMD_CONTROL: usize = 0x0c;
const CMD_STATUS: usize = 0x10;
const CNTXT: usize = 0x20;
const TOTAL_FB_AVAILABLE: usize = 0x24;
const TOTAL_FB_CONSUMED: usize = 0x26;
const VF_FB: usize = 0x2c;

/// The registers that describe who has which part of the framebuffer, as dwords for the card.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct FbRegisters {
    cntxt: u32,
    consumed: u16,
    vf: [u32; MAX_VFS as usize],
}

impl FbRegisters {
    /// What the card has to hold for a partition; registers of VFs that get nothing are as in `base`.
    ///
    /// # Errors
    ///
    /// `EINVAL` if a range does not fit its register, which a [`Partition`] rules out.
    pub(crate) fn new(partition: &Partition, base: &Self) -> Result<Self> {
        let mut regs = Self {
            cntxt: partition.context_register(),
            consumed: partition.consumed_register(),
            vf: base.vf,
        };
        for (i, vf) in (0..partition.vfs()).zip(&mut regs.vf) {
            *vf = partition.vf(i).and_then(|r| r.register()).ok_or(EINVAL)?;
        }
        Ok(regs)
    }
}

impl FbRegisters {
    /// All of them, to be kept elsewhere.
    pub(crate) fn dwords(&self) -> impl Iterator<Item = u32> + '_ {
        let first = [self.cntxt, self.consumed.into()];
        Iterator::chain(first.into_iter(), self.vf.iter().copied())
    }

    /// From where they were kept, one after the other.
    pub(crate) fn from_dwords(mut next: impl FnMut() -> Option<u32>) -> Option<Self> {
        let mut regs = Self {
            cntxt: next()?,
            consumed: u16::try_from(next()?).ok()?,
            vf: [0; MAX_VFS as usize],
        };
        for vf in &mut regs.vf {
            *vf = next()?;
        }
        Some(regs)
    }

    /// The partition that they describe; `None` if it is none that could be for this request.
    pub(crate) fn partition(&self, request: &Request) -> Option<Partition> {
        let found = Partition::found(request, self.consumed, &self.vf).ok()?;
        (found.context_register() == self.cntxt).then_some(found)
    }
}

impl fmt::Display for FbRegisters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "CNTXT {:08x}, TOTAL_FB_CONSUMED {:04x}, VFn_FB",
            self.cntxt, self.consumed
        )?;
        self.vf.iter().try_for_each(|vf| write!(f, " {vf:08x}"))
    }
}

/// The capability of one card.
#[derive(Clone, Copy)]
pub(crate) struct GpuIov<'a> {
    dev: &'a pci::Device<device::Bound>,
    pos: usize,
}

impl<'a> GpuIov<'a> {
    /// Finds the capability; `None` if the device has none.
    pub(crate) fn find(dev: &'a pci::Device<device::Bound>) -> Result<Option<Self>> {
        let Some(pos) = find_vsec(dev, Vendor::ATI, VSEC_ID) else {
            return Ok(None);
        };
        Ok(Some(Self { dev, pos }))
    }

    // Registers by their offset in the capability. The device is kept and not its configuration space, which cannot be
    // copied before 7.3.
    fn read8(&self, register: usize) -> Result<u8> {
        self.dev
            .config_space_extended()?
            .try_read8(self.pos + register)
    }

    fn read16(&self, register: usize) -> Result<u16> {
        self.dev
            .config_space_extended()?
            .try_read16(self.pos + register)
    }

    fn read32(&self, register: usize) -> Result<u32> {
        self.dev
            .config_space_extended()?
            .try_read32(self.pos + register)
    }

    fn write16(&self, value: u16, register: usize) -> Result {
        self.dev
            .config_space_extended()?
            .try_write16(value, self.pos + register)
    }

    fn write32(&self, value: u32, register: usize) -> Result {
        self.dev
            .config_space_extended()?
            .try_write32(value, self.pos + register)
    }

    /// Memory the card has for all functions, in MB.
    pub(crate) fn total_fb_mb(&self) -> Result<u16> {
        self.read16(TOTAL_FB_AVAILABLE)
    }

    /// Reads the framebuffer registers.
    pub(crate) fn fb_registers(&self) -> Result<FbRegisters> {
        let mut regs = FbRegisters {
            cntxt: self.read32(CNTXT)?,
            consumed: self.read16(TOTAL_FB_CONSUMED)?,
            vf: [0; MAX_VFS as usize],
        };
        for (i, vf) in regs.vf.iter_mut().enumerate() {
            *vf = self.read32(VF_FB + 4 * i)?;
        }
        Ok(regs)
    }

    /// Writes the framebuffer registers, VFs by dword: the card ignores shorter writes to their upper half.
    pub(crate) fn set_fb_registers(&self, regs: &FbRegisters) -> Result {
        self.write16(regs.consumed, TOTAL_FB_CONSUMED)?;
        self.write32(regs.cntxt, CNTXT)?;
        for (i, vf) in regs.vf.iter().enumerate() {
            self.write32(*vf, VF_FB + 4 * i)?;
        }
        Ok(())
    }

    /// The framebuffer that a VF has according to its register; `None` if it has none.
    pub(crate) fn vf_range(&self, vf: VfId) -> Result<Option<Range>> {
        let register = self.read32(VF_FB + 4 * vf.index())?;
        Ok(Range::from_register(register))
    }

    /// Where the memory begins that is left free behind the context save area (section 4.6), a byte offset.
    pub(crate) fn behind_csa(&self) -> Result<u64> {
        let cntxt = self.read32(CNTXT)?;
        let unit = u64::from(cntxt & 0x7f) * SZ_256K as u64;
        let csa = u64::from(cntxt >> 10) * unit;
        // Without one, nobody has divided the memory.
        (csa != 0)
            .then_some(csa + u64::from(CSA_MB) * SZ_1M as u64)
            .ok_or(ENOENT)
    }

    /// Writes the framebuffer that a VF has.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the range does not fit the register.
    pub(crate) fn set_vf_range(&self, vf: VfId, range: Range) -> Result {
        let register = range.register().ok_or(EINVAL)?;
        self.write32(register, VF_FB + 4 * vf.index())
    }

    /// Gives the GPU a command, which must have ended the one before: one access.
    pub(crate) fn start(&self, command: Command, function: Function) {
        // An offset inside the capability is always valid; a card that is gone shows as all ones.
        let _ = self.write32(command.register(function), CMD_CONTROL);
    }

    /// Whether a command is under way; a card that is gone shows one.
    pub(crate) fn is_executing(&self) -> bool {
        let control = self.read8(CMD_CONTROL);
        executing(control.unwrap_or(u8::MAX))
    }

    /// Looks whether the command is done.
    ///
    /// A world switch looks once at each of its commands, when it is usually done, and then EXECUTE tells: one access. A
    /// hang is reported later than that (after 102 ms in the log of a real card, section 2.5). So at the first look the
    /// status is left out, which would cost a second access, as it is in another dword; not for the commands that are no
    /// part of a world switch. Should a command of a switch have failed sooner than that, the engines of its VF do not run as
    /// they should, and that VF's next IDLE, which ends its turn, takes long enough for the status to be read: the VF is reset
    /// one turn later, and no other has lost more than that.
    pub(crate) fn look(&self, command: Command, first: bool) -> Look {
        let byte = |offset| self.read8(offset).unwrap_or(u8::MAX);
        let control = byte(CMD_CONTROL);
        if first && control != u8::MAX {
            if executing(control) {
                return Look::Busy { control };
            }
            if command.is_part_of_switch() {
                return Look::Done;
            }
        }
        match progress(control, byte(CMD_STATUS)) {
            Progress::Done => Look::Done,
            Progress::Failed(failure) => Look::Failed(failure),
            Progress::Busy => Look::Busy { control },
        }
    }

    /// The command register with all of its fields, and the status byte.
    pub(crate) fn command_port(&self) -> (u32, u8) {
        (
            self.read32(CMD_CONTROL).unwrap_or(u32::MAX),
            self.read8(CMD_STATUS).unwrap_or(u8::MAX),
        )
    }

    /// What a command that had its time shows.
    pub(crate) fn timeout(&self, control: u8) -> Failure {
        let status = self.read8(CMD_STATUS).unwrap_or(u8::MAX);
        match progress(control, status) {
            Progress::Failed(failure) => failure,
            _ => Failure::Timeout { control, status },
        }
    }
}

/// What a look at a command shows.
pub(crate) enum Look {
    /// It is done.
    Done,
    /// It is not; this is `CMD_CONTROL`.
    Busy {
        /// As it was read.
        control: u8,
    },
    /// It failed.
    Failed(Failure),
}
