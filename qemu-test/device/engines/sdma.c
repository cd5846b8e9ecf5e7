/*
 * AMD FirePro S7150 model: the two SDMA engines: their rings, polled as their
 * drivers ask for, and the packets that copy, fill, fence and write page
 * tables.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "../s7150.h"

#define ENGINES         2
#define ENGINE_DISTANCE (R_SDMA1_GFX_RB_CNTL - R_SDMA0_GFX_RB_CNTL)
#define POLL_NS         100000
#define MAX_DEPTH       2
#define RB_ENABLE       BIT(0)
#define F32_HALT        BIT(0)
#define POLL_ENABLE     BIT(0)

enum {
    SDMA_NOP, SDMA_COPY, SDMA_WRITE, SDMA_INDIRECT = 4, SDMA_FENCE, SDMA_TRAP,
    SDMA_CONST_FILL = 11, SDMA_GEN_PTEPDE, SDMA_SRBM_WRITE = 14,
};

/* Dwords of each packet; 0: not known */
static const uint8_t packet_len[16] = {
    1, 7, 4, 0, 6, 4, 2, 3, 6, 5, 8, 5, 10, 3, 3, 2,
};

static void run(S7150Fn *f, int engine, const uint32_t *p, uint32_t n,
                int depth);

static uint64_t pair(const uint32_t *p)
{
    return (uint64_t)p[1] << 32 | p[0];
}

static void copy(S7150Fn *f, const uint32_t *p)
{
    uint32_t bytes = p[1] & 0x3fffff;
    g_autofree uint8_t *buf = g_malloc0(bytes + 1);

    if (s7150_budget_take(f, bytes) &&
        s7150_gpu_rw(f, pair(p + 3), buf, bytes, false)) {
        s7150_gpu_rw(f, pair(p + 5), buf, bytes, true);
    }
}

static void indirect(S7150Fn *f, int engine, const uint32_t *p, int depth)
{
    uint32_t len = p[3] & 0xfffff;
    g_autofree uint32_t *ib = g_malloc0(len * 4ul + 4);

    if (s7150_budget_take(f, len * 4ull) && depth < MAX_DEPTH && !extract32(p[0], 16, 4) &&
        s7150_gpu_rw(f, pair(p + 1), ib, len * 4ull, false)) {
        run(f, engine, ib, len, depth + 1);
    }
}

static void fill(S7150Fn *f, const uint32_t *p)
{
    uint32_t bytes = p[4] & 0x3ffffc;
    g_autofree uint32_t *buf = g_malloc(bytes + 4);

    if (!s7150_budget_take(f, bytes)) {
        return;
    }
    for (uint32_t i = 0; i < bytes / 4; i++) {
        buf[i] = cpu_to_le32(p[3]);
    }
    s7150_gpu_rw(f, pair(p + 1), buf, bytes, true);
}

static void page_table(S7150Fn *f, const uint32_t *p)
{
    uint64_t addr = pair(p + 1), flags = pair(p + 3), value = pair(p + 5);

    if (!s7150_budget_take(f, (p[9] & 0x7ffff) * 8ull)) {
        return;
    }
    for (uint32_t i = 0; i < (p[9] & 0x7ffff); i++) {
        s7150_gpu_write64(f, addr + i * 8ull, value | flags);
        value += p[7];
    }
}

/* p: a whole packet, in the host's byte order; raw: as it was in memory */
static void packet(S7150Fn *f, int engine, const uint32_t *p,
                   const uint32_t *raw, uint32_t len, int depth)
{
    switch (p[0] & 0xff) {
    case SDMA_COPY:
        if (!(p[0] >> 8 & 0xff)) {              /* linear */
            copy(f, p);
        }
        break;
    case SDMA_WRITE:
        s7150_gpu_rw(f, pair(p + 1), (void *)(raw + 4), (len - 4) * 4ull, true);
        break;
    case SDMA_INDIRECT:
        indirect(f, engine, p, depth);
        break;
    case SDMA_FENCE:
        s7150_gpu_write32(f, pair(p + 1), p[3]);
        break;
    case SDMA_TRAP:
        s7150_ih_push(f, IH_SRC_SDMA_TRAP, p[1] & 0x0fffffff, engine);
        break;
    case SDMA_CONST_FILL:
        fill(f, p);
        break;
    case SDMA_GEN_PTEPDE:
        page_table(f, p);
        break;
    case SDMA_SRBM_WRITE:
        s7150_reg_write(f, (p[1] & 0xffff) * 4, p[2]);
        break;
    }
}

/* p: little endian, as in memory */
static void run(S7150Fn *f, int engine, const uint32_t *p, uint32_t n,
                int depth)
{
    g_autofree uint32_t *dw = g_new(uint32_t, n + 1);

    for (uint32_t i = 0; i < n; i++) {
        dw[i] = le32_to_cpu(p[i]);
    }
    for (uint32_t i = 0; i < n;) {
        uint32_t op = dw[i] & 0xff;
        uint32_t len = op < ARRAY_SIZE(packet_len) ? packet_len[op] : 0;

        if (op == SDMA_NOP) {
            len = 1 + extract32(dw[i], 16, 14);
        } else if (op == SDMA_WRITE && n - i >= 4) {
            len = 4 + (dw[i + 3] & 0x3fffff);
        }
        if (!len || (len > n - i && op != SDMA_NOP)) {
            s7150_log(f->card, f->name, "sdma%d bad packet %08x", engine,
                      dw[i]);
            return;
        }
        packet(f, engine, dw + i, p + i, len, depth);
        i += MIN(len, n - i);
    }
}

static uint32_t *reg(S7150Fn *f, int engine, uint32_t r)
{
    return &f->regs[(r + engine * ENGINE_DISTANCE) / 4];
}

static uint64_t reg_pair(S7150Fn *f, int engine, uint32_t hi, uint32_t lo)
{
    return (uint64_t)*reg(f, engine, hi) << 32 | *reg(f, engine, lo);
}

/* Carries out what an engine's ring has; returns whether it is to be polled. */
static bool poll(S7150Fn *f, int engine)
{
    uint32_t cntl = *reg(f, engine, R_SDMA0_GFX_RB_CNTL), wptr, n;
    uint32_t size = 1u << extract32(cntl, 1, 5);
    uint32_t *rptr = reg(f, engine, R_SDMA0_GFX_RB_RPTR);
    bool again = *reg(f, engine, R_SDMA0_GFX_RB_WPTR_POLL_CNTL) & POLL_ENABLE;
    g_autofree uint32_t *buf = NULL;

    if (!(cntl & RB_ENABLE) ||
        (*reg(f, engine, R_SDMA0_F32_CNTL) & F32_HALT)) {
        return false;
    }
    wptr = *reg(f, engine, R_SDMA0_GFX_RB_WPTR);
    if (again) {
        if (!s7150_gpu_rw(f, reg_pair(f, engine,
                                      R_SDMA0_GFX_RB_WPTR_POLL_ADDR_HI,
                                      R_SDMA0_GFX_RB_WPTR_POLL_ADDR_LO) & ~3ull,
                          &wptr, 4, false)) {
            return again;
        }
        wptr = le32_to_cpu(wptr);
        *reg(f, engine, R_SDMA0_GFX_RB_WPTR) = wptr;
    }
    wptr = (wptr >> 2) & (size - 1);
    if (wptr == ((*rptr >> 2) & (size - 1))) {
        return again;
    }
    buf = s7150_ring_fetch(f, reg_pair(f, engine, R_SDMA0_GFX_RB_BASE_HI,
                                       R_SDMA0_GFX_RB_BASE) << 8,
                           size, *rptr >> 2, wptr, &n);
    *rptr = wptr << 2;
    if (buf) {
        s7150_budget_new(f);
        run(f, engine, buf, n, 0);
        s7150_gpu_write32(f, reg_pair(f, engine, R_SDMA0_GFX_RB_RPTR_ADDR_HI,
                                      R_SDMA0_GFX_RB_RPTR_ADDR_LO) & ~3ull,
                          wptr << 2);
    }
    return again;
}

/* Only while the function has the GPU, and as often as a ring wants it */
void s7150_sdma_poll(void *opaque)
{
    S7150Fn *f = opaque;
    bool again = false;

    if (!s7150_running(f)) {
        return;
    }
    for (int engine = 0; engine < ENGINES; engine++) {
        again |= poll(f, engine);
    }
    if (again) {
        timer_mod(f->sdma_timer, s7150_now() + POLL_NS);
    }
}

void s7150_sdma_write(S7150Fn *f, uint32_t r)
{
    for (int engine = 0; engine < ENGINES; engine++) {
        switch (r - engine * ENGINE_DISTANCE) {
        case R_SDMA0_GFX_RB_CNTL:
        case R_SDMA0_GFX_RB_WPTR:
        case R_SDMA0_GFX_RB_WPTR_POLL_CNTL:
        case R_SDMA0_F32_CNTL:
            timer_mod(f->sdma_timer, s7150_now() + 1000);
        }
    }
}
