/*
 * AMD FirePro S7150 model: what a driver may change on the card and must put
 * back when its probe fails or it is unbound, as JSON to compare.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/pci/msi.h"
#include "s7150.h"

static const struct {
    const char *name;
    uint16_t offset;
    uint8_t len;
} config[] = {
    { "COMMAND", PCI_COMMAND, 2 },
    { "ADAPTER_ID", CFG_VNDR + VNDR_ADAPTER_ID_W, 4 },
    { "PMI_STATUS_CNTL", CFG_PM + PCI_PM_CTRL, 2 },
    { "DEVICE_CNTL", CFG_EXP + PCI_EXP_DEVCTL, 2 },
    { "LINK_CNTL", CFG_EXP + PCI_EXP_LNKCTL, 2 },
    { "UNCORR_ERR_MASK", CFG_AER + PCI_ERR_UNCOR_MASK, 4 },
    { "CORR_ERR_MASK", CFG_AER + PCI_ERR_COR_MASK, 4 },
    { "SRIOV_CONTROL", CFG_SRIOV + PCI_SRIOV_CTRL, 2 },
    { "SRIOV_NUM_VFS", CFG_SRIOV + PCI_SRIOV_NUM_VF, 2 },
    { "GPUIOV_CNTXT", CFG_GPUIOV + GPUIOV_CNTXT, 4 },
    { "GPUIOV_TOTAL_FB_CONSUMED", CFG_GPUIOV + GPUIOV_FB_CONSUMED, 2 },
};

static const uint32_t mmio[] = {
    R_HDP_HOST_PATH_CNTL, R_HDP_NONSURFACE_BASE, R_MC_VM_MX_L1_TLB_CNTL,
    R_IH_RB_CNTL, R_IH_RB_BASE, R_IH_RB_RPTR, R_IH_RB_WPTR,
    R_IH_RB_WPTR_ADDR_HI, R_IH_RB_WPTR_ADDR_LO, R_IH_CNTL, R_IH_DEBUG,
    R_IH_DOORBELL_RPTR, R_MAILBOX_INDEX, R_MAILBOX_INT_CNTL,
    R_BIF_DOORBELL_APER_EN, R_CONFIG_MEMSIZE, R_INTERRUPT_CNTL,
    R_INTERRUPT_CNTL2, R_RLC_CGCG_CGLS_CTRL, R_RLC_GPU_IOV_F32_CNTL,
    R_SDMA0_F32_CNTL, R_SDMA1_F32_CNTL,
};

static const struct {
    const char *name;
    uint32_t address;
} pcie[] = {
    { "PCIE_STRAP8", PCIE_STRAP8 },
    { "PCIE_STRAP_MISC", PCIE_STRAP_MISC },
    { "SWRST_EP_CONTROL_0", PCIE_SWRST_EP_CONTROL_0 },
};

static uint32_t config_value(const uint8_t *p, int len)
{
    return len == 4 ? pci_get_long(p) : pci_get_word(p);
}

static void add_mailboxes(S7150State *s, QDict *d)
{
    for (int i = 0; i < s->total_vfs; i++) {
        const S7150Mailbox *m = &s->mailbox[i];
        char name[S7150_NAME_LEN];

        snprintf(name, sizeof(name), "MAILBOX_VF%d_TRN_MSG_VALID", i + 1);
        qdict_put_int(d, name, m->trn_valid[MBOX_PF]);
    }
}

char *s7150_json_state(S7150State *s)
{
    const uint8_t *c = PCI_DEVICE(s)->config;
    QDict *d = qdict_new();
    char buf[S7150_NAME_LEN];

    for (size_t i = 0; i < ARRAY_SIZE(config); i++) {
        qdict_put_int(d, config[i].name,
                      config_value(c + config[i].offset, config[i].len));
    }
    for (int i = 0; i < s->total_vfs; i++) {
        uint32_t offset = CFG_GPUIOV + GPUIOV_VF0_FB + i * 4;

        qdict_put_int(d, s7150_config_name(offset, buf),
                      pci_get_long(c + offset));
    }
    qdict_put_bool(d, "MSI_ENABLE", s->with_msi && msi_enabled(PCI_DEVICE(s)));
    for (size_t i = 0; i < ARRAY_SIZE(mmio); i++) {
        qdict_put_int(d, s7150_mmio_name(mmio[i], buf),
                      s->fn.regs[mmio[i] / 4]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(pcie); i++) {
        qdict_put_int(d, pcie[i].name, s7150_pcie_read(s, pcie[i].address));
    }
    qdict_put_int(d, "CG_INTERRUPT_STATUS",
                  s7150_smc_read(s, SMC_CG_INTERRUPT_STATUS));
    qdict_put_int(d, "RLCV_SCRATCH_20", s->rlcv_scratch[0x20]);
    qdict_put_str(d, "phase", s7150_phase_name[s->phase]);
    add_mailboxes(s, d);
    return s7150_json(d);
}
