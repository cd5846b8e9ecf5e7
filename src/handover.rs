// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Live update: what this driver leaves in the card's memory for the next one, and what it finds there.
//!
//! The record lies behind the context save area, in memory that no function has: where that is follows from a register of
//! the card. It is used once. What the engine writes into it is in `gim_core::engine`; here is what only the driver knows:
//! how the card was found by the first of all drivers, the resets that are known, and what RLC-V keeps of each VF.

use crate::{
    gim_core::{
        handover::{
            length,
            Record,
            Tag,
            Unusable,
            Writer,
            HEADER, //
        },
        vfid::VfId,
    },
    gpu::Gpu,
    hw::{
        iov::FbRegisters,
        mmio::Undo,
        rlc,
        vram, //
    },
    kernel_ext::{
        fmt::Core,
        time::now_ns, //
    },
};
use kernel::prelude::*;

/// Most dwords of a record: far more than 16 VFs need.
const MOST: usize = 8192;

/// How the card was found.
pub(crate) struct Found {
    undo: KVec<u32>,
    fb: FbRegisters,
}

impl Found {
    /// From what this driver itself has found.
    pub(crate) fn new(undo: &Undo, fb: FbRegisters) -> Result<Self> {
        let mut values = KVec::new();
        for value in undo.values() {
            values.push(value, GFP_KERNEL)?;
        }
        Ok(Self { undo: values, fb })
    }

    /// Puts what the first of all drivers has found in place of what this one has.
    pub(crate) fn restore(&self, undo: &mut Undo, fb: &mut FbRegisters) {
        undo.replace(&self.undo);
        *fb = self.fb;
    }

    fn write_down(&self, to: &mut Writer<'_>) -> Result {
        to.section(Tag::Found);
        self.fb.dwords().for_each(|dword| to.dword(dword));
        to.dword(u32::try_from(self.undo.len())?);
        self.undo.iter().for_each(|value| to.dword(*value));
        Ok(())
    }

    fn read_down(record: Record<'_>) -> Result<Self> {
        let mut fields = record.section(Tag::Found).ok_or(EINVAL)?;
        let fb = FbRegisters::from_dwords(|| fields.dword()).ok_or(EINVAL)?;
        let mut undo = KVec::new();
        for _ in 0..fields.dword().ok_or(EINVAL)? {
            undo.push(fields.dword().ok_or(EINVAL)?, GFP_KERNEL)?;
        }
        Ok(Self { undo, fb })
    }
}

/// Writes everything down. For the worker, while it does `Operation::HandOver`.
///
/// # Errors
///
/// `ENOMEM`; `E2BIG` if there is more than there is room for. The next driver finds no record then.
pub(crate) fn leave(gpu: &Gpu<'_>, rlcv: &[Option<KBox<rlc::State>>]) -> Result {
    let mut buffer = KVec::from_elem(0, MOST, GFP_KERNEL)?;
    let mut writer = Writer::new(&mut buffer);
    gpu.engine.lock().write_down(&mut writer);
    writer.section(Tag::Resets);
    writer.dword(gpu.known_resets().into());
    if let Some(found) = &*gpu.found.lock() {
        found.write_down(&mut writer)?;
    }
    for (vf, state) in VfId::all().zip(rlcv) {
        if let Some(state) = state {
            writer.section(Tag::Rlcv);
            writer.dword(vf.number().into());
            state.dwords().iter().for_each(|dword| writer.dword(*dword));
        }
    }
    let record = writer.finish().ok_or(E2BIG)?;
    vram::write(&gpu.mmio, gpu.iov.behind_csa()?, record);
    Ok(())
}

/// What another driver has left.
pub(crate) struct Left {
    /// What belongs to the card.
    pub(crate) found: Found,
    /// What RLC-V keeps, for the worker's hands.
    pub(crate) rlcv: KVec<(VfId, KBox<rlc::State>)>,
    /// For how long nobody had the card, in ns.
    pub(crate) gap_ns: u64,
}

/// Takes over what another driver has left, if it has: the engine is what it was there then. To be called before there is
/// a worker.
///
/// # Errors
///
/// `ENOENT` if there is nothing to take over; the log says why.
pub(crate) fn take(gpu: &Gpu<'_>) -> Result<Left> {
    let at = gpu.iov.behind_csa()?;
    let unusable = |why: Unusable| {
        dev_warn!(
            gpu.dev,
            "VFs are enabled, and cannot be taken over: {}\n",
            Core(why)
        );
        ENOENT
    };
    let mut header = [0; HEADER];
    vram::read_into(&gpu.mmio, at, &mut header);
    let len = length(header, MOST).map_err(unusable)?;
    let mut buffer = KVec::from_elem(0, len, GFP_KERNEL)?;
    vram::read_into(&gpu.mmio, at, &mut buffer);
    // What is true now will not be any more once this driver has done something.
    vram::write(&gpu.mmio, at, &[0; HEADER]);
    let record = Record::new(&buffer).map_err(unusable)?;
    let found = Found::read_down(record).map_err(|_| unusable(Unusable::Damaged))?;
    let mut rlcv = KVec::new();
    for (_, mut fields) in record.sections().filter(|(tag, _)| *tag == Tag::Rlcv) {
        let number = fields.dword().and_then(|n| u8::try_from(n).ok());
        let vf = number.and_then(VfId::new);
        let state = rlc::State::from_dwords(fields.rest());
        let (Some(vf), Some(state)) = (vf, state) else {
            return Err(unusable(Unusable::Damaged));
        };
        rlcv.push((vf, KBox::new(state, GFP_KERNEL)?), GFP_KERNEL)?;
    }
    let resets = record
        .section(Tag::Resets)
        .and_then(|mut fields| fields.dword());
    gpu.know_resets(resets.unwrap_or(0) as u16);
    let since = record.section(Tag::Card).and_then(|mut card| card.quad());
    gpu.engine.lock().take_over(record).map_err(unusable)?;
    Ok(Left {
        found,
        rlcv,
        gap_ns: now_ns().saturating_sub(since.unwrap_or(0)),
    })
}
