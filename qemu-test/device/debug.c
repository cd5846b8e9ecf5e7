/*
 * AMD FirePro S7150 model: test registers at the end of BAR5, which the real
 * part does not have, for programs in the guest (property debug-regs).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "s7150.h"

enum {
    DBG_ID = 0x3ff00,           /* R  53373135 */
    DBG_FUNCTION = 0x3ff04,     /* R  0: PF, else the number of the VF */
    DBG_MSI = 0x3ff08,          /* W  sends the MSI */
    DBG_FLRS = 0x3ff0c,         /* R  resets that this function has had */
    DBG_DMA_LO = 0x3ff10,
    DBG_DMA_HI = 0x3ff14,
    DBG_DMA_DATA = 0x3ff18,
    DBG_DMA_GO = 0x3ff1c,       /* W  1: writes DATA by DMA, 2: reads it */
    DBG_DMA_RESULT = 0x3ff20,   /* R  0: it worked */
    DBG_MARK = 0x3ff24,         /* W  puts a mark into the log */
};

bool s7150_debug_read(S7150Fn *f, uint32_t reg, uint32_t *val)
{
    switch (reg) {
    case DBG_ID:
        *val = 0x53373135;
        return true;
    case DBG_FUNCTION:
        *val = s7150_is_pf(f) ? 0 : f->vf + 1;
        return true;
    case DBG_FLRS:
        *val = f->flr_count;
        return true;
    }
    return false;
}

static void dma(S7150Fn *f, bool write)
{
    uint64_t addr = (uint64_t)f->regs[DBG_DMA_HI / 4] << 32 |
                    f->regs[DBG_DMA_LO / 4];
    uint32_t v = cpu_to_le32(write ? f->regs[DBG_DMA_DATA / 4] : UINT32_MAX);

    f->regs[DBG_DMA_RESULT / 4] =
        write ? pci_dma_write(f->pdev, addr, &v, 4)
              : pci_dma_read(f->pdev, addr, &v, 4);
    f->regs[DBG_DMA_DATA / 4] = le32_to_cpu(v);
}

/* The register has been stored. */
void s7150_debug_write(S7150Fn *f, uint32_t reg, uint32_t val)
{
    switch (reg) {
    case DBG_MSI:
        s7150_msi(f);
        break;
    case DBG_DMA_GO:
        dma(f, val == 1);
        break;
    case DBG_MARK:
        s7150_log(f->card, f->name, "mark %u", val);
        break;
    }
}
