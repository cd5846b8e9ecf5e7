/*
 * AMD FirePro S7150 model: memory as the engines of a function see it (section
 * 6.2 d): VMID 0 sees local memory at MC addresses, and system memory through
 * the one-level table of VM_CONTEXT0 (the GART); the others have tables of two
 * levels for a process each. Without caches: a table's change counts at once.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "engines.h"

#define GPU_PAGE        0x1000ull
#define ENTRY_VALID     BIT(0)
#define ENTRY_SYSTEM    BIT(1)
#define PTE_READABLE    BIT(5)
#define PTE_WRITEABLE   BIT(6)
#define ENTRY_ADDRESS   0xfffffff000ull
#define PDE_ENTRIES_LOG2 9              /* at least, of a table of PTEs */
/* Memory is moved in such pieces. */
#define PIECE           (64 * KiB)

static uint64_t page_register(S7150Fn *f, uint32_t reg)
{
    return (uint64_t)f->regs[reg / 4] << 12;
}

/* Local memory; a VF has its own part of it, and no more. */
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

static bool target_rw(S7150Fn *f, uint64_t entry, uint64_t offset, void *buf,
                      uint64_t len, bool write)
{
    uint64_t addr = (entry & ENTRY_ADDRESS) + offset;

    if (!(entry & ENTRY_SYSTEM)) {
        return local_rw(f, addr, buf, len, write);
    }
    return (write ? pci_dma_write(f->pdev, addr, buf, len)
                  : pci_dma_read(f->pdev, addr, buf, len)) == MEMTX_OK;
}

static bool fault(S7150Fn *f, uint32_t vmid, uint64_t addr, uint64_t entry)
{
    uint32_t cntl = vmid ? R_VM_CONTEXT1_CNTL : R_VM_CONTEXT0_CNTL;

    f->engines->vm_faults++;
    if (f->regs[cntl / 4] & VM_CONTEXT_FAULT_INT_EN) {
        s7150_ih_push(f, entry & ENTRY_VALID ? IH_SRC_VM_PROTECTION :
                      IH_SRC_VM_INVALID, addr / GPU_PAGE, vmid << 8);
    }
    s7150_log(f->card, f->name, "vm fault vmid=%u %" PRIx64 " entry %" PRIx64,
              vmid, addr, entry);
    return false;
}

/* Within one page. VMID 0: the driver's */
static bool driver_rw(S7150Fn *f, uint64_t mc, void *buf, uint64_t len,
                      bool write)
{
    uint64_t start = page_register(f, R_VM_CONTEXT0_PAGE_TABLE_START);
    uint64_t end = page_register(f, R_VM_CONTEXT0_PAGE_TABLE_END) +
                   GPU_PAGE - 1;
    uint64_t table = page_register(f, R_VM_CONTEXT0_PAGE_TABLE_BASE), pte;

    if (end <= start + GPU_PAGE || mc < start || mc > end) {
        return local_rw(f, mc, buf, len, write);
    }
    if (!local_rw(f, table + (mc - start) / GPU_PAGE * 8, &pte, 8, false)) {
        return false;
    }
    pte = le64_to_cpu(pte);
    return pte & ENTRY_VALID ? target_rw(f, pte, mc % GPU_PAGE, buf, len, write)
                             : fault(f, 0, mc, pte);
}

static uint64_t directory(S7150Fn *f, uint32_t vmid)
{
    return page_register(f, vmid < 8 ?
                         R_VM_CONTEXT0_PAGE_TABLE_BASE + vmid * 4 :
                         R_VM_CONTEXT8_PAGE_TABLE_BASE + (vmid - 8) * 4);
}

/* Within one page. Other VMIDs: a process's */
static bool process_rw(S7150Fn *f, uint32_t vmid, uint64_t addr, void *buf,
                       uint64_t len, bool write)
{
    uint32_t cntl = f->regs[R_VM_CONTEXT1_CNTL / 4];
    uint32_t log2 = PDE_ENTRIES_LOG2 + extract32(cntl, 24, 4);
    uint64_t page = addr / GPU_PAGE, pde, pte;
    uint64_t need = PTE_READABLE;

    if (!(cntl & VM_CONTEXT_ENABLE) || extract32(cntl, 1, 2) != 1 ||
        addr < page_register(f, R_VM_CONTEXT1_PAGE_TABLE_START) ||
        page > f->regs[R_VM_CONTEXT1_PAGE_TABLE_END / 4]) {
        return fault(f, vmid, addr, 0);
    }
    if (!local_rw(f, directory(f, vmid) + (page >> log2) * 8, &pde, 8, false)) {
        return fault(f, vmid, addr, 0);
    }
    pde = le64_to_cpu(pde);
    if (!(pde & ENTRY_VALID) ||
        !target_rw(f, pde, (page & (BIT_ULL(log2) - 1)) * 8, &pte, 8, false)) {
        return fault(f, vmid, addr, pde);
    }
    pte = le64_to_cpu(pte);
    if (write) {
        need = PTE_WRITEABLE;
    }
    return (pte & ENTRY_VALID) && (pte & need) ?
           target_rw(f, pte, addr % GPU_PAGE, buf, len, write) :
           fault(f, vmid, addr, pte);
}

/* False: a part of it cannot be reached, and what comes after it is left. */
bool engine_rw(S7150Fn *f, uint32_t vmid, uint64_t addr, void *buf,
               uint64_t len, bool write)
{
    uint8_t *p = buf;

    while (len) {
        uint64_t n = MIN(len, GPU_PAGE - addr % GPU_PAGE);

        if (!(vmid ? process_rw(f, vmid, addr, p, n, write)
                   : driver_rw(f, addr, p, n, write))) {
            return false;
        }
        addr += n;
        p += n;
        len -= n;
    }
    return true;
}

bool engine_read32(S7150Fn *f, uint32_t vmid, uint64_t addr, uint32_t *val)
{
    bool done = engine_rw(f, vmid, addr, val, 4, false);

    *val = le32_to_cpu(*val);
    return done;
}

void engine_write32(S7150Fn *f, uint32_t vmid, uint64_t addr, uint32_t val)
{
    val = cpu_to_le32(val);
    engine_rw(f, vmid, addr, &val, 4, true);
}

void engine_write64(S7150Fn *f, uint32_t vmid, uint64_t addr, uint64_t val)
{
    val = cpu_to_le64(val);
    engine_rw(f, vmid, addr, &val, 8, true);
}

/* For who is no engine (work.c): an address of the driver's */
void s7150_gpu_write32(S7150Fn *f, uint64_t mc, uint32_t val)
{
    engine_write32(f, 0, mc, val);
}

void engine_copy(Packet *k, uint64_t to, uint64_t from, uint64_t len)
{
    g_autofree uint8_t *piece = g_malloc(MIN(len, PIECE));

    k->bytes += len;
    while (len) {
        uint64_t n = MIN(len, PIECE);

        if (!engine_rw(k->f, k->vmid, from, piece, n, false) ||
            !engine_rw(k->f, k->vmid, to, piece, n, true)) {
            return;
        }
        from += n;
        to += n;
        len -= n;
    }
}

/* len: a multiple of 4 */
void engine_fill(Packet *k, uint64_t to, uint32_t pattern, uint64_t len)
{
    g_autofree uint32_t *piece = g_malloc(MIN(len, PIECE));

    for (uint64_t i = 0; i < MIN(len, PIECE) / 4; i++) {
        piece[i] = cpu_to_le32(pattern);
    }
    k->bytes += len;
    while (len) {
        uint64_t n = MIN(len, PIECE);

        if (!engine_rw(k->f, k->vmid, to, piece, n, true)) {
            return;
        }
        to += n;
        len -= n;
    }
}
