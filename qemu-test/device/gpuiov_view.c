/*
 * AMD FirePro S7150 model: the state of GPU-IOV as it shows elsewhere than in
 * its capability: in BAR5 (section 2.6), in SRIOV_SHADOW, and in a property.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qobject/qlist.h"
#include "hw/pci/pcie_sriov.h"
#include "s7150.h"

static uint32_t active_function(S7150State *s)
{
    return s->phase == PHASE_FREE || s->current == FCN_PF ?
           BIT(31) : s->current & 0xfu;
}

bool s7150_gpuiov_mirror_read(S7150State *s, uint32_t reg, uint32_t *val)
{
    uint8_t *cap = s7150_cap(s);
    uint16_t vfs = pcie_sriov_num_vfs(PCI_DEVICE(s));

    switch (reg) {
    case R_RLC_GPU_IOV_VF_ENABLE:
        *val = (uint32_t)vfs << 16 | (vfs != 0);
        return true;
    case R_RLC_GPU_IOV_CFG_REG1:
        *val = pci_get_long(cap + GPUIOV_CMD_CONTROL);
        return true;
    case R_RLC_GPU_IOV_CFG_REG2:
        *val = cap[GPUIOV_CMD_STATUS] & 0xf;
        return true;
    case R_RLC_GPU_IOV_CFG_REG6:
        *val = pci_get_long(cap + GPUIOV_CNTXT);
        return true;
    case R_RLC_GPU_IOV_CFG_REG9:
    case R_RLC_GPU_IOV_ACTIVE_FCN_ID:
    case R_SMU_ACTIVE_FCN_ID:
    case R_IH_ACTIVE_FCN_ID:
        *val = active_function(s);
        return true;
    case R_BIF_GPUIOV_FB_TOTAL_FB_INFO:
        *val = pci_get_long(cap + GPUIOV_FB_AVAIL);
        return true;
    }
    if (reg >= R_MC_VM_FB_SIZE_OFFSET_VF0 &&
        reg < R_MC_VM_FB_SIZE_OFFSET_VF0 + S7150_MAX_VFS * 4) {
        *val = pci_get_long(cap + GPUIOV_VF0_FB +
                            (reg - R_MC_VM_FB_SIZE_OFFSET_VF0));
        return true;
    }
    return false;
}

bool s7150_gpuiov_mirror_write(S7150State *s, uint32_t reg, uint32_t val)
{
    switch (reg) {
    case R_RLC_GPU_IOV_CFG_REG1:
        s7150_gpuiov_write(s, GPUIOV_CMD_CONTROL, val, 4);
        return true;
    case R_RLC_GPU_IOV_CFG_REG6:
        s7150_gpuiov_write(s, GPUIOV_CNTXT, val, 4);
        return true;
    }
    if (reg >= R_MC_VM_FB_SIZE_OFFSET_VF0 &&
        reg < R_MC_VM_FB_SIZE_OFFSET_VF0 + S7150_MAX_VFS * 4) {
        s7150_gpuiov_write(s, GPUIOV_VF0_FB +
                           (reg - R_MC_VM_FB_SIZE_OFFSET_VF0), val, 4);
        return true;
    }
    return false;
}

/* SRIOV_SHADOW shows what the SR-IOV capability says. */
void s7150_gpuiov_show_vfs(S7150State *s)
{
    uint16_t vfs = pcie_sriov_num_vfs(PCI_DEVICE(s));

    if (s->with_gpuiov) {
        pci_set_long(s7150_cap(s) + GPUIOV_SRIOV_SHADOW,
                     (uint32_t)vfs << 16 | (vfs != 0));
    }
}

char *s7150_json_gpu(S7150State *s)
{
    QDict *d = qdict_new();
    QList *slots = qlist_new();
    char buf[S7150_NAME_LEN];

    qdict_put_str(d, "phase", s7150_phase_name[s->phase]);
    if (s->phase == PHASE_FREE) {
        qdict_put_null(d, "function");
    } else {
        qdict_put_str(d, "function", s7150_function_name(s->current, buf));
    }
    qdict_put_bool(d, "running", s->live);
    for (int i = 0; i < S7150_FUNCTIONS; i++) {
        if (s->slots & BIT(i)) {
            qlist_append_str(slots, s7150_function_name(
                                 i ? FCN_VF0 + i - 1 : FCN_PF, buf));
        }
    }
    qdict_put(d, "slots", slots);
    if (s->executing) {
        QDict *c = qdict_new();

        qdict_put_str(c, "op", s7150_op_name[s->op]);
        qdict_put_str(c, "function", s7150_function_name(s->fcn, buf));
        qdict_put_int(c, "start", s->command_start);
        qdict_put_bool(c, "stuck", s->stuck);
        qdict_put(d, "command", c);
    } else {
        qdict_put_null(d, "command");
    }
    qdict_put_int(d, "status", s7150_cap(s)[GPUIOV_CMD_STATUS]);
    qdict_put_bool(d, "posted", s7150_posted(s));
    qdict_put_bool(d, "gone", s->fault.gone);
    return s7150_json(d);
}
