// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The mailbox registers, which show the bank of one VF at a time (sections 3.6 and 4.8 of the hardware reference).
//! What the messages mean is in `gim_core::mailbox`.

use super::mmio::{
    Mmio,
    Undo, //
};
use crate::gim_core::{
    mailbox::{
        control,
        Reply,
        INTERRUPTS_ON, //
    },
    vfid::VfId,
};
use kernel::{
    io::{
        register,
        Io, //
    },
    prelude::*, //
};

register! {
    /// Index of the VF whose bank the registers show, from 0.
    MAILBOX_INDEX(u32) @ 0x5318 {
        3:0 index;
    }

    /// First dword of the PF's message to the VF.
    MAILBOX_MSGBUF_TRN_DW0(u32) @ 0x5320 {
        31:0 value;
    }

    /// First dword of the VF's message to the PF.
    MAILBOX_MSGBUF_RCV_DW0(u32) @ 0x5330 {
        31:0 value;
    }

    /// Its second dword.
    MAILBOX_MSGBUF_RCV_DW1(u32) @ 0x5334 {
        31:0 value;
    }

    /// Its third dword.
    MAILBOX_MSGBUF_RCV_DW2(u32) @ 0x5338 {
        31:0 value;
    }

    /// Its fourth dword.
    MAILBOX_MSGBUF_RCV_DW3(u32) @ 0x533c {
        31:0 value;
    }

    /// Valid and acknowledged, in both directions.
    MAILBOX_CONTROL(u32) @ 0x5340 {
        31:0 value;
    }

    /// What the PF is interrupted for.
    MAILBOX_INT_CNTL(u32) @ 0x5344 {
        1:0 enable;
    }
}

/// Whose bank the registers show: whoever has this exclusively may change that. So it belongs behind one lock.
pub(crate) struct Mailbox(());

impl Mailbox {
    /// The one mailbox of a card.
    pub(crate) fn new() -> Self {
        Self(())
    }

    /// Registers that [`Mailbox::enable`] changes, for [`Undo`].
    pub(crate) fn remember(undo: &mut Undo, mmio: &Mmio<'_>) -> Result {
        undo.remember(mmio, 0x5344)
    }

    /// Lets the card report messages and acknowledgements.
    pub(crate) fn enable(&mut self, mmio: &Mmio<'_>) {
        mmio.write_reg(MAILBOX_INT_CNTL::from(INTERRUPTS_ON));
    }

    fn select(&mut self, mmio: &Mmio<'_>, vf: VfId) {
        mmio.write_reg(MAILBOX_INDEX::from(vf.index() as u32));
    }

    fn update_control(mmio: &Mmio<'_>, change: fn(u32) -> u32) {
        let read = mmio.read(MAILBOX_CONTROL).into();
        mmio.write_reg(MAILBOX_CONTROL::from(change(read)));
    }

    /// Takes the VF's message and acknowledges it; `None` if there is none.
    pub(crate) fn receive(&mut self, mmio: &Mmio<'_>, vf: VfId) -> Option<[u32; 4]> {
        self.select(mmio, vf);
        let control: u32 = mmio.read(MAILBOX_CONTROL).into();
        if control & control::RCV_MSG_VALID == 0 || control == u32::MAX {
            return None;
        }
        let message = [
            mmio.read(MAILBOX_MSGBUF_RCV_DW0).into(),
            mmio.read(MAILBOX_MSGBUF_RCV_DW1).into(),
            mmio.read(MAILBOX_MSGBUF_RCV_DW2).into(),
            mmio.read(MAILBOX_MSGBUF_RCV_DW3).into(),
        ];
        mmio.write_reg(MAILBOX_CONTROL::from(control::with_ack(control)));
        Some(message)
    }

    /// The VF has read the PF's message: it is not valid any more.
    pub(crate) fn acknowledged(&mut self, mmio: &Mmio<'_>, vf: VfId) {
        self.select(mmio, vf);
        Self::update_control(mmio, control::without_valid);
    }

    /// Sends a message to a VF.
    pub(crate) fn send(&mut self, mmio: &Mmio<'_>, vf: VfId, reply: Reply) {
        self.select(mmio, vf);
        Self::update_control(mmio, control::without_valid);
        mmio.write_reg(MAILBOX_MSGBUF_TRN_DW0::from(reply.dw0()));
        if reply.valid() {
            Self::update_control(mmio, control::with_valid);
        }
    }
}
