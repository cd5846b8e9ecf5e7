// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Framebuffer partitioning: who gets which part of VRAM.
//!
//! Pure arithmetic; may not touch the card. All sizes and offsets are MB (2^20 bytes), offsets count from the start of
//! the PF's framebuffer. The layout is that of section 4.6 of the hardware reference:
//!
//! ```text
//! 0          pf          pf+16                                       <= total
//! |    PF    | CSA (8) . | VF1 | VF2 | ... | VFn |   not handed out   |
//! ```
//!
//! VFs have what their quotas say and share the rest equally. `fb/change.rs` has what may become of a partition later.

mod change;

use core::fmt;

/// Granularity of the GPU-IOV framebuffer registers in MB (`VFn_FB`, section 2.2 of the hardware reference).
pub const UNIT_MB: u32 = 16;

/// Memory kept for the context save area in MB: 17 functions of 256 KB, padded (section 4.6).
pub const CSA_MB: u32 = 8;

/// Most VFs a card can have: the number of `VFn_FB` registers (section 2.2).
pub const MAX_VFS: u32 = 16;

/// One size in MB for each VF, by function id; 0 for none.
pub type Quotas = [u32; MAX_VFS as usize];

/// What the card and the administrator ask for. Sizes are MB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// `TOTAL_FB_AVAILABLE` of the GPU-IOV capability.
    pub total_mb: u32,
    /// Size of the PF's framebuffer aperture (BAR0).
    pub pf_aperture_mb: u32,
    /// Size of one VF's framebuffer aperture (VF BAR0).
    pub vf_aperture_mb: u32,
    /// Number of VFs wanted, 1 to [`MAX_VFS`].
    pub vfs: u32,
    /// The PF's framebuffer; 0 for the least possible (parameter `pf_fb`).
    pub pf_fb_mb: u32,
    /// Framebuffer of each VF without a quota; 0 for an equal share of all memory (parameter `vf_fb`).
    pub vf_fb_mb: u32,
    /// What single VFs are to have (`vram_quota`), as [`quota`] allows it.
    pub quotas_mb: Quotas,
}

/// Why no partition can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The number of VFs is not within 1 to [`MAX_VFS`].
    VfCount {
        /// What was asked for.
        asked: u32,
    },
    /// Memory does not even hold the PF, the context save area and one VF.
    TooSmall {
        /// What the card reports.
        total_mb: u32,
        /// What the PF, the context save area and one VF take at least.
        needed_mb: u32,
    },
    /// The card reports more memory than its own registers can describe.
    TooLarge {
        /// What the card reports.
        total_mb: u32,
    },
    /// A quota is less than a VF's aperture.
    Aperture {
        /// What was asked for, rounded down.
        asked_mb: u32,
        /// The aperture, rounded up.
        least_mb: u32,
    },
    /// There is no room for what is asked for.
    NoRoom {
        /// What all of it takes.
        asked_mb: u32,
        /// What there is for it.
        room_mb: u32,
    },
    /// The VF has no framebuffer that could be changed.
    NoVf,
    /// What is in the card's registers cannot be a partition.
    Invalid,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::VfCount { asked } => write!(f, "{asked} VFs asked for, 1 to {MAX_VFS} possible"),
            Error::TooSmall {
                total_mb,
                needed_mb,
            } => write!(
                f,
                "card reports {total_mb} MB of framebuffer, PF and one VF need {needed_mb} MB"
            ),
            Error::TooLarge { total_mb } => {
                write!(
                    f,
                    "card reports {total_mb} MB of framebuffer, registers end at 65535 MB"
                )
            }
            Error::Aperture { asked_mb, least_mb } => {
                write!(
                    f,
                    "{asked_mb} MB are less than the VF's aperture of {least_mb} MB"
                )
            }
            Error::NoRoom { asked_mb, room_mb } => {
                write!(f, "{asked_mb} MB asked for, there is room for {room_mb} MB")
            }
            Error::NoVf => f.write_str("the VF has no framebuffer"),
            Error::Invalid => f.write_str("the framebuffer registers are no partition"),
        }
    }
}

/// A range of the framebuffer in MB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// First MB.
    pub offset_mb: u32,
    /// Length in MB.
    pub size_mb: u32,
}

impl Range {
    /// One past the last MB.
    pub fn end_mb(&self) -> u32 {
        self.offset_mb.saturating_add(self.size_mb)
    }

    /// Nothing.
    const EMPTY: Self = Self {
        offset_mb: 0,
        size_mb: 0,
    };

    /// The range that a `VFn_FB` register describes; `None` for 0, which the card has at first.
    pub fn from_register(register: u32) -> Option<Self> {
        (register != 0).then_some(Self {
            offset_mb: (register >> 16).saturating_mul(UNIT_MB),
            size_mb: (register & 0xffff)
                .saturating_add(1)
                .saturating_mul(UNIT_MB),
        })
    }

    /// The range as a `VFn_FB` register: size/16 - 1 in bits 15:0, offset/16 in bits 31:16 (section 2.2).
    ///
    /// `None` if the range is empty, not a multiple of 16 MB, or does not fit the fields.
    pub fn register(&self) -> Option<u32> {
        if self.size_mb % UNIT_MB != 0 || self.offset_mb % UNIT_MB != 0 {
            return None;
        }
        let size = u16::try_from((self.size_mb / UNIT_MB).checked_sub(1)?).ok()?;
        let offset = u16::try_from(self.offset_mb / UNIT_MB).ok()?;
        Some(u32::from(offset) << 16 | u32::from(size))
    }
}

/// A partition of the framebuffer; however it is made and changed, its ranges are disjoint and within the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    total_mb: u32,
    pf_mb: u32,
    /// Least size of a VF's range.
    min_vf_mb: u32,
    vfs: u32,
    /// Ranges of the VFs by function id; those past the last VF are empty.
    ranges: [Range; MAX_VFS as usize],
}

/// `n` rounded down to a multiple of the unit.
fn round_down(n: u32) -> u32 {
    n & !(UNIT_MB - 1)
}

/// `n` rounded up to a multiple of the unit; for sizes below 2^31, which all register fields are.
fn round_up(n: u32) -> u32 {
    round_down(n.saturating_add(UNIT_MB - 1))
}

/// What a card's memory allows, whatever is asked for.
struct Bounds {
    min_pf_mb: u32,
    min_vf_mb: u32,
    /// What the PF and the VFs can share: all but the padded context save area.
    shared_mb: u32,
}

impl Bounds {
    fn new(req: &Request) -> Result<Self, Error> {
        if !(1..=MAX_VFS).contains(&req.vfs) {
            return Err(Error::VfCount { asked: req.vfs });
        }
        if req.total_mb > u32::from(u16::MAX) {
            return Err(Error::TooLarge {
                total_mb: req.total_mb,
            });
        }
        // With the whole VRAM behind BAR0 ("large BAR") the aperture is no measure of what the PF needs.
        let min_pf_mb = if req.pf_aperture_mb >= req.total_mb {
            UNIT_MB
        } else {
            round_up(req.pf_aperture_mb).max(UNIT_MB)
        };
        let min_vf_mb = round_up(req.vf_aperture_mb).max(UNIT_MB);
        let shared_mb = round_down(req.total_mb.saturating_sub(round_up(CSA_MB)));
        if shared_mb < min_pf_mb.saturating_add(min_vf_mb) {
            return Err(Error::TooSmall {
                total_mb: req.total_mb,
                needed_mb: min_pf_mb.saturating_add(min_vf_mb).saturating_add(UNIT_MB),
            });
        }
        Ok(Self {
            min_pf_mb,
            min_vf_mb,
            shared_mb,
        })
    }
}

/// A quota of so many bytes, in MB: rounded down to 16 MB, and 0 for 0.
///
/// # Errors
///
/// [`Error::Aperture`] for less than the aperture, [`Error::NoRoom`] for more than registers can describe.
pub fn quota(bytes: u64, vf_aperture_mb: u32) -> Result<u32, Error> {
    if bytes == 0 {
        return Ok(0);
    }
    let asked_mb = round_down(u32::try_from(bytes >> 20).unwrap_or(u32::MAX));
    let least_mb = round_up(vf_aperture_mb).max(UNIT_MB);
    let room_mb = u32::from(u16::MAX);
    if asked_mb < least_mb {
        return Err(Error::Aperture { asked_mb, least_mb });
    }
    if asked_mb > room_mb {
        return Err(Error::NoRoom { asked_mb, room_mb });
    }
    Ok(asked_mb)
}

impl Partition {
    /// Divides the framebuffer (section 4.3 of the behaviour reference).
    ///
    /// When memory does not hold the VFs asked for, each at least as large as its aperture, the partition has fewer:
    /// compare [`Partition::vfs`] with the request and tell the administrator. With quotas it has what was asked for, or
    /// there is none. `pf_fb_mb` and `vf_fb_mb` are rounded down to 16 MB and limited to what is possible.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub fn new(req: &Request) -> Result<Self, Error> {
        let Bounds {
            min_pf_mb,
            min_vf_mb,
            shared_mb,
        } = Bounds::new(req)?;
        let asked = req.quotas_mb.iter().zip(0..req.vfs).map(|(&mb, _)| mb);
        let fixed = asked.clone().fold(0u32, u32::saturating_add);
        let with_quota = u32::try_from(asked.filter(|&mb| mb != 0).count()).unwrap_or(MAX_VFS);
        let room_mb = shared_mb.saturating_sub(min_pf_mb);
        let vfs = if with_quota == 0 {
            req.vfs.min(room_mb.checked_div(min_vf_mb).unwrap_or(0))
        } else {
            req.vfs
        };
        let sharing = vfs.saturating_sub(with_quota);
        let least = fixed.saturating_add(sharing.saturating_mul(min_vf_mb));
        if least > room_mb {
            return Err(Error::NoRoom {
                asked_mb: least,
                room_mb,
            });
        }

        let max_pf = shared_mb.saturating_sub(least);
        let pf_mb = round_down(req.pf_fb_mb.clamp(min_pf_mb, max_pf));
        let rest = shared_mb.saturating_sub(pf_mb).saturating_sub(fixed);
        let average = round_down(rest.checked_div(sharing).unwrap_or(0));
        let share = if req.vf_fb_mb == 0 {
            average
        } else {
            round_down(req.vf_fb_mb).max(min_vf_mb).min(average)
        };

        let mut new = Self {
            total_mb: req.total_mb,
            pf_mb,
            min_vf_mb,
            vfs,
            ranges: [Range::EMPTY; MAX_VFS as usize],
        };
        let mut offset_mb = new.base_mb();
        for ((range, quota), _) in new.ranges.iter_mut().zip(req.quotas_mb).zip(0..vfs) {
            let size_mb = if quota == 0 { share } else { quota };
            *range = Range { offset_mb, size_mb };
            offset_mb = range.end_mb();
        }
        Ok(new)
    }

    /// Where VFs may begin.
    fn base_mb(&self) -> u32 {
        round_up(self.csa().end_mb())
    }

    /// Where they must end.
    fn limit_mb(&self) -> u32 {
        round_down(self.total_mb)
    }

    /// Number of VFs that get memory; at most what was asked for.
    pub fn vfs(&self) -> u32 {
        self.vfs
    }

    /// The PF's own framebuffer.
    pub fn pf(&self) -> Range {
        Range {
            offset_mb: 0,
            size_mb: self.pf_mb,
        }
    }

    /// The context save area.
    pub fn csa(&self) -> Range {
        Range {
            offset_mb: self.pf_mb,
            size_mb: CSA_MB,
        }
    }

    /// Framebuffer of the VF with function id `index` (from 0); `None` past the last VF.
    pub fn vf(&self, index: u32) -> Option<Range> {
        let range = *self.ranges.get(usize::try_from(index).ok()?)?;
        (range != Range::EMPTY).then_some(range)
    }

    /// The `TOTAL_FB_CONSUMED` register: available less the PF's part, in MB (section 4.6).
    pub fn consumed_register(&self) -> u16 {
        u16::try_from(self.total_mb.saturating_sub(self.pf_mb)).unwrap_or(u16::MAX)
    }

    /// The `CNTXT` register: 256 KB per function, in the framebuffer, offset in units of 256 KB (section 2.2).
    pub fn context_register(&self) -> u32 {
        const SIZE_256K: u32 = 1;
        self.pf_mb.saturating_mul(4) << 10 | SIZE_256K
    }
}

#[cfg(test)]
#[path = "fb_tests.rs"]
mod tests;
