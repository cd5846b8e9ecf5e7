/*
 * AMD FirePro S7150 model: the BARs with registers, doorbells and I/O ports.
 * Each function has its own copy of the registers; those that are more than
 * memory are handed on to the files that know them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/pci/pcie_sriov.h"
#include "s7150.h"

/* What a VF's BAR5 shows beyond the first 256 KiB (section 8.5, question 1) */
enum { BEYOND_ZEROS, BEYOND_ONES, BEYOND_REPEAT };

/* Open to a VF that does not have the GPU (section 3.12) */
static bool always_open(uint32_t reg)
{
    return (reg >= R_MAILBOX_INDEX && reg <= R_MAILBOX_INT_CNTL) ||
           reg == R_BIF_IOV_FUNC_IDENTIFIER || reg == R_CONFIG_MEMSIZE ||
           reg == R_HDP_MEM_COHERENCY_FLUSH_CNTL;
}

static bool blocked(S7150Fn *f, uint32_t reg)
{
    return f->card->vf_mmio_block && !s7150_is_pf(f) && !s7150_running(f) &&
           !always_open(reg);
}

/* Guests' drivers use the engines; the PF's does not. */
static bool has_engines(S7150Fn *f)
{
    return !s7150_is_pf(f) && f->card->engines;
}

static uint32_t func_identifier(S7150Fn *f)
{
    return !s7150_is_pf(f) ? IOV_FUNC_IDENTIFIER_VF :
           pcie_sriov_num_vfs(f->pdev) ? IOV_FUNC_IDENTIFIER_IOV_EN : 0;
}

uint32_t s7150_reg_read(S7150Fn *f, uint32_t reg)
{
    S7150State *s = f->card;
    uint32_t val, index;

    if (reg >= MMIO_SIZE) {
        return 0xffffffff;
    }
    if (blocked(f, reg)) {
        return 0xffffffff;
    }
    if (s7150_fault_register(f, reg, &val)) {
        return val;
    }
    switch (reg) {
    case R_MM_DATA:
        if (s7150_vram_indirect(f, false, &val)) {
            return val;
        }
        index = f->regs[R_MM_INDEX / 4] & ~3u;
        return index == R_MM_DATA ? 0xffffffff : s7150_reg_read(f, index);
    case R_PCIE_DATA:
        return s7150_pcie_read(s, f->regs[R_PCIE_INDEX / 4]);
    case R_BIF_IOV_FUNC_IDENTIFIER:
        return func_identifier(f);
    case R_CONFIG_MEMSIZE:
        if (!s7150_is_pf(f)) {
            return s7150_vf_fb_size(s, f->vf) / MiB;
        }
        break;
    case R_IH_RB_WPTR:
        return s7150_ih_wptr(f);
    }
    if (s7150_smc_reg(reg, &index)) {
        return s7150_smc_read(s, f->regs[index / 4]);
    }
    if (s7150_mailbox_read(f, reg, &val) || s7150_rlc_read(f, reg, &val) ||
        (s7150_is_pf(f) && s7150_gpuiov_mirror_read(s, reg, &val)) ||
        (s->debug_regs && s7150_debug_read(f, reg, &val)) ||
        s7150_work_read(f, reg, &val) ||
        (has_engines(f) && s7150_engine_reg_read(f, reg, &val))) {
        return val;
    }
    return f->regs[reg / 4];
}

/* Registers with effects; false: just memory */
static bool special_write(S7150Fn *f, uint32_t reg, uint32_t val)
{
    S7150State *s = f->card;
    uint32_t index;

    switch (reg) {
    case R_MM_DATA:
        if (!s7150_vram_indirect(f, true, &val)) {
            index = f->regs[R_MM_INDEX / 4] & ~3u;
            if (index != R_MM_DATA) {
                s7150_reg_write(f, index, val);
            }
        }
        return true;
    case R_PCIE_DATA:
        if (s7150_is_pf(f)) {
            s7150_pcie_write(s, f->regs[R_PCIE_INDEX / 4], val);
        }
        return true;
    case R_SMC_MESSAGE_0:
        f->regs[reg / 4] = val;
        s7150_smc_message(f, val);
        return true;
    case R_IH_RB_CNTL:
        s7150_ih_cntl(f, val);
        return true;
    case R_IH_RB_RPTR:
        s7150_ih_rptr(f, val);
        return true;
    case R_IH_RB_WPTR:
        f->regs[reg / 4] = val & IH_PTR_OFFSET;
        f->ih_overflow = false;
        return true;
    case R_CP_DMA_PIO_COMMAND:
        f->regs[reg / 4] = val;
        s7150_cp_dma(f, val);
        return true;
    case R_HDP_NONSURFACE_BASE:
    case R_MC_VM_FB_LOCATION:
        f->regs[reg / 4] = val;
        if (s7150_is_pf(f)) {
            s7150_vram_update_pf_window(s);
        }
        return true;
    }
    if (s7150_smc_reg(reg, &index)) {
        /* A VF loads firmware through the SMC's memory, and no more. */
        if (s7150_is_pf(f) || f->regs[index / 4] < SMC_SRAM_SIZE) {
            s7150_smc_write(s, f->regs[index / 4], val);
        }
        return true;
    }
    return s7150_mailbox_write(f, reg, val) || s7150_rlc_write(f, reg, val) ||
           (s7150_is_pf(f) && s7150_gpuiov_mirror_write(s, reg, val));
}

void s7150_reg_write(S7150Fn *f, uint32_t reg, uint32_t val)
{
    S7150State *s = f->card;

    if (reg >= MMIO_SIZE || blocked(f, reg)) {
        return;
    }
    if (s7150_mmio_read_only(reg)) {
        if (s7150_is_pf(f)) {
            char buf[S7150_NAME_LEN];

            s7150_driver_error(s, "write of %08x to %s, which is read-only",
                               val, s7150_mmio_name(reg, buf));
        }
        return;
    }
    if (special_write(f, reg, val)) {
        return;
    }
    if (has_engines(f) && s7150_engine_reg_write(f, reg, val)) {
        return;
    }
    f->regs[reg / 4] = val;
    if (has_engines(f)) {
        s7150_engine_written(f, reg, val);
    }
    if (s->debug_regs) {
        s7150_debug_write(f, reg, val);
    }
}

/* The driver's accesses to BAR5, as wide as it made them */

static void check_access(S7150Fn *f, const char *what, uint32_t addr,
                         unsigned size)
{
    char buf[S7150_NAME_LEN];

    if (!s7150_is_pf(f)) {
        return;
    }
    if (size != 4 || (addr & 3)) {
        s7150_driver_error(f->card, "%s of %u bytes at %05x (%s), which takes "
                           "aligned dwords only", what, size, addr,
                           s7150_mmio_name(addr, buf));
    }
    if (f->card->strict && !s7150_mmio_known(addr)) {
        s7150_driver_error(f->card, "%s of the unknown register %05x", what,
                           addr);
    }
}

/* The first 256 KiB of a VF's 4 MiB; false: elsewhere */
static bool within(S7150Fn *f, hwaddr *addr)
{
    if (*addr < MMIO_SIZE) {
        return true;
    }
    if (f->card->vf_mmio_beyond == BEYOND_REPEAT) {
        *addr %= MMIO_SIZE;
        return true;
    }
    return false;
}

static bool unreachable(S7150Fn *f)
{
    return s7150_is_pf(f) ? s7150_fault_gone(f->card) : f->card->fault.gone;
}

static uint64_t bar_read(S7150Fn *f, hwaddr addr, unsigned size)
{
    uint64_t val;

    if (!within(f, &addr)) {
        return f->card->vf_mmio_beyond == BEYOND_ONES ? UINT64_MAX : 0;
    }
    val = s7150_reg_read(f, addr & ~3ull);
    if ((addr & 3) + size > 4) {
        val |= (uint64_t)s7150_reg_read(f, (addr & ~3ull) + 4) << 32;
    }
    return val >> ((addr & 3) * 8);
}

static void bar_write(S7150Fn *f, hwaddr addr, uint64_t val, unsigned size)
{
    if (!within(f, &addr)) {
        return;
    }
    if (size == 8 && !(addr & 3)) {
        s7150_reg_write(f, addr, val);
        s7150_reg_write(f, addr + 4, val >> 32);
    } else if (size == 4 && !(addr & 3)) {
        s7150_reg_write(f, addr, val);
    } else if ((addr & 3) + size <= 4) {
        s7150_reg_write(f, addr & ~3ull,
                        deposit32(f->regs[addr / 4], (addr & 3) * 8, size * 8,
                                  val));
    }
}

/* Registers are reached through BAR5, which is watched, and through ports. */

static uint64_t space_read(S7150Fn *f, S7150Space space, hwaddr addr,
                           unsigned size)
{
    uint64_t val = UINT64_MAX;

    if (!unreachable(f)) {
        if (space == SPACE_MMIO) {
            check_access(f, "read", addr, size);
        }
        val = bar_read(f, addr, size);
    }
    val = extract64(val, 0, size * 8);
    s7150_access(f, space, false, size, addr, val);
    return val;
}

static void space_write(S7150Fn *f, S7150Space space, hwaddr addr,
                        uint64_t val, unsigned size)
{
    s7150_access(f, space, true, size, addr, val);
    if (!unreachable(f)) {
        if (space == SPACE_MMIO) {
            check_access(f, "write", addr, size);
        }
        bar_write(f, addr, val, size);
    }
}

static uint64_t mmio_read(void *opaque, hwaddr addr, unsigned size)
{
    return space_read(opaque, SPACE_MMIO, addr, size);
}

static void mmio_write(void *opaque, hwaddr addr, uint64_t val, unsigned size)
{
    space_write(opaque, SPACE_MMIO, addr, val, size);
}

const MemoryRegionOps s7150_mmio_ops = {
    .read = mmio_read,
    .write = mmio_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

/* Doorbells; they cannot be read back. */

static uint64_t doorbell_read(void *opaque, hwaddr addr, unsigned size)
{
    S7150Fn *f = opaque;
    uint64_t val = unreachable(f) ? MAKE_64BIT_MASK(0, size * 8) : 0;

    s7150_access(f, SPACE_DOORBELL, false, size, addr, val);
    return val;
}

static void doorbell_write(void *opaque, hwaddr addr, uint64_t val,
                           unsigned size)
{
    S7150Fn *f = opaque;
    uint32_t rptr = f->regs[R_IH_DOORBELL_RPTR / 4];

    s7150_access(f, SPACE_DOORBELL, true, size, addr, val);
    if (unreachable(f) || s7150_work_doorbell(f, addr, val) ||
        !(f->regs[R_BIF_DOORBELL_APER_EN / 4] & 1)) {
        return;
    }
    if ((rptr & IH_DOORBELL_RPTR_ENABLE) &&
        addr == extract32(rptr, 0, 21) * 4ull) {
        s7150_ih_rptr(f, val);
    } else if (has_engines(f)) {
        s7150_engine_doorbell(f, addr / 4, val);
    }
}

const MemoryRegionOps s7150_doorbell_ops = {
    .read = doorbell_read,
    .write = doorbell_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8 },
    .impl = { .min_access_size = 1, .max_access_size = 8 },
};

/* I/O ports: the first registers of BAR5 */

static uint64_t io_read(void *opaque, hwaddr addr, unsigned size)
{
    return space_read(opaque, SPACE_IO, addr, size);
}

static void io_write(void *opaque, hwaddr addr, uint64_t val, unsigned size)
{
    space_write(opaque, SPACE_IO, addr, val, size);
}

const MemoryRegionOps s7150_io_ops = {
    .read = io_read,
    .write = io_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 4 },
    .impl = { .min_access_size = 1, .max_access_size = 4 },
};
