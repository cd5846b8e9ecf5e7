/*
 * AMD FirePro S7150 model: a guest's view of memory: MC addresses, and those
 * that its page table of VMID 0 translates (section 6.2 d). All of it is data
 * of the guest: what is out of bounds is refused.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "../s7150.h"

#define GPU_PAGE        0x1000ull
#define PTE_VALID       BIT(0)
#define PTE_SYSTEM      BIT(1)
#define PTE_ADDRESS     0xfffffff000ull

static uint64_t page_register(S7150Fn *f, uint32_t reg)
{
    return (uint64_t)f->regs[reg / 4] << 12;
}

/* Local memory: an MC address without a page table */
static bool local_rw(S7150Fn *f, uint64_t mc, void *buf, uint64_t len,
                     bool write)
{
    uint32_t location = f->regs[R_MC_VM_FB_LOCATION / 4];
    uint64_t lo = (uint64_t)(location & 0xffff) << 24;
    uint64_t hi = ((uint64_t)(location >> 16) << 24) + 0xffffff;
    uint64_t base = 0, size = f->card->vram_size, off;

    if (!s7150_is_pf(f)) {
        base = s7150_vf_fb_base(f->card, f->vf);
        size = s7150_vf_fb_size(f->card, f->vf);
    }
    if (mc < lo || mc > hi || len > size || mc - lo > size - len) {
        s7150_log(f->card, f->name, "vm bad address %" PRIx64, mc);
        return false;
    }
    off = mc - lo + base;
    return write ? s7150_vram_write(f->card, off, buf, len)
                 : s7150_vram_read(f->card, off, buf, len);
}

static bool system_rw(S7150Fn *f, uint64_t addr, void *buf, uint64_t len,
                      bool write)
{
    return (write ? pci_dma_write(f->pdev, addr, buf, len)
                  : pci_dma_read(f->pdev, addr, buf, len)) == MEMTX_OK;
}

/* Within one page */
static bool page_rw(S7150Fn *f, uint64_t mc, void *buf, uint64_t len,
                    bool write)
{
    uint64_t start = page_register(f, R_VM_CONTEXT0_PAGE_TABLE_START);
    uint64_t end = page_register(f, R_VM_CONTEXT0_PAGE_TABLE_END) +
                   GPU_PAGE - 1;
    uint64_t table = page_register(f, R_VM_CONTEXT0_PAGE_TABLE_BASE);
    uint64_t pte, addr;

    if (end <= start + GPU_PAGE || mc < start || mc > end) {
        return local_rw(f, mc, buf, len, write);
    }
    if (!local_rw(f, table + (mc - start) / GPU_PAGE * 8, &pte, 8, false)) {
        return false;
    }
    pte = le64_to_cpu(pte);
    if (!(pte & PTE_VALID)) {
        s7150_log(f->card, f->name, "vm fault %" PRIx64 " pte %" PRIx64, mc,
                  pte);
        return false;
    }
    addr = (pte & PTE_ADDRESS) + mc % GPU_PAGE;
    return pte & PTE_SYSTEM ? system_rw(f, addr, buf, len, write)
                            : local_rw(f, addr, buf, len, write);
}

bool s7150_gpu_rw(S7150Fn *f, uint64_t mc, void *buf, uint64_t len, bool write)
{
    uint8_t *p = buf;

    while (len) {
        uint64_t n = MIN(len, GPU_PAGE - mc % GPU_PAGE);

        if (!page_rw(f, mc, p, n, write)) {
            return false;
        }
        mc += n;
        p += n;
        len -= n;
    }
    return true;
}

void s7150_gpu_write32(S7150Fn *f, uint64_t mc, uint32_t val)
{
    val = cpu_to_le32(val);
    s7150_gpu_rw(f, mc, &val, 4, true);
}

void s7150_gpu_write64(S7150Fn *f, uint64_t mc, uint64_t val)
{
    val = cpu_to_le64(val);
    s7150_gpu_rw(f, mc, &val, 8, true);
}
