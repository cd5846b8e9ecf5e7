/*
 * AMD FirePro S7150 model: names of registers, for logs, counters and rules.
 * Knows nothing of any card's state.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "qemu/ctype.h"
#include "regs.h"

typedef struct Reg {
    const char *name;
    uint32_t offset;
    bool ro;
} Reg;

typedef struct Family {
    const char *name;           /* ends with the number of the first */
    uint32_t offset, distance, count;
} Family;

typedef struct ConfigReg {
    const char *name;
    uint16_t offset, size;
} ConfigReg;

#define ROW(n, o, k) { #n, o, S7150_##k },
static const Reg mmio[] = { S7150_MMIO_REGS(ROW) };
#undef ROW

#define ROW(n, o, d, c) { #n, o, d, c },
static const Family families[] = { S7150_MMIO_FAMILIES(ROW) };
#undef ROW

static const ConfigReg config[] = {
    { "VENDOR_ID", 0x00, 2 }, { "DEVICE_ID", 0x02, 2 }, { "COMMAND", 0x04, 2 },
    { "STATUS", 0x06, 2 }, { "REVISION_ID", 0x08, 1 },
    { "CLASS_CODE", 0x09, 3 }, { "CACHE_LINE", 0x0c, 1 },
    { "LATENCY", 0x0d, 1 }, { "HEADER", 0x0e, 1 }, { "BIST", 0x0f, 1 },
    { "BASE_ADDR_1", 0x10, 4 }, { "BASE_ADDR_2", 0x14, 4 },
    { "BASE_ADDR_3", 0x18, 4 }, { "BASE_ADDR_4", 0x1c, 4 },
    { "BASE_ADDR_5", 0x20, 4 }, { "BASE_ADDR_6", 0x24, 4 },
    { "SUBSYSTEM_VENDOR_ID", 0x2c, 2 }, { "SUBSYSTEM_ID", 0x2e, 2 },
    { "ROM_BASE_ADDR", 0x30, 4 }, { "CAP_PTR", 0x34, 1 },
    { "INTERRUPT_LINE", 0x3c, 1 }, { "INTERRUPT_PIN", 0x3d, 1 },
    { "VENDOR_CAP_LIST", 0x48, 4 }, { "ADAPTER_ID_W", 0x4c, 4 },
    { "PMI_CAP", 0x50, 4 }, { "PMI_STATUS_CNTL", 0x54, 4 },
    { "PCIE_CAP", 0x58, 4 }, { "DEVICE_CAP", 0x5c, 4 },
    { "DEVICE_CNTL", 0x60, 2 }, { "DEVICE_STATUS", 0x62, 2 },
    { "LINK_CAP", 0x64, 4 }, { "LINK_CNTL", 0x68, 2 },
    { "LINK_STATUS", 0x6a, 2 }, { "DEVICE_CAP2", 0x7c, 4 },
    { "DEVICE_CNTL2", 0x80, 2 }, { "DEVICE_STATUS2", 0x82, 2 },
    { "LINK_CAP2", 0x84, 4 }, { "LINK_CNTL2", 0x88, 2 },
    { "LINK_STATUS2", 0x8a, 2 }, { "MSI_CAP_LIST", 0xa0, 2 },
    { "MSI_MSG_CNTL", 0xa2, 2 }, { "MSI_MSG_ADDR_LO", 0xa4, 4 },
    { "MSI_MSG_ADDR_HI", 0xa8, 4 }, { "MSI_MSG_DATA", 0xac, 4 },
    { "MSI_MASK", 0xb0, 4 }, { "MSI_PENDING", 0xb4, 4 },
    { "PCIE_VENDOR_SPECIFIC", 0x100, 4 }, { "VSEC_HEADER", 0x104, 4 },
    { "VSEC_SCRATCH1", 0x108, 4 }, { "VSEC_SCRATCH2", 0x10c, 4 },
    { "PCIE_SERIAL_NUMBER", 0x140, 12 },
    { "PCIE_ADV_ERR_RPT", 0x150, 4 }, { "PCIE_UNCORR_ERR_STATUS", 0x154, 4 },
    { "PCIE_UNCORR_ERR_MASK", 0x158, 4 },
    { "PCIE_UNCORR_ERR_SEVERITY", 0x15c, 4 },
    { "PCIE_CORR_ERR_STATUS", 0x160, 4 }, { "PCIE_CORR_ERR_MASK", 0x164, 4 },
    { "PCIE_ADV_ERR_CAP_CNTL", 0x168, 4 }, { "PCIE_HDR_LOG", 0x16c, 16 },
    { "PCIE_TLP_PREFIX_LOG", 0x188, 16 },
    { "PCIE_BAR_CAP_LIST", 0x200, 4 }, { "PCIE_BAR1_CAP", 0x204, 4 },
    { "PCIE_BAR1_CNTL", 0x208, 4 },
    { "PCIE_ARI_CAP_LIST", 0x328, 4 }, { "PCIE_ARI_CAP", 0x32c, 2 },
    { "PCIE_ARI_CNTL", 0x32e, 2 }, { "PCIE_SRIOV_CAP_LIST", 0x330, 4 },
    { "PCIE_SRIOV_CAP", 0x334, 4 }, { "PCIE_SRIOV_CONTROL", 0x338, 2 },
    { "PCIE_SRIOV_STATUS", 0x33a, 2 },
    { "PCIE_SRIOV_INITIAL_VFS", 0x33c, 2 },
    { "PCIE_SRIOV_TOTAL_VFS", 0x33e, 2 }, { "PCIE_SRIOV_NUM_VFS", 0x340, 2 },
    { "PCIE_SRIOV_FUNC_DEP_LINK", 0x342, 2 },
    { "PCIE_SRIOV_FIRST_VF_OFFSET", 0x344, 2 },
    { "PCIE_SRIOV_VF_STRIDE", 0x346, 2 },
    { "PCIE_SRIOV_VF_DEVICE_ID", 0x34a, 2 },
    { "PCIE_SRIOV_SUPPORTED_PAGE_SIZE", 0x34c, 4 },
    { "PCIE_SRIOV_SYSTEM_PAGE_SIZE", 0x350, 4 },
    { "PCIE_SRIOV_VF_BASE_ADDR_0", 0x354, 4 },
    { "PCIE_SRIOV_VF_BASE_ADDR_1", 0x358, 4 },
    { "PCIE_SRIOV_VF_BASE_ADDR_2", 0x35c, 4 },
    { "PCIE_SRIOV_VF_BASE_ADDR_3", 0x360, 4 },
    { "PCIE_SRIOV_VF_BASE_ADDR_4", 0x364, 4 },
    { "PCIE_SRIOV_VF_BASE_ADDR_5", 0x368, 4 },
    { "PCIE_SRIOV_VF_MIGRATION_STATE", 0x36c, 4 },
    { "GPUIOV_CAP_LIST", 0x400, 4 }, { "GPUIOV_VSEC_HEADER", 0x404, 4 },
    { "GPUIOV_SRIOV_SHADOW", 0x408, 4 }, { "GPUIOV_CMD_CONTROL", 0x40c, 1 },
    { "GPUIOV_FCN_ID", 0x40d, 1 }, { "GPUIOV_NXT_FCN_ID", 0x40e, 2 },
    { "GPUIOV_CMD_STATUS", 0x410, 4 }, { "GPUIOV_RESET_CONTROL", 0x414, 4 },
    { "GPUIOV_RESET_NOTIFICATION", 0x418, 4 },
    { "GPUIOV_VM_INIT_STATUS", 0x41c, 4 }, { "GPUIOV_CNTXT", 0x420, 4 },
    { "GPUIOV_TOTAL_FB_AVAILABLE", 0x424, 2 },
    { "GPUIOV_TOTAL_FB_CONSUMED", 0x426, 2 },
    { "GPUIOV_VM_BUSY_STATUS", 0x428, 2 },
    { "GPUIOV_AUTO_SCH_OFFSET", 0x42a, 1 }, { "GPUIOV_DISP_OFFSET", 0x42b, 1 },
    /* GPUIOV_VFn_FB: see below */
};

#define VF_FB_FIRST (CFG_GPUIOV + GPUIOV_VF0_FB)
#define VF_FB_END   (VF_FB_FIRST + 16 * 4)

static const Reg *find_reg(uint32_t offset)
{
    size_t lo = 0, hi = ARRAY_SIZE(mmio);

    while (hi - lo > 1) {
        size_t mid = (lo + hi) / 2;

        if (mmio[mid].offset <= offset) {
            lo = mid;
        } else {
            hi = mid;
        }
    }
    return mmio[lo].offset == offset ? &mmio[lo] : NULL;
}

static const Family *find_family(uint32_t offset, uint32_t *number)
{
    for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
        const Family *f = &families[i];

        if (offset >= f->offset && (offset - f->offset) % f->distance == 0 &&
            (offset - f->offset) / f->distance < f->count) {
            *number = (offset - f->offset) / f->distance;
            return f;
        }
    }
    return NULL;
}

bool s7150_mmio_known(uint32_t offset)
{
    uint32_t n;

    return find_reg(offset & ~3u) || find_family(offset & ~3u, &n);
}

bool s7150_mmio_read_only(uint32_t offset)
{
    const Reg *r = find_reg(offset & ~3u);

    return r && r->ro;
}

/* BIOS_SCRATCH_0 and 7 make BIOS_SCRATCH_7. */
static void family_name(const Family *f, uint32_t number,
                        char buf[S7150_NAME_LEN])
{
    size_t len = strlen(f->name);

    while (len && qemu_isdigit(f->name[len - 1])) {
        len--;
    }
    snprintf(buf, S7150_NAME_LEN, "%.*s%u", (int)len, f->name,
             (unsigned)strtoul(f->name + len, NULL, 10) + number);
}

const char *s7150_mmio_name(uint32_t offset, char buf[S7150_NAME_LEN])
{
    const Reg *r = find_reg(offset & ~3u);
    const Family *f;
    uint32_t n;

    if (r) {
        return r->name;
    }
    f = find_family(offset & ~3u, &n);
    if (f) {
        family_name(f, n, buf);
    } else {
        snprintf(buf, S7150_NAME_LEN, "MMIO_%05x", offset & ~3u);
    }
    return buf;
}

const char *s7150_config_name(uint32_t offset, char buf[S7150_NAME_LEN])
{
    size_t lo = 0, hi = ARRAY_SIZE(config);

    if (offset >= VF_FB_FIRST && offset < VF_FB_END) {
        snprintf(buf, S7150_NAME_LEN, "GPUIOV_VF%u_FB",
                 (offset - VF_FB_FIRST) / 4);
        return buf;
    }
    while (hi - lo > 1) {
        size_t mid = (lo + hi) / 2;

        if (config[mid].offset <= offset) {
            lo = mid;
        } else {
            hi = mid;
        }
    }
    if (offset - config[lo].offset < config[lo].size) {
        return config[lo].name;
    }
    snprintf(buf, S7150_NAME_LEN, "CONFIG_%03x", offset);
    return buf;
}

static int64_t number(const char *text, uint32_t limit)
{
    uint64_t v;

    if (qemu_strtou64(text, NULL, 16, &v) || v >= limit) {
        return -1;
    }
    return v;
}

int64_t s7150_mmio_find(const char *name)
{
    char buf[S7150_NAME_LEN];

    for (size_t i = 0; i < ARRAY_SIZE(mmio); i++) {
        if (g_str_equal(mmio[i].name, name)) {
            return mmio[i].offset;
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
        for (uint32_t n = 0; n < families[i].count; n++) {
            family_name(&families[i], n, buf);
            if (g_str_equal(buf, name)) {
                return families[i].offset + n * families[i].distance;
            }
        }
    }
    return number(name, 0x40000);
}

int64_t s7150_config_find(const char *name)
{
    char buf[S7150_NAME_LEN];

    for (size_t i = 0; i < ARRAY_SIZE(config); i++) {
        if (g_str_equal(config[i].name, name)) {
            return config[i].offset;
        }
    }
    for (uint32_t o = VF_FB_FIRST; o < VF_FB_END; o += 4) {
        if (g_str_equal(s7150_config_name(o, buf), name)) {
            return o;
        }
    }
    return number(name, 0x1000);
}
