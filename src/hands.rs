// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What the worker can do on the card: commands, and the operations that are more than one command.
//!
//! Everything here is done by the worker alone, so that it may use the windows that the card has only once.

use crate::{
    division::bytes,
    gim_core::{
        engine::Operation,
        gpuiov::{
            Command,
            Failure,
            Function, //
        },
        vfid::{
            self,
            VfId, //
        },
        wait::{
            Learner,
            Patience,
            Pause, //
        },
    },
    gpu::Gpu,
    handover::{
        self,
        Left, //
    },
    hw::{
        bars,
        cp_dma,
        flr,
        iov::Look,
        rlc,
        sdma,
        vram, //
    },
    irq::Interrupts,
    kernel_ext::{
        pci::{
            is_present,
            VfWindow, //
        },
        time::{
            now_ns,
            sleep,
            spin, //
        },
    },
    load::Loads,
    post::Vbios,
    reset, //
};
use kernel::{
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    },
};

/// Places in a framebuffer that are looked at after it was cleared.
const SAMPLES: u64 = 64;

/// One card's worker's hands.
pub(crate) struct Hands<'a> {
    gpu: Arc<Gpu<'a>>,
    total_vfs: u16,
    learner: Learner,
    /// The VBIOS, of which each VF gets a copy.
    vbios: Arc<Mutex<Vbios>>,
    interrupts: Arc<Interrupts>,
    /// What RLC-V keeps of each VF, once it has started for the first time.
    rlcv: KVec<Option<KBox<rlc::State>>>,
    /// What is known of the VFs' work.
    loads: KBox<Loads>,
    /// Who was made to run.
    running: Option<VfId>,
    /// Registers of the VF that is being reset.
    before_flr: Option<(VfId, flr::Saved)>,
}

impl<'a> Hands<'a> {
    /// `vbios` is the card's own, and `interrupts` is its ring.
    pub(crate) fn new(
        gpu: Arc<Gpu<'a>>,
        total_vfs: u16,
        vbios: Arc<Mutex<Vbios>>,
        interrupts: Arc<Interrupts>,
    ) -> Result<Self> {
        let mut rlcv = KVec::with_capacity(vfid::COUNT, GFP_KERNEL)?;
        for _ in 0..vfid::COUNT {
            rlcv.push(None, GFP_KERNEL)?;
        }
        Ok(Self {
            gpu,
            total_vfs,
            learner: Learner::new(),
            vbios,
            interrupts,
            rlcv,
            loads: KBox::new(Loads::new(), GFP_KERNEL)?,
            running: None,
            before_flr: None,
        })
    }

    /// Goes on with what another driver has left.
    pub(crate) fn take_over(&mut self, left: Left) -> Result {
        self.running = self.gpu.engine.lock().running();
        for (vf, state) in left.rlcv {
            *self.rlcv.get_mut(vf.index()).ok_or(EINVAL)? = Some(state);
        }
        Ok(())
    }

    /// Gives the GPU a command and waits until it is done: asleep for as long as it usually takes, then looking. `begin` is
    /// now, in monotonic ns: nobody reads the clock for a command that is done at once.
    ///
    /// # Errors
    ///
    /// See [`Failure`]; after [`Command::limit_ms`] at the latest, or `limit` in ns.
    pub(crate) fn command(
        &mut self,
        command: Command,
        function: Function,
        begin: u64,
        limit: Option<u64>,
    ) -> Result<(), Failure> {
        let mut looks = self.learner.begin(command);
        if let Some(limit) = limit {
            looks.limit_to(limit);
        }
        let iov = &self.gpu.iov;
        iov.start(command, function);
        let mut elapsed = 0;
        loop {
            match looks.pause(elapsed) {
                Pause::None => {}
                Pause::Spin(ns) => spin(ns),
                Pause::Sleep(ns) => sleep(ns),
            }
            match iov.look(command, looks.made() == 0) {
                Look::Done => {
                    self.learner.done(&looks);
                    self.ended(command, function);
                    return Ok(());
                }
                Look::Failed(failure) => return Err(failure),
                Look::Busy { control } => {
                    elapsed = now_ns().saturating_sub(begin);
                    if looks.busy(elapsed) == Patience::Over {
                        return Err(iov.timeout(control));
                    }
                }
            }
        }
    }

    /// A command is done.
    fn ended(&mut self, command: Command, function: Function) {
        let vf = match function {
            Function::Vf(number) => VfId::new(number),
            Function::Pf => None,
        };
        match (command, vf) {
            (Command::Run, vf) => self.running = vf,
            (Command::Init, Some(vf)) => self.loads.forget(vf),
            (Command::Idle, _) => self.running = None,
            _ => {}
        }
    }

    /// Whether the card has stopped answering.
    pub(crate) fn is_gone(&self) -> bool {
        !is_present(self.gpu.dev)
    }

    /// Does an operation.
    ///
    /// # Errors
    ///
    /// Any; all waits are bounded.
    pub(crate) fn operate(&mut self, operation: Operation) -> Result {
        let mmio = &self.gpu.mmio;
        match operation {
            Operation::Prepare(vf) => self.prepare(vf),
            Operation::Clear(vf) => self.fill(vf, 0),
            Operation::Fill(vf, byte) => self.fill(vf, byte),
            Operation::Resize(vf, mb) => {
                // Whatever is in the way, the card is as it was.
                if let Err(e) = self.gpu.division.resize(vf, mb) {
                    self.gpu.deny(e);
                }
                Ok(())
            }
            Operation::SaveRlcv(vf) => {
                self.command(Command::SaveRlcv, vf.function(), now_ns(), None)
                    .map_err(|_| EIO)?;
                let state = KBox::new(rlc::State::read(&self.gpu.mmio), GFP_KERNEL)?;
                *self.rlcv.get_mut(vf.index()).ok_or(EINVAL)? = Some(state);
                Ok(())
            }
            Operation::Flr(vf) => {
                let window = self.window(vf, bars::REGISTERS, flr::WINDOW)?;
                let saved = self.gpu.with_own_reset(vf, || {
                    flr::reset(self.gpu.dev, mmio, &window, vf.index() as u16)
                })?;
                // A command that does not end with the reset of its VF never will.
                if self.gpu.iov.is_executing() {
                    return Err(EIO);
                }
                self.before_flr = Some((vf, saved));
                Ok(())
            }
            Operation::RestoreRlcv(vf) => {
                rlc::enable(mmio);
                if let Some(Some(state)) = self.rlcv.get(vf.index()) {
                    state.write(mmio);
                }
                self.command(Command::LoadRlcv, vf.function(), now_ns(), None)
                    .map_err(|_| EIO)?;
                match self.before_flr.take() {
                    Some((of, saved)) if of == vf => saved.write(
                        &self.gpu.mmio,
                        &self.window(vf, bars::REGISTERS, flr::WINDOW)?,
                    ),
                    _ => Ok(()),
                }
            }
            Operation::ResetGpu => {
                // Of what there was before the reset.
                self.before_flr = None;
                for state in &mut self.rlcv {
                    *state = None;
                }
                reset::gpu(&self.gpu, &mut self.vbios.lock(), &self.interrupts, || {
                    self.gpu.is_lock_lent()
                })
            }
            Operation::QueryWork => Err(EINVAL),
            Operation::HandOver => {
                if let Err(e) = handover::leave(&self.gpu, &self.rlcv) {
                    dev_err!(
                        self.gpu.dev,
                        "nothing can be left to the next driver ({}): the guests on VFs have to start anew\n",
                        e.to_errno()
                    );
                }
                Ok(())
            }
        }
    }

    /// Which VFs have work: bit 0 for VF1.
    pub(crate) fn query_work(&mut self) -> Result<u16> {
        self.loads.query(&self.gpu, self.total_vfs, self.running)
    }

    /// The beginning of one of a VF's BARs.
    fn window(&self, vf: VfId, bar: u32, len: usize) -> Result<VfWindow> {
        let index = vf.index() as u16;
        VfWindow::new(self.gpu.dev, bar, self.total_vfs, index, len)
    }

    /// Puts the VBIOS where the VF's driver looks for it, and lets its DMA engines go.
    fn prepare(&self, vf: VfId) -> Result {
        let vbios = self.vbios.lock();
        let image = vbios.image();
        self.window(vf, bars::FRAMEBUFFER, image.len())?
            .write(image)?;
        sdma::release(&self.gpu.mmio);
        sdma::release_vf(&self.window(vf, bars::REGISTERS, sdma::WINDOW)?)
    }

    /// Fills a VF's framebuffer with a byte, and looks whether that is what it holds.
    fn fill(&self, vf: VfId, byte: u8) -> Result {
        let mmio = &self.gpu.mmio;
        let wanted = u32::from_ne_bytes([byte; 4]);
        let range = self.gpu.iov.vf_range(vf)?.ok_or(EINVAL)?;
        let (offset, size) = (bytes(range.offset_mb), bytes(range.size_mb));
        cp_dma::fill(mmio, offset, size, wanted)?;
        let last = size.saturating_sub(4);
        for i in 0..=SAMPLES {
            let at = offset + (last / SAMPLES * i).min(last) / 4 * 4;
            let seen = vram::read(mmio, at);
            if seen != wanted {
                dev_err!(
                    self.gpu.dev,
                    "framebuffer byte {at:#x} reads {seen:#x} after a fill with {wanted:#x}\n"
                );
                return Err(EIO);
            }
        }
        Ok(())
    }
}
