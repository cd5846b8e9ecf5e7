// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What befalls the whole machine or the way to the card: shutdown, sleep, errors of the bus. What a driver's life
//! consists of otherwise is in `pf.rs`.

use crate::{
    kernel_ext::pci::{
        clear_master,
        Channel,
        LostConfig,
        Recovery, //
    },
    pf::Pf, //
};
use kernel::{
    device::Core,
    pci,
    prelude::*, //
};

impl Pf<'_> {
    /// The machine goes down, or another kernel comes (kexec). VFs stay enabled, as their drivers shut them down
    /// themselves, but have the GPU no more; nothing of the PF reaches memory from now on.
    pub(crate) fn shutdown(self: Pin<&Self>, core: &pci::Device<Core<'_>>) {
        if let Some(card) = self.card() {
            card.quiet();
        }
        clear_master(core);
    }

    /// The machine is about to sleep, and everything still works.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn prepare_sleep(self: Pin<&Self>) -> Result {
        match self.card() {
            Some(card) => card.find_firmware(),
            None => Ok(()),
        }
    }

    /// Frees the GPU before the card loses its power.
    ///
    /// # Errors
    ///
    /// `EBUSY` while a VF is in use: what a guest has on the card would be lost, and the guest would not know.
    pub(crate) fn suspend(self: Pin<&Self>) -> Result {
        let Some(card) = self.card() else {
            return Ok(());
        };
        if let Some(user) = self.sriov().in_use() {
            dev_err!(
                self.dev(),
                "no suspend: {} is in use, stop its user\n",
                user
            );
            return Err(EBUSY);
        }
        if let Some(vf) = card.started() {
            dev_err!(
                self.dev(),
                "no suspend: a guest's driver runs on VF{}, end it\n",
                vf
            );
            return Err(EBUSY);
        }
        card.quiet();
        Ok(())
    }

    /// Takes the card into operation again.
    ///
    /// # Errors
    ///
    /// As for probe; the log says why.
    pub(crate) fn resume(self: Pin<&Self>) -> Result {
        match self.card() {
            Some(card) => card.wake(self.sriov().enabled(), None),
            None => Ok(()),
        }
    }

    /// An error on the bus. One that is over has cost nothing; after any other the GPU has lost all that was on it.
    pub(crate) fn error_detected(self: Pin<&Self>, channel: Channel) -> Recovery {
        if channel == Channel::Normal {
            dev_warn!(self.dev(), "bus error: going on\n");
            return Recovery::Recovered;
        }
        dev_err!(self.dev(), "bus error: the card cannot be reached\n");
        if let Some(card) = self.card() {
            card.lost();
        }
        match channel {
            Channel::Frozen => Recovery::Reset,
            _ => Recovery::Disconnect,
        }
    }

    /// The card was reset after an error.
    ///
    /// # Errors
    ///
    /// As for [`Pf::resume`].
    pub(crate) fn slot_reset(self: Pin<&Self>, lost: LostConfig<'_>) -> Result {
        let Some(card) = self.card() else {
            return Ok(());
        };
        card.wake(self.sriov().enabled(), Some(lost))
            .inspect_err(|e| {
                dev_err!(
                    self.dev(),
                    "bus error: the card cannot be used again ({})\n",
                    e.to_errno()
                );
            })
    }

    /// The error is over.
    pub(crate) fn error_resume(self: Pin<&Self>) {
        dev_info!(self.dev(), "bus error is over\n");
    }
}
