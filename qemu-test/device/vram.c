/*
 * AMD FirePro S7150 model: the card's memory and the ways to it: BAR0, the
 * MM_INDEX window and the PIO DMA of the command processor (sections 3.2, 3.9).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "s7150.h"

#define PAGE 4096

bool s7150_vram_init(S7150State *s, Error **errp)
{
    /* Sparse: a card's 8 GiB take what was written, whatever the host has. */
    if (s->vram_file && *s->vram_file) {
        return memory_region_init_ram_from_file(
            &s->vram, OBJECT(s), "s7150.vram", s->vram_size, 0,
            RAM_NORESERVE | RAM_SHARED, s->vram_file, 0, errp);
    }
    return memory_region_init_ram_flags_nomigrate(
        &s->vram, OBJECT(s), "s7150.vram", s->vram_size, RAM_NORESERVE, errp);
}

static uint8_t *host(S7150State *s, uint64_t off)
{
    return (uint8_t *)memory_region_get_ram_ptr(&s->vram) + off;
}

static bool inside(S7150State *s, uint64_t off, uint64_t len)
{
    return len <= s->vram_size && off <= s->vram_size - len;
}

bool s7150_vram_read(S7150State *s, uint64_t off, void *buf, uint64_t len)
{
    if (!inside(s, off, len)) {
        return false;
    }
    memcpy(buf, host(s, off), len);
    return true;
}

bool s7150_vram_write(S7150State *s, uint64_t off, const void *buf,
                      uint64_t len)
{
    if (!inside(s, off, len)) {
        return false;
    }
    /* Zeros where zeros are: VRAM stays as sparse as it is. */
    if (!buffer_is_zero(buf, len) || !buffer_is_zero(host(s, off), len)) {
        memcpy(host(s, off), buf, len);
        memory_region_set_dirty(&s->vram, off, len);
    }
    return true;
}

/*
 * Zeros by giving pages back, so that clearing VRAM costs the host nothing;
 * those of a file are only given back by taking them out of it.
 */
static void zero(S7150State *s, uint8_t *p, uint64_t len)
{
    uint8_t *from = QEMU_ALIGN_PTR_UP(p, PAGE);
    uint8_t *to = QEMU_ALIGN_PTR_DOWN(p + len, PAGE);

    if (from < to && madvise(from, to - from, s->vram_file ?
                             MADV_REMOVE : MADV_DONTNEED) == 0) {
        memset(p, 0, from - p);
        memset(to, 0, p + len - to);
    } else {
        memset(p, 0, len);
    }
}

static void fill(S7150State *s, uint8_t *p, uint32_t pattern, uint64_t len)
{
    if (!pattern) {
        zero(s, p, len);
        return;
    }
    for (uint64_t i = 0; i + 4 <= len; i += 4) {
        stl_le_p(p + i, pattern);
    }
}

static void copy(S7150State *s, uint8_t *to, const uint8_t *from, uint64_t len)
{
    if (buffer_is_zero(from, len)) {
        zero(s, to, len);
    } else {
        memmove(to, from, len);
    }
}

static uint64_t mc_base(S7150Fn *f)
{
    return (uint64_t)(f->regs[R_MC_VM_FB_LOCATION / 4] & 0xffff) << 24;
}

static uint64_t reg64(S7150Fn *f, uint32_t lo, uint32_t hi)
{
    return (uint64_t)f->regs[hi / 4] << 32 | f->regs[lo / 4];
}

/* CP_DMA_PIO_COMMAND was written: the move is done when the write is. */
void s7150_cp_dma(S7150Fn *f, uint32_t command)
{
    S7150State *s = f->card;
    uint64_t dst = reg64(f, R_CP_DMA_PIO_DST_ADDR, R_CP_DMA_PIO_DST_ADDR_HI) -
                   mc_base(f);
    uint64_t src = reg64(f, R_CP_DMA_PIO_SRC_ADDR, R_CP_DMA_PIO_SRC_ADDR_HI) -
                   mc_base(f);
    uint32_t len = extract32(command, 0, 21);
    bool is_data = f->regs[R_CP_DMA_PIO_CONTROL / 4] & CP_DMA_SRC_IS_DATA;

    if (!s7150_is_pf(f)) {
        return;                 /* guests use rings */
    }
    if (!s7150_running(f)) {
        s7150_driver_error(s, "DMA of the command processor while the PF does "
                           "not run");
        return;
    }
    if (!inside(s, dst, len) || (!is_data && !inside(s, src, len))) {
        s7150_driver_error(s, "DMA of the command processor beyond VRAM: "
                           "%" PRIx64 "+%x", dst, len);
        return;
    }
    if (is_data) {
        fill(s, host(s, dst), f->regs[R_CP_DMA_PIO_SRC_ADDR / 4], len);
    } else {
        copy(s, host(s, dst), host(s, src), len);
    }
    memory_region_set_dirty(&s->vram, dst, len);
}

/* MM_DATA while MM_INDEX points into VRAM; false: it does not */
bool s7150_vram_indirect(S7150Fn *f, bool write, uint32_t *val)
{
    uint32_t index = f->regs[R_MM_INDEX / 4], v;
    uint64_t off = (uint64_t)f->regs[R_MM_INDEX_HI / 4] << 31 |
                   (index & ~(MM_INDEX_APER_VRAM | 3u));

    if (!(index & MM_INDEX_APER_VRAM)) {
        return false;
    }
    if (!s7150_is_pf(f)) {
        /* A VF's offsets are in its own framebuffer. */
        if (off >= s7150_vf_fb_size(f->card, f->vf)) {
            *val = write ? *val : 0xffffffff;
            return true;
        }
        off += s7150_vf_fb_base(f->card, f->vf);
    }
    if (write) {
        v = cpu_to_le32(*val);
        s7150_vram_write(f->card, off, &v, 4);
    } else {
        *val = s7150_vram_read(f->card, off, &v, 4) ? le32_to_cpu(v)
                                                    : 0xffffffff;
    }
    return true;
}

/* BAR0 reads ones where no memory is. */
static uint64_t nothing_read(void *opaque, hwaddr addr, unsigned size)
{
    return UINT64_MAX;
}

static void nothing_write(void *opaque, hwaddr addr, uint64_t val,
                          unsigned size)
{
}

static const MemoryRegionOps nothing_ops = {
    .read = nothing_read,
    .write = nothing_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8 },
};

void s7150_vram_bar(S7150Fn *f)
{
    S7150State *s = f->card;
    Object *o = OBJECT(f->pdev);
    uint64_t size = s7150_is_pf(f) ? s->fb_bar_size : s->vf_fb_bar_size;

    memory_region_init_io(&f->fb, o, &nothing_ops, f, "s7150-fb", size);
    memory_region_init_alias(&f->fb_window, o, "s7150-fb-window", &s->vram, 0,
                             MIN(size, s->vram_size));
    memory_region_add_subregion(&f->fb, 0, &f->fb_window);
    memory_region_set_enabled(&f->fb_window, s7150_is_pf(f));
}

/* HDP_NONSURFACE_BASE slides the PF's BAR0 over the memory (section 4.4). */
void s7150_vram_update_pf_window(S7150State *s)
{
    S7150Fn *f = &s->fn;
    uint64_t off = ((uint64_t)f->regs[R_HDP_NONSURFACE_BASE / 4] << 8) -
                   mc_base(f);
    uint64_t left = off < s->vram_size ? s->vram_size - off : 0;

    memory_region_transaction_begin();
    if (left) {
        memory_region_set_size(&f->fb_window, MIN(left, s->fb_bar_size));
        memory_region_set_alias_offset(&f->fb_window, off);
    }
    memory_region_set_enabled(&f->fb_window, left != 0 && !s->fault.gone);
    memory_region_transaction_commit();
}
