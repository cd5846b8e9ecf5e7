/*
 * AMD FirePro S7150 model: the capabilities in configuration space, each where
 * the real part has it (sections 1.2 to 1.4, 2.1).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/pci/msi.h"
#include "hw/pci/pcie.h"
#include "hw/pci/pcie_sriov.h"
#include "s7150.h"

#define EXT_CAP_ID_SECONDARY_PCIE 0x19
#define EXT_CAP_ID_MULTICAST 0x12
#define EXT_CAP_ID_TPH 0x17
#define EXT_CAP_ID_LTR 0x18
#define EXT_CAP_ID_POWER 0x04
#define EXT_CAP_ID_DPA 0x16
#define EXT_CAP_ID_REBAR 0x15

/* Capabilities that the PF has but of which nothing is modelled */
static const struct {
    uint16_t id, offset, len;
} empty_caps[] = {
    { PCI_EXT_CAP_ID_VC, 0x110, 0x10 },
    { EXT_CAP_ID_POWER, 0x240, 0x10 },
    { EXT_CAP_ID_DPA, 0x250, 0x10 },
    { EXT_CAP_ID_SECONDARY_PCIE, 0x270, 0x2c },
    { PCI_EXT_CAP_ID_ACS, 0x2a0, 0x08 },
    { EXT_CAP_ID_TPH, 0x2e0, 0x0c },
    { EXT_CAP_ID_MULTICAST, 0x2f0, 0x30 },
    { EXT_CAP_ID_LTR, 0x320, 0x08 },
};

static void vsec(PCIDevice *d, uint16_t offset, uint16_t id, uint8_t rev,
                 uint16_t len)
{
    pcie_add_capability(d, PCI_EXT_CAP_ID_VNDR, 1, offset, len);
    pci_set_long(d->config + offset + 4,
                 id | rev << 16 | (uint32_t)len << 20);
}

static bool power_management(PCIDevice *d, Error **errp)
{
    if (pci_pm_init(d, CFG_PM, errp) < 0) {
        return false;
    }
    pci_set_word(d->config + CFG_PM + PCI_PM_PMC,
                 3 | PCI_PM_CAP_D1 | PCI_PM_CAP_D2 | PCI_PM_CAP_PME_D1 |
                 PCI_PM_CAP_PME_D2 | PCI_PM_CAP_PME_D3hot |
                 PCI_PM_CAP_PME_D3cold);
    pci_set_word(d->config + CFG_PM + PCI_PM_CTRL, PCI_PM_CTRL_NO_SOFT_RESET);
    pci_set_word(d->wmask + CFG_PM + PCI_PM_CTRL,
                 PCI_PM_CTRL_STATE_MASK | PCI_PM_CTRL_PME_ENABLE);
    return true;
}

/* What PF and VFs have */
bool s7150_common_caps(S7150State *s, PCIDevice *d, Error **errp)
{
    int pos = pci_add_capability(d, PCI_CAP_ID_VNDR, CFG_VNDR, 8, errp);

    if (pos < 0) {
        return false;
    }
    d->config[pos + 2] = 8;
    pci_set_long(d->config + CFG_VNDR + VNDR_ADAPTER_ID_W,
                 pci_get_long(d->config + PCI_SUBSYSTEM_VENDOR_ID));
    if (!power_management(d, errp)) {
        return false;
    }
    pos = pcie_cap_init(d, CFG_EXP, s->legacy ? PCI_EXP_TYPE_LEG_END
                                              : PCI_EXP_TYPE_ENDPOINT, 0, errp);
    if (pos < 0) {
        return false;
    }
    pcie_cap_fill_link_ep_usp(d, QEMU_PCI_EXP_LNK_X16, QEMU_PCI_EXP_LNK_8GT);
    if (s->with_flr) {
        pcie_cap_flr_init(d);
    }
    if (s->with_msi && msi_init(d, CFG_MSI, 1, true, false, errp)) {
        return false;
    }
    vsec(d, CFG_VSEC, 0x0001, 1, 0x10);
    pci_set_quad(d->wmask + CFG_VSEC + 8, UINT64_MAX);
    if (pcie_aer_init(d, 2, CFG_AER, 0x48, errp) < 0) {
        return false;
    }
    if (s->with_ari) {
        pcie_ari_init(d, CFG_ARI);
    }
    return true;
}

/* BAR0 offers the size that it has; the control register says which. */
static void resizable_bar(S7150State *s)
{
    PCIDevice *d = PCI_DEVICE(s);
    int code = MAX(ctz64(s->fb_bar_size / MiB), 0);

    pcie_add_capability(d, EXT_CAP_ID_REBAR, 1, CFG_REBAR, 0x34);
    pci_set_long(d->config + CFG_REBAR + 4, BIT(4 + code));
    pci_set_long(d->config + CFG_REBAR + 8, 1 << 5 | code << 8);
}

static void gpuiov(S7150State *s)
{
    PCIDevice *d = PCI_DEVICE(s);
    uint8_t *w = d->wmask + CFG_GPUIOV;

    vsec(d, CFG_GPUIOV, GPUIOV_VSEC_ID, 1, GPUIOV_LEN);
    memset(w + GPUIOV_CMD_CONTROL, 0xff, 3);
    w[GPUIOV_CMD_CONTROL] = CMD_CONTROL_TYPE | CMD_CONTROL_EXECUTE |
                            CMD_CONTROL_INTR_EN;
    w[GPUIOV_RESET_CTL] = 1;
    pci_set_long(w + GPUIOV_VM_INIT, 0xffff);
    pci_set_long(w + GPUIOV_CNTXT, 0xfffffcff);
    pci_set_word(w + GPUIOV_FB_CONSUMED, 0xffff);
    memset(w + GPUIOV_VF0_FB, 0xff, 4 * S7150_MAX_VFS);
}

static bool sriov(S7150State *s, Error **errp)
{
    PCIDevice *d = PCI_DEVICE(s);
    uint8_t mem64 = PCI_BASE_ADDRESS_MEM_TYPE_64 |
                    PCI_BASE_ADDRESS_MEM_PREFETCH;

    /* Makes all VFs now; they stay disabled until VF Enable. */
    if (!pcie_sriov_pf_init(d, CFG_SRIOV, TYPE_S7150_VF, S7150_DEVICE_VF,
                            s->total_vfs, s->total_vfs, 0x10, 1, errp)) {
        return false;
    }
    /* ARI Capable Hierarchy Preserved */
    pci_set_long(d->config + CFG_SRIOV + PCI_SRIOV_CAP, BIT(1));
    pcie_sriov_pf_init_vf_bar(d, BAR_FB, mem64, s->vf_fb_bar_size);
    pcie_sriov_pf_init_vf_bar(d, BAR_DOORBELL, mem64, VF_DOORBELL_SIZE);
    pcie_sriov_pf_init_vf_bar(d, BAR_MMIO, PCI_BASE_ADDRESS_SPACE_MEMORY,
                              VF_MMIO_SIZE);
    return true;
}

bool s7150_pf_caps(S7150State *s, Error **errp)
{
    PCIDevice *d = PCI_DEVICE(s);

    if (!s7150_common_caps(s, d, errp)) {
        return false;
    }
    pci_set_long(d->wmask + CFG_VNDR + VNDR_ADAPTER_ID_W, 0xffffffff);
    /* A number of its own for each card, from its place on the bus */
    pcie_dev_ser_num_init(d, CFG_SERIAL, 0x1002692900000000ull |
                          pci_dev_bus_num(d) << 8 | d->devfn);
    for (size_t i = 0; i < ARRAY_SIZE(empty_caps); i++) {
        pcie_add_capability(d, empty_caps[i].id, 1, empty_caps[i].offset,
                            empty_caps[i].len);
    }
    resizable_bar(s);
    if (!sriov(s, errp)) {
        return false;
    }
    if (s->with_gpuiov) {
        gpuiov(s);
    }
    return true;
}
