/*
 * AMD FirePro S7150 model: what a guest's driver asks the SMC to load into the
 * engines (section 6.2 c). It is found and read, and then nothing is done with
 * it, as no firmware runs here; but what cannot be read is not loaded.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "engines.h"

#define TOC_VERSION     1
#define TOC_ENTRIES     12
/* No firmware of this chip is larger. */
#define MAX_BYTES       (1 * MiB)
/* Bits of the message's argument are ids; larger ids have none. */
#define MAX_ID          31

typedef struct QEMU_PACKED Entry {
    uint16_t id, version;
    uint32_t image_hi, image_lo, meta_hi, meta_lo, bytes;
    uint16_t flags, registers;
} Entry;

typedef struct QEMU_PACKED Toc {
    uint32_t version, entries;
    Entry entry[TOC_ENTRIES];
} Toc;

static bool readable(S7150Fn *f, const Entry *e)
{
    uint32_t bytes = le32_to_cpu(e->bytes);
    g_autofree uint8_t *image = NULL;

    if (!bytes || bytes > MAX_BYTES) {
        return false;
    }
    image = g_malloc(bytes);
    return engine_rw(f, 0, engine_pair(le32_to_cpu(e->image_lo),
                                       le32_to_cpu(e->image_hi)),
                     image, bytes, false) && !buffer_is_zero(image, bytes);
}

/* Returns which of the firmwares in `wanted` the table at `toc` has. */
uint32_t s7150_firmware_load(S7150Fn *f, uint64_t toc, uint32_t wanted)
{
    uint32_t loaded = 0;
    Toc t;

    if (!engine_rw(f, 0, toc, &t, sizeof(t), false) ||
        le32_to_cpu(t.version) != TOC_VERSION) {
        s7150_log(f->card, f->name, "firmware: no table at %" PRIx64, toc);
        return 0;
    }
    for (uint32_t i = 0; i < MIN(le32_to_cpu(t.entries), TOC_ENTRIES); i++) {
        uint16_t id = le16_to_cpu(t.entry[i].id);

        if (id <= MAX_ID && (wanted & BIT(id)) && readable(f, &t.entry[i])) {
            loaded |= BIT(id);
        }
    }
    s7150_log(f->card, f->name, "firmware wanted=%x loaded=%x", wanted, loaded);
    return loaded;
}
