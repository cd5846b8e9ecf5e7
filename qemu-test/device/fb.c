/*
 * AMD FirePro S7150 model: how the PF's driver divides the framebuffer: the
 * VFs' ranges, their windows, and the context save area (section 2.2).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/pci/pcie_sriov.h"
#include "s7150.h"

static uint32_t vf_fb(S7150State *s, int vf)
{
    return pci_get_long(s7150_cap(s) + GPUIOV_VF0_FB + vf * 4);
}

/* A range in the PF's framebuffer, in bytes; 0: it has none */
uint64_t s7150_vf_fb_base(S7150State *s, int vf)
{
    return (uint64_t)(vf_fb(s, vf) >> 16) * VF_FB_UNIT;
}

uint64_t s7150_vf_fb_size(S7150State *s, int vf)
{
    uint32_t r = vf_fb(s, vf);

    return r ? ((uint64_t)(r & 0xffff) + 1) * VF_FB_UNIT : 0;
}

/* Whatever was reported about a VF's range may be otherwise now. */
void s7150_fb_changed(S7150State *s)
{
    for (int i = 0; i < s->total_vfs; i++) {
        s7150_vf(s, i)->fb_reported = false;
    }
}

void s7150_fb_check_write(S7150State *s, int vf)
{
    uint64_t base = s7150_vf_fb_base(s, vf), size = s7150_vf_fb_size(s, vf);

    s7150_fb_changed(s);
    s7150_log(s, "PF", "fb VF%d base=%" PRIx64 " size=%" PRIx64, vf + 1, base,
              size);
    if (base + size > s->total_fb_mb * MiB) {
        s7150_driver_error(s, "VF%d's framebuffer %" PRIx64 "..%" PRIx64
                           " ends beyond that of the card", vf + 1, base,
                           base + size);
    }
    if (s->phase != PHASE_FREE && s->current == FCN_VF0 + vf) {
        s7150_driver_error(s, "VF%d's framebuffer is changed while it has the "
                           "GPU", vf + 1);
    }
}

static uint32_t cntxt(S7150State *s)
{
    return pci_get_long(s7150_cap(s) + GPUIOV_CNTXT);
}

/* Bytes for one function */
static uint64_t csa_size(S7150State *s)
{
    return (cntxt(s) & 0x7f) * CNTXT_UNIT;
}

static uint64_t csa_base(S7150State *s)
{
    return (cntxt(s) >> 10) * csa_size(s);
}

void s7150_cntxt_changed(S7150State *s)
{
    s7150_log(s, "PF", "csa base=%" PRIx64 " size=%" PRIx64, csa_base(s),
              csa_size(s));
    s7150_fb_changed(s);
    if (s->phase != PHASE_FREE) {
        s7150_driver_error(s, "CNTXT is changed while a function has the GPU");
    }
    if (cntxt(s) & BIT(7)) {
        s7150_driver_error(s, "CNTXT puts the context save area into system "
                           "memory");
    }
    if (csa_base(s) + csa_size(s) * S7150_FUNCTIONS > s->total_fb_mb * MiB) {
        s7150_driver_error(s, "the context save area %" PRIx64 " ends beyond "
                           "the framebuffer", csa_base(s));
    }
    /* What had been saved was elsewhere. */
    s->slots = 0;
}

static bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
    return a_size && b_size && a < b + b_size && b < a + a_size;
}

/*
 * Ranges are looked at when they are used, as a driver cannot write all at
 * once; each mistake is reported once, until something is changed.
 */
void s7150_fb_check_use(S7150State *s, uint8_t fcn)
{
    uint64_t csa = csa_size(s) * S7150_FUNCTIONS, base, size, pf;
    uint16_t consumed = pci_get_word(s7150_cap(s) + GPUIOV_FB_CONSUMED);
    int vf = fcn & 0xf;
    S7150Fn *f;

    if (fcn == FCN_PF) {
        return;
    }
    f = s7150_vf(s, vf);
    if (f->fb_reported) {
        return;
    }
    f->fb_reported = true;
    base = s7150_vf_fb_base(s, vf);
    size = s7150_vf_fb_size(s, vf);
    if (!size) {
        s7150_driver_error(s, "%s has no framebuffer", f->name);
    }
    if (overlap(base, size, csa_base(s), csa)) {
        s7150_driver_error(s, "%s's framebuffer overlaps the context save area",
                           f->name);
    }
    pf = consumed && consumed < s->total_fb_mb ?
         (s->total_fb_mb - consumed) * MiB : 0;
    if (overlap(base, size, 0, pf)) {
        s7150_driver_error(s, "%s's framebuffer overlaps the PF's", f->name);
    }
    for (int i = 0; i < pcie_sriov_num_vfs(PCI_DEVICE(s)); i++) {
        if (i != vf && overlap(base, size, s7150_vf_fb_base(s, i),
                               s7150_vf_fb_size(s, i))) {
            s7150_driver_error(s, "%s's framebuffer overlaps VF%d's", f->name,
                               i + 1);
        }
    }
}

/* Shows a VF its own range in its BAR0, and nothing else. */
void s7150_fb_update_window(S7150Fn *f)
{
    S7150State *s = f->card;
    uint64_t base = s7150_vf_fb_base(s, f->vf);
    uint64_t size = MIN(s7150_vf_fb_size(s, f->vf), s->vf_fb_bar_size);
    bool on = size && base + size <= s->vram_size && !s->fault.gone;

    memory_region_transaction_begin();
    if (on) {
        memory_region_set_size(&f->fb_window, size);
        memory_region_set_alias_offset(&f->fb_window, base);
    }
    memory_region_set_enabled(&f->fb_window, on);
    memory_region_transaction_commit();
}

/*
 * A saved context. The real one is opaque; what counts is that it lies in VRAM,
 * so that whoever overwrites it makes the engines hang on it. LOAD itself cannot
 * know: the next IDLE finds engines that do not stop.
 */
typedef struct QEMU_PACKED Context {
    uint32_t magic, function;
    uint64_t generation, check;
    uint8_t engines[];          /* where the engines are */
} Context;

#define CONTEXT_MAGIC 0x43535631

static uint64_t context_at(S7150State *s, uint8_t fcn)
{
    int n = fcn == FCN_PF ? 0 : 1 + (fcn & 0xf);

    if (s->csa_pf_last) {
        n = (n + S7150_MAX_VFS) % S7150_FUNCTIONS;
    }
    return csa_base(s) + n * csa_size(s);
}

static size_t context_size(void)
{
    return sizeof(Context) + s7150_engines_context_size();
}

/* FNV-1a over all of it, with the check itself left out */
static uint64_t checksum(const Context *c)
{
    uint64_t h = 0xcbf29ce484222325ull;

    for (size_t i = 0; i < context_size(); i++) {
        if (i < offsetof(Context, check) || i >= offsetof(Context, engines)) {
            h = (h ^ ((const uint8_t *)c)[i]) * 0x100000001b3ull;
        }
    }
    return h;
}

void s7150_csa_save(S7150State *s, uint8_t fcn)
{
    g_autofree Context *c = g_malloc0(context_size());

    c->magic = cpu_to_le32(CONTEXT_MAGIC);
    c->function = cpu_to_le32(fcn);
    c->generation = cpu_to_le64(++s->save_generation);
    s7150_engines_save(s7150_function(s, fcn), c->engines);
    c->check = cpu_to_le64(checksum(c));
    if (!csa_size(s)) {
        s7150_driver_error(s, "SAVE without a context save area");
    } else if (!s7150_vram_write(s, context_at(s, fcn), c, context_size())) {
        s7150_driver_error(s, "SAVE beyond the card's memory");
    }
}

/* False: the context is damaged, and the engines would hang on it. */
bool s7150_csa_load(S7150State *s, uint8_t fcn)
{
    int slot = fcn == FCN_PF ? 0 : 1 + (fcn & 0xf);
    g_autofree Context *c = g_malloc(context_size());
    char name[S7150_NAME_LEN];

    if (!(s->slots & BIT(slot)) || !csa_size(s)) {
        return true;            /* recorded already */
    }
    if (s7150_vram_read(s, context_at(s, fcn), c, context_size()) &&
        le32_to_cpu(c->magic) == CONTEXT_MAGIC &&
        le32_to_cpu(c->function) == fcn &&
        le64_to_cpu(c->check) == checksum(c)) {
        s7150_engines_load(s7150_function(s, fcn), c->engines);
        return true;
    }
    s7150_log(s, "PF", "context of %s is damaged",
              s7150_function_name(fcn, name));
    return false;
}
