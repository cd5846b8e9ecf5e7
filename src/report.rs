// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What the engine reports, as lines of the kernel's log: one for each event that an administrator cares about.
//!
//! A guest can cause only so many of them, as it can cause only so many of the events (`gim_core::guard`); what it can
//! repeat at will is for debugging alone.

use crate::{
    gim_core::{
        engine::{
            Fault,
            Report, //
        },
        mailbox::Line,
        vf::State,
        vfid::VfId,
    },
    kernel_ext::fmt::Core,
};
use kernel::{
    device::Bound,
    pci,
    prelude::*, //
};

/// Logs a report.
pub(crate) fn log(dev: &pci::Device<Bound>, report: Report) {
    match report {
        Report::Up | Report::Down | Report::HandedOver | Report::TakenOver => {
            dev_dbg!(dev, "{:?}\n", report)
        }
        Report::Gone => dev_err!(dev, "the card does not answer: check its slot and power\n"),
        Report::Wedged => dev_err!(
            dev,
            "the GPU could not be reset and is given up: stop the guests and reset the card\n"
        ),
        Report::Failed { step, fault } => match fault {
            Fault::Command(failure) => {
                dev_err!(dev, "{} failed, {}\n", Core(step), Core(failure));
            }
            Fault::Operation => dev_err!(dev, "{} failed\n", Core(step)),
        },
        Report::Reset { vf, reason } => {
            dev_warn!(dev, "resetting {}: {}\n", Core(vf), Core(reason));
        }
        Report::GpuReset { cause } => dev_warn!(dev, "resetting the GPU: {:?}\n", cause),
        Report::Denied {
            vf,
            state: State::Available | State::Stopped { .. },
        } => dev_warn!(
            dev,
            "nothing was done with {}: the GPU is not in operation\n",
            Core(vf)
        ),
        Report::Denied { vf, state } => dev_warn!(
            dev,
            "nothing was done with {}, which is {}: end its guest's driver first\n",
            Core(vf),
            Core(state)
        ),
        Report::OverBudget { vf, kind } => {
            dev_warn!(
                dev,
                "{} is stopped for a while: too many {:?}\n",
                Core(vf),
                kind
            );
        }
        Report::State { vf, state } => dev_dbg!(dev, "{} is {}\n", Core(vf), Core(state)),
        Report::Refused { vf, request, why } => {
            dev_dbg!(dev, "{}: {:?} refused, {:?}\n", Core(vf), request, why);
        }
        Report::StrayRelease { vf } => {
            dev_dbg!(dev, "{} released what it did not have\n", Core(vf));
        }
        Report::LogError { vf, code } => {
            dev_dbg!(dev, "{} reports error {:#x}\n", Core(vf), code);
        }
        Report::Unknown { vf, id } => dev_dbg!(dev, "{} sent message {:#x}\n", Core(vf), id),
        // With the line itself: see `text`.
        Report::Text { .. } => {}
    }
}

/// Logs a line of text that a guest sent. Messages are limited by the guard, so that these are.
pub(crate) fn text(dev: &pci::Device<Bound>, vf: VfId, line: &Line) {
    dev_info!(dev, "{} says: {}\n", Core(vf), Core(line));
}
