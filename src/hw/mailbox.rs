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
        Message,
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
pub(crate) struct Mailbox {
    /// Messages are taken.
    open: bool,
}

impl Mailbox {
    /// The one mailbox of a card.
    pub(crate) fn new() -> Self {
        Self { open: true }
    }

    /// Takes messages and acknowledgements from now on, or leaves them to another driver.
    pub(crate) fn open(&mut self, open: bool) {
        self.open = open;
    }

    /// Registers that are changed here, for [`Undo`]: MAILBOX_INDEX and MAILBOX_INT_CNTL.
    pub(crate) fn remember(undo: &mut Undo, mmio: &Mmio<'_>) -> Result {
        undo.remember(mmio, 0x5318)?;
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
    ///
    /// A request withdraws what the PF has said and nobody has acknowledged: that was for a guest that is gone, and the
    /// one that asks now would take it for the answer.
    pub(crate) fn receive(&mut self, mmio: &Mmio<'_>, vf: VfId) -> Option<Message> {
        let control = self.look(mmio, vf)?;
        if control & control::RCV_MSG_VALID == 0 {
            return None;
        }
        let id = mmio.read(MAILBOX_MSGBUF_RCV_DW0).into();
        let mut dwords = [id, 0, 0, 0];
        if Message::has_data(id) {
            let [_, code, low, high] = &mut dwords;
            *code = mmio.read(MAILBOX_MSGBUF_RCV_DW1).into();
            *low = mmio.read(MAILBOX_MSGBUF_RCV_DW2).into();
            *high = mmio.read(MAILBOX_MSGBUF_RCV_DW3).into();
        }
        let message = Message::decode(dwords);
        let control = match message {
            Message::Request(_) => control::without_valid(control),
            _ => control,
        };
        mmio.write_reg(MAILBOX_CONTROL::from(control::with_ack(control)));
        Some(message)
    }

    /// The VF may have read the PF's message, which is not valid any more then; whether it has.
    pub(crate) fn acknowledged(&mut self, mmio: &Mmio<'_>, vf: VfId) -> bool {
        let Some(control) = self.look(mmio, vf) else {
            return false;
        };
        if control & control::TRN_MSG_VALID == 0 || control & control::TRN_MSG_ACK == 0 {
            return false;
        }
        mmio.write_reg(MAILBOX_CONTROL::from(control::without_valid(control)));
        true
    }

    /// A VF's `MAILBOX_CONTROL`; `None` if it is not to be minded.
    fn look(&mut self, mmio: &Mmio<'_>, vf: VfId) -> Option<u32> {
        if !self.open {
            return None;
        }
        self.select(mmio, vf);
        let control = mmio.read(MAILBOX_CONTROL).into();
        (control != u32::MAX).then_some(control)
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
