/*
 * AMD FirePro S7150 model: accesses to configuration space by the PF's driver,
 * and by the host to that of the VFs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/range.h"
#include "hw/pci/pcie.h"
#include "hw/pci/pcie_sriov.h"
#include "s7150.h"

uint32_t s7150_config_read(PCIDevice *d, uint32_t addr, int len)
{
    S7150State *s = S7150(d);
    uint32_t val = s7150_fault_gone(s) ? MAKE_64BIT_MASK(0, len * 8)
                                       : pci_default_read_config(d, addr, len);

    s7150_access(&s->fn, SPACE_CONFIG, false, len, addr, val);
    return val;
}

/* Bus mastering must not go while the interrupt ring is on (section 9). */
static void check_command(S7150State *s, uint16_t before)
{
    uint16_t now = pci_get_word(PCI_DEVICE(s)->config + PCI_COMMAND);

    if ((before & ~now & PCI_COMMAND_MASTER) &&
        (s->fn.regs[R_IH_RB_CNTL / 4] & IH_RB_ENABLE)) {
        s7150_driver_error(s, "bus mastering is switched off while the "
                           "interrupt ring is enabled");
    }
}

static void check_sriov(S7150State *s, uint16_t before)
{
    PCIDevice *d = PCI_DEVICE(s);
    uint16_t now = pcie_sriov_num_vfs(d);

    if (!before && now && s->with_gpuiov &&
        (s7150_pcie_read(s, PCIE_STRAP8) & PCIE_STRAP8_ARI_MODE)) {
        s7150_driver_error(s, "VFs are enabled while the ARI strap puts them "
                           "on the next bus");
    }
    s7150_gpuiov_show_vfs(s);
    if (before && !now) {
        s7150_gpuiov_vfs_gone(s);
    }
    /* QEMU maps VFs when VF Enable changes; MSE or a BAR may follow later. */
    for (int i = 0; i < now; i++) {
        PCIDevice *vf = pcie_sriov_get_vf_at_index(d, i);

        pci_default_write_config(vf, PCI_COMMAND,
                                 pci_get_word(vf->config + PCI_COMMAND), 2);
    }
}

/* Writes to 4c show at 2c, where the ids themselves cannot be written. */
static void adapter_id(PCIDevice *d)
{
    pci_set_long(d->config + PCI_SUBSYSTEM_VENDOR_ID,
                 pci_get_long(d->config + CFG_VNDR + VNDR_ADAPTER_ID_W));
}

void s7150_config_write(PCIDevice *d, uint32_t addr, uint32_t val, int len)
{
    S7150State *s = S7150(d);
    uint16_t command = pci_get_word(d->config + PCI_COMMAND);
    uint16_t vfs = pcie_sriov_num_vfs(d);

    s7150_access(&s->fn, SPACE_CONFIG, true, len, addr, val);
    if (s7150_fault_gone(s) || s7150_fault_config_write(s, addr, len)) {
        return;
    }
    if (s->with_gpuiov && addr >= CFG_GPUIOV &&
        addr < CFG_GPUIOV + GPUIOV_LEN) {
        s7150_gpuiov_write(s, addr - CFG_GPUIOV, val, len);
        return;
    }
    if (vfs && range_covers_byte(addr, len, CFG_SRIOV + PCI_SRIOV_NUM_VF) &&
        (val & 0xffff) != vfs) {
        s7150_driver_error(s, "NumVFs is written while VF Enable is set");
    }
    pci_default_write_config(d, addr, val, len);
    if (ranges_overlap(addr, len, PCI_COMMAND, 2)) {
        check_command(s, command);
    }
    if (ranges_overlap(addr, len, CFG_SRIOV, PCI_EXT_CAP_SRIOV_SIZEOF)) {
        check_sriov(s, vfs);
    }
    if (ranges_overlap(addr, len, CFG_VNDR + VNDR_ADAPTER_ID_W, 4)) {
        adapter_id(d);
    }
    if (s->with_flr) {
        pcie_cap_flr_write_config(d, addr, val, len);
    }
}

static bool vf_unreachable(S7150Fn *f)
{
    return f->card->fault.gone ||
           (f->flr_until && s7150_now() < f->flr_until);
}

uint32_t s7150_vf_config_read(PCIDevice *d, uint32_t addr, int len)
{
    S7150Fn *f = &S7150_VF(d)->fn;
    uint32_t val = MAKE_64BIT_MASK(0, len * 8);

    if (!vf_unreachable(f)) {
        val = pci_default_read_config(d, addr, len);
        if (range_covers_byte(addr, len, PCI_COMMAND)) {
            val &= ~((uint32_t)PCI_COMMAND_MEMORY << (PCI_COMMAND - addr) * 8);
        }
    }
    s7150_access(f, SPACE_CONFIG, false, len, addr, val);
    return val;
}

/* The straps of section 3.10 make a VF's configuration survive its reset. */
static void flr(PCIDevice *d, uint32_t addr, uint32_t val, int len)
{
    S7150Fn *f = &S7150_VF(d)->fn;
    S7150State *s = f->card;
    uint8_t *devctl = d->config + CFG_EXP + PCI_EXP_DEVCTL;
    bool keep = (s7150_pcie_read(s, PCIE_SWRST_EP_CONTROL_0) &
                 SWRST_EP_FLR_KEEP_CFG) == SWRST_EP_FLR_KEEP_CFG;
    uint16_t command = pci_get_word(d->config + PCI_COMMAND);
    uint8_t msi[0x10];

    if (s->fault.flr) {
        pci_word_test_and_clear_mask(devctl, PCI_EXP_DEVCTL_BCR_FLR);
        s7150_log(s, f->name, "flr ignored");
        return;
    }
    memcpy(msi, d->config + CFG_MSI, sizeof(msi));
    pcie_cap_flr_write_config(d, addr, val, len);
    if (keep) {
        memcpy(d->config + CFG_MSI, msi, sizeof(msi));
        pci_default_write_config(d, PCI_COMMAND, command, 2);
    }
    f->flr_until = s->fault.flr_ms ? s7150_now() + s->fault.flr_ms * 1000000ll
                                   : 0;
}

void s7150_vf_config_write(PCIDevice *d, uint32_t addr, uint32_t val, int len)
{
    S7150Fn *f = &S7150_VF(d)->fn;

    s7150_access(f, SPACE_CONFIG, true, len, addr, val);
    if (vf_unreachable(f)) {
        return;
    }
    pci_default_write_config(d, addr, val, len);
    if (f->card->with_flr &&
        (pci_get_word(d->config + CFG_EXP + PCI_EXP_DEVCTL) &
         PCI_EXP_DEVCTL_BCR_FLR)) {
        flr(d, addr, val, len);
    }
}
