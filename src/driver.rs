// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The PCI driver: which devices it takes. What becomes of one is in `pf.rs`.

use crate::{
    kernel_ext::{
        self,
        pci::{
            device_table,
            is_in_table,
            Channel,
            Info,
            LostConfig,
            Recovery, //
        },
    },
    pf::Pf, //
};
use kernel::{
    device::Core,
    pci,
    prelude::*, //
};

/// The driver's callbacks.
pub(crate) struct Gim;

device_table!(
    PCI_TABLE,
    <Gim as pci::Driver>::IdInfo,
    [
        // The PF of the FirePro S7150 (section 1.1 of the hardware reference); its VFs belong to their users.
        (pci::DeviceId::from_id(pci::Vendor::ATI, 0x6929), ())
    ]
);

impl pci::Driver for Gim {
    type IdInfo = ();
    type Data<'bound> = Pf<'bound>;
    const ID_TABLE: pci::IdTable<Self::IdInfo> = &PCI_TABLE;

    fn probe<'bound>(
        dev: &'bound pci::Device<Core<'_>>,
        _info: Info<'bound, Self::IdInfo>,
    ) -> impl PinInit<Self::Data<'bound>, Error> + 'bound {
        // Without an entry of the table the administrator has forced the device on us with driver_override.
        Pf::probe(dev, !is_in_table::<Self>(dev))
    }

    fn unbind<'bound>(dev: &'bound pci::Device<Core<'_>>, this: Pin<&Self::Data<'bound>>) {
        this.unbind(dev);
    }
}

impl kernel_ext::pci::Driver for Gim {
    fn sriov_configure(
        dev: &pci::Device<Core<'_>>,
        this: Pin<&Self::Data<'_>>,
        nr: u16,
    ) -> Result<u16> {
        this.set_vfs(dev, nr)
    }

    fn shutdown(dev: &pci::Device<Core<'_>>, this: Pin<&Self::Data<'_>>) {
        this.shutdown(dev);
    }

    fn prepare_sleep(_dev: &pci::Device<Core<'_>>, this: Pin<&Self::Data<'_>>) -> Result {
        this.prepare_sleep()
    }

    fn suspend(_dev: &pci::Device<Core<'_>>, this: Pin<&Self::Data<'_>>) -> Result {
        this.suspend()
    }

    fn resume(_dev: &pci::Device<Core<'_>>, this: Pin<&Self::Data<'_>>) -> Result {
        this.resume()
    }

    fn error_detected(
        _dev: &pci::Device<Core<'_>>,
        this: Pin<&Self::Data<'_>>,
        channel: Channel,
    ) -> Recovery {
        this.error_detected(channel)
    }

    fn slot_reset(
        _dev: &pci::Device<Core<'_>>,
        this: Pin<&Self::Data<'_>>,
        lost: LostConfig<'_>,
    ) -> Result {
        this.slot_reset(lost)
    }

    fn error_resume(_dev: &pci::Device<Core<'_>>, this: Pin<&Self::Data<'_>>) {
        this.error_resume();
    }
}
