/*
 * AMD FirePro S7150 model: packets of the SDMA engines: copies, fills, data,
 * page tables, fences, waits, buffers. Only linear memory, no tiles.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "engines.h"

enum {
    SDMA_NOP, SDMA_COPY, SDMA_WRITE, SDMA_INDIRECT = 4, SDMA_FENCE, SDMA_TRAP,
    SDMA_POLL_REGMEM = 8, SDMA_COND_EXE, SDMA_CONST_FILL = 11, SDMA_GEN_PTEPDE,
    SDMA_TIMESTAMP, SDMA_SRBM_WRITE,
};

/* Entries of a page table that are made before they are written */
#define ENTRIES         512

uint32_t sdma_length(const uint32_t *p, uint32_t n)
{
    /* By operation, of the linear kinds; 0: not known */
    static const uint8_t length[] = {
        [SDMA_COPY] = 7, [SDMA_INDIRECT] = 6, [SDMA_FENCE] = 4, [SDMA_TRAP] = 2,
        [SDMA_POLL_REGMEM] = 6, [SDMA_COND_EXE] = 5, [SDMA_CONST_FILL] = 5,
        [SDMA_GEN_PTEPDE] = 10, [SDMA_TIMESTAMP] = 3, [SDMA_SRBM_WRITE] = 3,
    };
    uint32_t op = extract32(p[0], 0, 8), sub_op = extract32(p[0], 8, 8);

    if (op == SDMA_NOP) {
        return 1 + extract32(p[0], 16, 14);
    }
    if (sub_op && (op == SDMA_COPY || op == SDMA_WRITE)) {
        return 0;
    }
    if (op == SDMA_WRITE) {
        /* Data follow, as many as the fourth dword says. */
        return 4 + (n >= 4 ? extract32(p[3], 0, 22) : 0);
    }
    return op < ARRAY_SIZE(length) ? length[op] : 0;
}

static void write_memory(Packet *k)
{
    uint64_t addr = engine_pair(k->p[1], k->p[2]);
    g_autofree uint32_t *raw = g_new(uint32_t, k->len);

    for (uint32_t i = 4; i < k->len; i++) {
        raw[i] = cpu_to_le32(k->p[i]);
    }
    k->bytes += (k->len - 4) * 4ull;
    engine_rw(k->f, k->vmid, addr, raw + 4, (k->len - 4) * 4ull, true);
}

static void page_table(Packet *k)
{
    const uint32_t *p = k->p;
    uint64_t addr = engine_pair(p[1], p[2]), flags = engine_pair(p[3], p[4]);
    uint64_t value = engine_pair(p[5], p[6]), entry[ENTRIES];
    uint32_t left = extract32(p[9], 0, 19);

    k->bytes += left * 8ull;
    while (left) {
        uint32_t n = MIN(left, ENTRIES);

        for (uint32_t i = 0; i < n; i++) {
            entry[i] = cpu_to_le64(value | flags);
            value += p[7];
        }
        if (!engine_rw(k->f, k->vmid, addr, entry, n * 8ull, true)) {
            return;
        }
        addr += n * 8ull;
        left -= n;
    }
}

static Step poll_regmem(Packet *k)
{
    const uint32_t *p = k->p;
    uint32_t function = extract32(p[0], 28, 3), value;

    if (p[0] & BIT(26)) {
        /* HDP flush: the second register is written, the first waited for */
        s7150_reg_write(k->f, p[2], p[3]);
    }
    if (!(p[0] & BIT(31))) {
        value = s7150_reg_read(k->f, p[1] & ~3u);
    } else if (!engine_read32(k->f, k->vmid, engine_pair(p[1] & ~3u, p[2]),
                              &value)) {
        return STEP_DONE;
    }
    return engine_compare(function, value & p[4], p[3]) ? STEP_DONE : STEP_WAIT;
}

static void cond_exe(Packet *k)
{
    const uint32_t *p = k->p;
    uint32_t value;

    if (engine_read32(k->f, k->vmid, engine_pair(p[1] & ~3u, p[2]), &value) &&
        value != p[3]) {
        engine_skip(k, extract32(p[4], 0, 14));
    }
}

Step sdma_packet(Packet *k)
{
    const uint32_t *p = k->p;
    S7150Fn *f = k->f;
    QueueCount *count = &f->engines->count[engine_kind(f, k->queue)];

    switch (extract32(p[0], 0, 8)) {
    case SDMA_COPY:
        engine_copy(k, engine_pair(p[5], p[6]), engine_pair(p[3], p[4]),
                    extract32(p[1], 0, 22));
        break;
    case SDMA_WRITE:
        write_memory(k);
        break;
    case SDMA_INDIRECT:
        return engine_call(k, engine_pair(p[1], p[2]), extract32(p[3], 0, 20),
                           extract32(p[0], 16, 4), false) ? STEP_DONE
                                                          : STEP_BAD;
    case SDMA_FENCE:
        count->fences++;
        engine_write32(f, k->vmid, engine_pair(p[1], p[2]), p[3]);
        break;
    case SDMA_TRAP:
        s7150_ih_push(f, IH_SRC_SDMA_TRAP, p[1] & 0x0fffffff,
                      engine_queue_id(f, k->queue) | k->vmid << 8);
        break;
    case SDMA_POLL_REGMEM:
        return poll_regmem(k);
    case SDMA_COND_EXE:
        cond_exe(k);
        break;
    case SDMA_CONST_FILL:
        engine_fill(k, engine_pair(p[1], p[2]), p[3],
                    extract32(p[4], 0, 22) & ~3u);
        break;
    case SDMA_GEN_PTEPDE:
        page_table(k);
        break;
    case SDMA_TIMESTAMP:
        engine_write64(f, k->vmid, engine_pair(p[1], p[2]), s7150_now() / 10);
        break;
    case SDMA_SRBM_WRITE:
        if (!k->vmid) {
            s7150_reg_write(f, (p[1] & 0xffff) * 4, p[2]);
        }
        break;
    }
    return STEP_DONE;
}
