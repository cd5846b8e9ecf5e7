/*
 * AMD FirePro S7150 model: what PF and VFs are made of, how each is reset, and
 * the VF's device.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "hw/pci/msi.h"
#include "hw/pci/pcie.h"
#include "hw/pci/pcie_sriov.h"
#include "s7150.h"

/* When a VF's reset takes RLC-V with it (section 7.5) */
enum { FLR_RLCV_STRAP, FLR_RLCV_ALWAYS, FLR_RLCV_NEVER };

/* Whether the VBIOS has initialised the card (sections 3.1 and 4.3) */
bool s7150_posted(S7150State *s)
{
    return s->fn.regs[R_CONFIG_MEMSIZE / 4] &&
           (s->fn.regs[BIOS_SCRATCH_7 / 4] & BIOS_SCRATCH_7_INIT_DONE);
}

void s7150_fn_init(S7150Fn *f, S7150State *s, PCIDevice *d, int vf)
{
    uint8_t mem64 = PCI_BASE_ADDRESS_MEM_TYPE_64 |
                    PCI_BASE_ADDRESS_MEM_PREFETCH;
    bool pf = vf == S7150_PF;
    Object *o = OBJECT(d);

    f->pdev = d;
    f->card = s;
    f->vf = vf;
    if (pf) {
        pstrcpy(f->name, sizeof(f->name), "PF");
    } else {
        snprintf(f->name, sizeof(f->name), "VF%u", (vf & 0xfu) + 1);
    }
    f->regs = g_malloc0(MMIO_SIZE);
    s7150_engines_init(f);
    s7150_work_init(f);
    s7150_vram_bar(f);
    memory_region_init_io(&f->doorbell, o, &s7150_doorbell_ops, f,
                          "s7150-doorbell",
                          pf ? DOORBELL_SIZE : VF_DOORBELL_SIZE);
    memory_region_init_io(&f->mmio, o, &s7150_mmio_ops, f, "s7150-mmio",
                          pf ? MMIO_SIZE : VF_MMIO_SIZE);
    pci_register_bar(d, BAR_FB, mem64, &f->fb);
    pci_register_bar(d, BAR_DOORBELL, mem64, &f->doorbell);
    pci_register_bar(d, BAR_MMIO, PCI_BASE_ADDRESS_SPACE_MEMORY, &f->mmio);
}

void s7150_fn_exit(S7150Fn *f)
{
    s7150_work_exit(f);
    s7150_engines_exit(f);
    g_clear_pointer(&f->regs, g_free);
}

static void set(S7150Fn *f, uint32_t reg, uint32_t val)
{
    f->regs[reg / 4] = val;
}

/* What a function's registers hold after a reset */
void s7150_fn_reset(S7150Fn *f, S7150Reset kind)
{
    memset(f->regs, 0, MMIO_SIZE);
    f->ih_armed = true;
    f->ih_overflow = false;
    f->spoilt = false;
    f->flr_count += kind == RESET_FLR;
    s7150_engines_reset(f);
    s7150_work_reset(f);
    set(f, R_RLC_GPM_STAT, RLC_GPM_STAT_IDLE);
    set(f, R_SMC_RESP_0, SMC_RESP_OK);
    set(f, R_GRBM_STATUS, GRBM_STATUS_IDLE);
    set(f, R_SDMA0_STATUS_REG, SDMA_STATUS_IDLE);
    set(f, R_SDMA1_STATUS_REG, SDMA_STATUS_IDLE);
    set(f, R_IH_STATUS, IH_STATUS_IDLE);
    set(f, R_CP_DMA_CNTL, CP_DMA_PIO_FIFO_EMPTY);
    set(f, R_MC_SEQ_MISC0, 0x50000000);         /* GDDR5 */
    set(f, R_MC_SHARED_CHMAP, 0x3000);          /* 8 channels */
}

/* A VF's reset shows until the VF is made ready to run again (section 3.12) */
void s7150_show_reset(S7150State *s, int vf, bool on)
{
    static const uint32_t regs[] = {
        R_BIF_VIRT_RESET_REQ, R_RLC_GPU_IOV_VIRT_RESET_REQ,
        R_BIF_GPUIOV_RESET_NOTIFICATION,
    };
    uint8_t *cap = s7150_cap(s);
    uint32_t now = deposit32(s->fn.regs[regs[0] / 4], vf, 1, on);

    for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
        set(&s->fn, regs[i], now);
    }
    if (s->with_gpuiov) {
        pci_set_long(cap + GPUIOV_RESET_NOTIFY, now);
    }
}

static bool flr_takes_rlcv(S7150State *s)
{
    return s->flr_resets_rlcv == FLR_RLCV_ALWAYS ||
           (s->flr_resets_rlcv == FLR_RLCV_STRAP &&
            (s7150_pcie_read(s, PCIE_SWRST_EP_CONTROL_0) &
             SWRST_EP_FLR0_RESET_EN));
}

static void vf_reset(Object *obj, ResetType type)
{
    S7150Fn *f = &S7150_VF(obj)->fn;
    S7150State *s = f->card;
    bool flr = pci_get_word(f->pdev->config + CFG_EXP + PCI_EXP_DEVCTL) &
               PCI_EXP_DEVCTL_BCR_FLR;

    s7150_log(s, f->name, flr ? "flr" : "reset");
    s7150_fn_reset(f, flr ? RESET_FLR : RESET_VF_ENABLE);
    if (!flr || s->flr_clears_mailbox) {
        s7150_mailbox_reset(s, f->vf);
    }
    if (!flr) {
        f->flr_seen = false;
        return;
    }
    s->counter[CNT_VF_FLR]++;
    s7150_show_reset(s, f->vf, s->flr_shows);
    s7150_gpuiov_vf_flr(f);
    s7150_fault_ring_flr(f);
    if (flr_takes_rlcv(s)) {
        s7150_rlc_reset(s);
        s->fn.regs[R_RLC_GPU_IOV_F32_CNTL / 4] &= ~RLCV_F32_ENABLE;
    }
}

static void vf_realize(PCIDevice *d, Error **errp)
{
    S7150VFState *v = S7150_VF(d);
    S7150State *s = S7150(pcie_sriov_get_pf(d));

    s7150_fn_init(&v->fn, s, d, pcie_sriov_vf_number(d));
    if (!s7150_common_caps(s, d, errp)) {
        return;
    }
    /* Read as zero on silicon, after any write (section 1.3) */
    pci_set_long(d->config + CFG_AER + PCI_ERR_UNCOR_MASK, 0);
    pci_set_long(d->wmask + CFG_AER + PCI_ERR_UNCOR_MASK, 0);
    pci_set_long(d->config + CFG_AER + PCI_ERR_COR_MASK, 0);
    pci_set_long(d->wmask + CFG_AER + PCI_ERR_COR_MASK, 0);
    /*
     * Memory Space Enable of a VF is hardwired to 0, the PF's VF MSE decides.
     * QEMU wants both, so the bit is set for good and hidden from readers.
     */
    pci_word_test_and_clear_mask(d->wmask + PCI_COMMAND,
                                 PCI_COMMAND_MEMORY | PCI_COMMAND_IO);
    pci_word_test_and_set_mask(d->config + PCI_COMMAND, PCI_COMMAND_MEMORY);
}

static void vf_exit(PCIDevice *d)
{
    pcie_aer_exit(d);
    pcie_cap_exit(d);
    msi_uninit(d);
    s7150_fn_exit(&S7150_VF(d)->fn);
}

void s7150_vf_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *k = PCI_DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    k->realize = vf_realize;
    k->exit = vf_exit;
    k->config_read = s7150_vf_config_read;
    k->config_write = s7150_vf_config_write;
    k->vendor_id = S7150_VENDOR;
    k->device_id = S7150_DEVICE_VF;
    k->class_id = PCI_CLASS_DISPLAY_VGA;
    k->subsystem_vendor_id = S7150_VENDOR;
    k->subsystem_id = S7150_SUBSYSTEM;
    rc->phases.hold = vf_reset;
    dc->desc = "AMD FirePro S7150, a virtual function";
    dc->user_creatable = false;
    set_bit(DEVICE_CATEGORY_DISPLAY, dc->categories);
}
