/*
 * AMD FirePro S7150 (Tonga, 1002:6929) SR-IOV model for QEMU: the PF's device,
 * from its making to its resets. What is modelled: README.md.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "qemu/host-utils.h"
#include "qemu/module.h"
#include "hw/core/cpu.h"
#include "hw/pci/msi.h"
#include "hw/pci/pcie.h"
#include "hw/pci/pcie_sriov.h"
#include "migration/vmstate.h"
#include "s7150.h"

/* Why a card was reset. A guest's bus reset comes from one of its CPUs. */
static S7150Reset reset_kind(PCIDevice *d)
{
    uint16_t devctl = pci_get_word(d->config + CFG_EXP + PCI_EXP_DEVCTL);

    return devctl & PCI_EXP_DEVCTL_BCR_FLR ? RESET_FLR :
           current_cpu ? RESET_BUS : RESET_POWER;
}

/* Registers that the VBIOS's initialisation leaves (section 3.1) */
static void post(S7150State *s)
{
    uint32_t *regs = s->fn.regs;

    regs[R_CONFIG_MEMSIZE / 4] = s->total_fb_mb;
    regs[BIOS_SCRATCH_7 / 4] = BIOS_SCRATCH_7_INIT_DONE;
    regs[R_MC_VM_FB_LOCATION / 4] =
        (uint32_t)((FB_BASE_PF >> 16) + (s->vram_size >> 24) - 1) << 16 |
        (uint32_t)(FB_BASE_PF >> 16);
    regs[R_HDP_NONSURFACE_BASE / 4] = FB_BASE_PF;
    regs[R_RLC_GPU_IOV_F32_CNTL / 4] = RLCV_F32_ENABLE;
    regs[R_RLC_CNTL / 4] = 1;
}

/* A function level reset of the PF leaves the memory and the firmware alone. */
static const uint32_t kept[] = {
    R_CONFIG_MEMSIZE, BIOS_SCRATCH_7, R_MC_VM_FB_LOCATION,
    R_HDP_NONSURFACE_BASE, R_RLC_GPU_IOV_F32_CNTL, R_RLC_CNTL,
};

static void pf_reset(Object *obj, ResetType type)
{
    static const char *const name[] = { "power", "bus", "flr" };
    S7150State *s = S7150(obj);
    PCIDevice *d = PCI_DEVICE(obj);
    S7150Reset kind = reset_kind(d);
    uint32_t keep[ARRAY_SIZE(kept)];
    bool posted;

    s7150_log(s, "PF", "reset %s", name[kind]);
    s->counter[CNT_PF_FLR] += kind == RESET_FLR;
    s->counter[CNT_BUS_RESET] += kind == RESET_BUS;
    for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
        keep[i] = s->fn.regs[kept[i] / 4];
    }
    pcie_sriov_pf_reset(d);
    s7150_gpuiov_reset(s);
    s7150_fn_reset(&s->fn, kind);
    for (int i = 0; i < s->total_vfs; i++) {
        s7150_mailbox_reset(s, i);
    }
    s7150_rlc_reset(s);
    if (kind == RESET_FLR) {
        for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
            s->fn.regs[kept[i] / 4] = keep[i];
        }
    } else {
        posted = kind == RESET_POWER && s->posted;
        s7150_smc_reset(s, posted);
        s7150_pcie_reset(s);
        if (posted) {
            post(s);
        }
        s7150_fault_command_flr(s, FCN_PF, true);
    }
    s7150_vram_update_pf_window(s);
    if (kind == RESET_BUS) {
        s7150_fault_bus_reset(s);
    }
}

static bool check_properties(S7150State *s, Error **errp)
{
    if (!is_power_of_2(s->fb_bar_size) || !is_power_of_2(s->vf_fb_bar_size) ||
        s->fb_bar_size < MiB || s->vf_fb_bar_size < MiB) {
        error_setg(errp, "s7150: fb-bar-size and vf-fb-bar-size must be powers "
                   "of 2, of 1 MiB at least");
    } else if (s->total_vfs > S7150_MAX_VFS) {
        error_setg(errp, "s7150: total-vfs must be in 0..16");
    } else if (s->total_fb_mb > 0xffff ||
               s->total_fb_mb * MiB > s->vram_size) {
        error_setg(errp, "s7150: total-fb-mb is more than vram-size has");
    } else {
        return true;
    }
    return false;
}

static bool add_rom(S7150State *s, Error **errp)
{
    PCIDevice *d = PCI_DEVICE(s);

    if (!memory_region_init_rom_nomigrate(&d->rom, OBJECT(d), "s7150.rom",
                                          ROM_BAR_SIZE, errp)) {
        return false;
    }
    memcpy(memory_region_get_ram_ptr(&d->rom), s->flash, ROM_BAR_SIZE);
    pci_register_bar(d, PCI_ROM_SLOT, 0, &d->rom);
    return true;
}

static void pf_init(Object *obj)
{
    s7150_settings_init(S7150(obj));
}

static void pf_realize(PCIDevice *d, Error **errp)
{
    S7150State *s = S7150(d);

    s7150_account_init(s);
    s7150_fault_init(s);
    if (!check_properties(s, errp) || !s7150_log_open(s, errp) ||
        !s7150_smc_init(s, errp) || !s7150_vram_init(s, errp)) {
        return;
    }
    s7150_pcie_init(s);
    s7150_gpuiov_init(s);
    pci_config_set_class(d->config, s->vga_class ? PCI_CLASS_DISPLAY_VGA
                                                 : PCI_CLASS_DISPLAY_OTHER);
    d->config[PCI_INTERRUPT_PIN] = 1;
    s7150_fn_init(&s->fn, s, d, S7150_PF);
    memory_region_init_io(&s->io, OBJECT(d), &s7150_io_ops, &s->fn, "s7150-io",
                          IO_SIZE);
    pci_register_bar(d, BAR_IO, PCI_BASE_ADDRESS_SPACE_IO, &s->io);
    if (!add_rom(s, errp)) {
        return;
    }
    s7150_pf_caps(s, errp);
}

static void pf_exit(PCIDevice *d)
{
    S7150State *s = S7150(d);

    pcie_sriov_pf_exit(d);
    pcie_aer_exit(d);
    pcie_cap_exit(d);
    msi_uninit(d);
    s7150_fn_exit(&s->fn);
    s7150_gpuiov_exit(s);
    s7150_pcie_exit(s);
    s7150_smc_exit(s);
    s7150_fault_exit(s);
    s7150_account_exit(s);
}

static const VMStateDescription pf_vmstate = {
    .name = TYPE_S7150,
    .unmigratable = 1,
};

static void pf_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *k = PCI_DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    k->realize = pf_realize;
    k->exit = pf_exit;
    k->config_read = s7150_config_read;
    k->config_write = s7150_config_write;
    k->vendor_id = S7150_VENDOR;
    k->device_id = S7150_DEVICE_PF;
    k->revision = 0;
    k->class_id = PCI_CLASS_DISPLAY_VGA;
    k->subsystem_vendor_id = S7150_VENDOR;
    k->subsystem_id = S7150_SUBSYSTEM;
    rc->phases.hold = pf_reset;
    dc->desc = "AMD FirePro S7150 with SR-IOV";
    dc->vmsd = &pf_vmstate;
    device_class_set_props_n(dc, s7150_properties, s7150_properties_count);
    s7150_add_properties(klass);
    s7150_fault_add_properties(klass);
    set_bit(DEVICE_CATEGORY_DISPLAY, dc->categories);
}

static const TypeInfo types[] = {
    {
        .name = TYPE_S7150,
        .parent = TYPE_PCI_DEVICE,
        .instance_size = sizeof(S7150State),
        .instance_init = pf_init,
        .class_init = pf_class_init,
        .interfaces = (InterfaceInfo[]) { { INTERFACE_PCIE_DEVICE }, { } },
    }, {
        .name = TYPE_S7150_VF,
        .parent = TYPE_PCI_DEVICE,
        .instance_size = sizeof(S7150VFState),
        .class_init = s7150_vf_class_init,
        .interfaces = (InterfaceInfo[]) { { INTERFACE_PCIE_DEVICE }, { } },
    },
};

DEFINE_TYPES(types)
