// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The card as the VBIOS's command tables see it: the registers behind BAR5, with a deadline.
//!
//! Index and data pairs are registers like any others. May not decide what is run.

use super::{
    mmio::Mmio,
    vram::{
        self,
        Posted, //
    },
};
use crate::{
    gim_core::atom::{
        Bus,
        Refused,
        Space, //
    },
    kernel_ext::time::now_ns,
};
use kernel::{
    io::Io,
    time::{
        delay::fsleep,
        Delta, //
    },
};

/// How long a table may poll before others get the CPU, and for how long.
const BUSY_NS: u64 = 10_000_000;
const REST: Delta = Delta::from_micros(50);

const LATE: Refused = Refused("it takes too long");
const GONE: Refused = Refused("the card does not answer");
const NO_SUCH: Refused = Refused("the card has no such register");
const NOT_HERE: Refused = Refused("the driver does not let tables there");

/// A card's registers until a point in time.
pub(crate) struct Registers<'r, 'a> {
    mmio: &'r Mmio<'a>,
    deadline: u64,
    rested: u64,
}

impl<'r, 'a> Registers<'r, 'a> {
    /// Lets tables at the registers until the monotonic clock shows `deadline`, in ns.
    pub(crate) fn new(mmio: &'r Mmio<'a>, deadline: u64) -> Self {
        Self {
            mmio,
            deadline,
            rested: now_ns(),
        }
    }

    /// Ends what takes too long, and lets others have the CPU now and then.
    fn check(&mut self) -> Result<(), Refused> {
        let now = now_ns();
        if now >= self.deadline {
            return Err(LATE);
        }
        if now.saturating_sub(self.rested) >= BUSY_NS {
            fsleep(REST);
            self.rested = now_ns();
        }
        Ok(())
    }

    fn offset(index: u32) -> Result<usize, Refused> {
        index
            .checked_mul(4)
            .and_then(|offset| usize::try_from(offset).ok())
            .ok_or(NO_SUCH)
    }
}

impl Bus for Registers<'_, '_> {
    fn read(&mut self, space: Space, index: u32) -> Result<u32, Refused> {
        self.check()?;
        match space {
            Space::Register => {
                let value = self
                    .mmio
                    .try_read32(Self::offset(index)?)
                    .map_err(|_| NO_SUCH)?;
                if value == u32::MAX && vram::posted(self.mmio) == Posted::Gone {
                    return Err(GONE);
                }
                Ok(value)
            }
            // This card's are reached by other ways (section 5.2).
            Space::Pll | Space::Mc => Ok(0),
            Space::PciConfig | Space::SystemIo => Err(NOT_HERE),
        }
    }

    fn write(&mut self, space: Space, index: u32, value: u32) -> Result<(), Refused> {
        self.check()?;
        match space {
            Space::Register => self
                .mmio
                .try_write32(value, Self::offset(index)?)
                .map_err(|_| NO_SUCH),
            Space::Pll | Space::Mc => Ok(()),
            Space::PciConfig | Space::SystemIo => Err(NOT_HERE),
        }
    }

    fn delay_us(&mut self, us: u32) {
        // What is left if the deadline comes before: the next access tells.
        let left = self.deadline.saturating_sub(now_ns()) / 1000;
        fsleep(Delta::from_micros(u64::from(us).min(left) as i64));
        self.rested = now_ns();
    }
}
