/*
 * AMD FirePro S7150 model: the interrupt handler: a ring in guest memory that
 * the card writes by DMA, and the MSI (sections 3.5 and 4.7). PF and VFs each
 * have one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/pci/msi.h"
#include "s7150.h"

#define ENTRY_SIZE 16

static uint32_t *reg(S7150Fn *f, uint32_t r)
{
    return &f->regs[r / 4];
}

/* Bytes; 0: off or of no use */
static uint32_t ring_size(S7150Fn *f)
{
    uint32_t cntl = *reg(f, R_IH_RB_CNTL);
    uint32_t log2_dwords = extract32(cntl, 1, 5);

    return (cntl & IH_RB_ENABLE) && log2_dwords >= 3 && log2_dwords <= 16 ?
           4u << log2_dwords : 0;
}

static bool bus_master(S7150Fn *f)
{
    return pci_get_word(f->pdev->config + PCI_COMMAND) & PCI_COMMAND_MASTER;
}

void s7150_msi(S7150Fn *f)
{
    S7150State *s = f->card;

    if (!s->with_msi || !msi_enabled(f->pdev) || !bus_master(f)) {
        s7150_log(s, f->name, "msi not enabled");
        return;
    }
    if (s->fault.msi_lost || s->fault.gone) {
        s7150_log(s, f->name, "msi lost");
        return;
    }
    if (s7150_is_pf(f)) {
        s->counter[CNT_MSI]++;
    }
    s7150_log(s, f->name, "msi");
    msi_notify(f->pdev, 0);
}

/* Sends an MSI if there is something to read and one may be sent. */
static void kick(S7150Fn *f)
{
    uint32_t cntl = *reg(f, R_IH_RB_CNTL);

    if (f->ih_armed && (cntl & IH_ENABLE_INTR) && ring_size(f) &&
        *reg(f, R_IH_RB_WPTR) != *reg(f, R_IH_RB_RPTR)) {
        f->ih_armed = !(cntl & IH_RPTR_REARM);
        s7150_msi(f);
    }
}

static void dma_write(S7150Fn *f, uint64_t addr, const void *buf, size_t len)
{
    if (pci_dma_write(f->pdev, addr, buf, len) == MEMTX_OK) {
        return;
    }
    s7150_log(f->card, f->name, "dma refused addr=%" PRIx64, addr);
    if (s7150_is_pf(f)) {
        s7150_driver_error(f->card, "DMA of the interrupt ring to %" PRIx64
                           " was refused", addr);
    }
}

/* IH_RB_WPTR as register and as write-back */
uint32_t s7150_ih_wptr(S7150Fn *f)
{
    bool hidden = f->card->overflow_clear_level &&
                  (*reg(f, R_IH_RB_CNTL) & IH_WPTR_OVERFLOW_CLEAR);

    return *reg(f, R_IH_RB_WPTR) |
           (f->ih_overflow && !hidden ? IH_WPTR_RB_OVERFLOW : 0);
}

/* The copy of the write pointer in memory, unless a fault spoils it */
void s7150_ih_write_back(S7150Fn *f)
{
    const S7150Faults *t = &f->card->fault;
    uint32_t wptr = cpu_to_le32(s7150_ih_wptr(f));

    if (!(*reg(f, R_IH_RB_CNTL) & IH_WPTR_WRITEBACK_ENABLE)) {
        return;
    }
    if (s7150_is_pf(f)) {
        if (t->wptr_stuck) {
            return;
        }
        if (t->wptr_forged) {
            wptr = cpu_to_le32(t->wptr);
        }
    }
    dma_write(f, (uint64_t)(*reg(f, R_IH_RB_WPTR_ADDR_HI) & 0xff) << 32 |
              (*reg(f, R_IH_RB_WPTR_ADDR_LO) & ~3u), &wptr, sizeof(wptr));
}

void s7150_ih_push(S7150Fn *f, uint32_t source, uint32_t data, uint32_t ring)
{
    S7150State *s = f->card;
    uint32_t size = ring_size(f), wptr, next;
    uint64_t time = s7150_now() / 10;
    uint32_t entry[4] = {
        cpu_to_le32((source & 0xff) | extract64(time, 32, 16) << 16),
        cpu_to_le32(data & 0x0fffffff),
        cpu_to_le32(ring),
        cpu_to_le32((uint32_t)time),
    };

    if (!size || s->fault.gone) {
        s7150_log(s, f->name, "ih dropped source=%02x data=%x", source, data);
        return;
    }
    wptr = *reg(f, R_IH_RB_WPTR) & (size - 1);
    next = (wptr + ENTRY_SIZE) & (size - 1);
    if (next == (*reg(f, R_IH_RB_RPTR) & (size - 1))) {
        s->counter[CNT_IH_OVERFLOW] += s7150_is_pf(f);
        if (!(*reg(f, R_IH_DEBUG) & IH_DEBUG_OVERFLOW_ENABLE)) {
            s7150_log(s, f->name, "ih full source=%02x data=%x", source, data);
            return;
        }
        f->ih_overflow = true;
    }
    dma_write(f, ((uint64_t)*reg(f, R_IH_RB_BASE) << 8) + wptr, entry,
              sizeof(entry));
    *reg(f, R_IH_RB_WPTR) = next;
    s7150_ih_write_back(f);
    s->counter[CNT_IH_ENTRY] += s7150_is_pf(f);
    s7150_log(s, f->name, "ih source=%02x data=%x wptr=%x", source, data, next);
    kick(f);
}

/* The read pointer was written, as register or as doorbell: the MSI is armed */
void s7150_ih_rptr(S7150Fn *f, uint32_t rptr)
{
    *reg(f, R_IH_RB_RPTR) = rptr & IH_PTR_OFFSET;
    f->ih_armed = true;
    kick(f);
}

void s7150_ih_cntl(S7150Fn *f, uint32_t val)
{
    if (val & IH_WPTR_OVERFLOW_CLEAR) {
        f->ih_overflow = false;
    }
    if ((val & IH_RB_ENABLE) && !bus_master(f) && s7150_is_pf(f)) {
        s7150_driver_error(f->card, "the interrupt ring is enabled while bus "
                           "mastering is off");
    }
    *reg(f, R_IH_RB_CNTL) = val;
    kick(f);
}
