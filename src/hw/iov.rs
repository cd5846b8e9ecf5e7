// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The GPU-IOV capability in the PF's configuration space: command port and framebuffer registers (section 2 of the
//! hardware reference).

use crate::{
    gim_core::{
        fb::{
            Partition,
            MAX_VFS, //
        },
        gpuiov::{
            progress,
            Command,
            Failure,
            Function,
            Progress, //
        },
    },
    kernel_ext::pci::find_vsec,
};
use kernel::{
    device,
    fmt,
    io::{
        poll::read_poll_timeout,
        Io, //
    },
    pci::{
        self,
        Vendor, //
    },
    prelude::*,
    time::Delta, //
};

/// VSEC id of the capability (section 2.1).
const VSEC_ID: u16 = 2;

const CMD_CONTROL: usize = 0x0c;
const CMD_STATUS: usize = 0x10;
const CNTXT: usize = 0x20;
const TOTAL_FB_AVAILABLE: usize = 0x24;
const TOTAL_FB_CONSUMED: usize = 0x26;
const VF_FB: usize = 0x2c;

/// How often a command in progress is looked at.
const POLL: Delta = Delta::from_micros(100);

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
    config: pci::ConfigSpace<'a>,
    pos: usize,
}

impl<'a> GpuIov<'a> {
    /// Finds the capability; `None` if the device has none.
    pub(crate) fn find(dev: &'a pci::Device<device::Bound>) -> Result<Option<Self>> {
        let Some(pos) = find_vsec(dev, Vendor::ATI, VSEC_ID) else {
            return Ok(None);
        };
        Ok(Some(Self {
            config: dev.config_space_extended()?,
            pos,
        }))
    }

    /// Memory the card has for all functions, in MB.
    pub(crate) fn total_fb_mb(&self) -> Result<u16> {
        self.config.try_read16(self.pos + TOTAL_FB_AVAILABLE)
    }

    /// Reads the framebuffer registers.
    pub(crate) fn fb_registers(&self) -> Result<FbRegisters> {
        let mut regs = FbRegisters {
            cntxt: self.config.try_read32(self.pos + CNTXT)?,
            consumed: self.config.try_read16(self.pos + TOTAL_FB_CONSUMED)?,
            vf: [0; MAX_VFS as usize],
        };
        for (i, vf) in regs.vf.iter_mut().enumerate() {
            *vf = self.config.try_read32(self.pos + VF_FB + 4 * i)?;
        }
        Ok(regs)
    }

    /// Writes the framebuffer registers, VFs by dword: the card ignores shorter writes to their upper half.
    pub(crate) fn set_fb_registers(&self, regs: &FbRegisters) -> Result {
        self.config
            .try_write16(regs.consumed, self.pos + TOTAL_FB_CONSUMED)?;
        self.config.try_write32(regs.cntxt, self.pos + CNTXT)?;
        for (i, vf) in regs.vf.iter().enumerate() {
            self.config.try_write32(*vf, self.pos + VF_FB + 4 * i)?;
        }
        Ok(())
    }

    /// Gives the GPU a command and waits until it is done, sleeping; at most [`Command::limit_ms`].
    ///
    /// # Errors
    ///
    /// See [`Failure`].
    pub(crate) fn execute(&self, command: Command, function: Function) -> Result<(), Failure> {
        let look = || -> Result<(u8, u8)> {
            Ok((
                self.config.try_read8(self.pos + CMD_CONTROL)?,
                self.config.try_read8(self.pos + CMD_STATUS)?,
            ))
        };
        // An offset inside the capability is always valid; a card that is gone shows as all ones.
        let _ = self
            .config
            .try_write32(command.register(function), self.pos + CMD_CONTROL);
        let seen = read_poll_timeout(
            look,
            |&(control, status)| progress(control, status) != Progress::Busy,
            POLL,
            Delta::from_millis(command.limit_ms().into()),
        )
        .or_else(|_| look())
        .unwrap_or((0xff, 0xff));
        match progress(seen.0, seen.1) {
            Progress::Done => Ok(()),
            Progress::Failed(failure) => Err(failure),
            Progress::Busy => Err(Failure::Timeout {
                control: seen.0,
                status: seen.1,
            }),
        }
    }
}
