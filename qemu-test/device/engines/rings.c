/*
 * AMD FirePro S7150 model: the rings of the command processor: where they are,
 * and when what was written to them is carried out: only while their function
 * has the GPU.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "../s7150.h"

/* The largest ring that is believed, in dwords */
#define MAX_RING (1u << 20)

static uint32_t get(S7150Fn *f, uint32_t reg)
{
    return f->regs[reg / 4];
}

static uint64_t get64(S7150Fn *f, uint32_t lo, uint32_t hi)
{
    return (uint64_t)get(f, hi) << 32 | get(f, lo);
}

/* The dwords from rptr to wptr of a ring, whose size is a power of 2 */
uint32_t *s7150_ring_fetch(S7150Fn *f, uint64_t base, uint32_t size,
                           uint32_t rptr, uint32_t wptr, uint32_t *n)
{
    uint32_t *buf, first;

    if (!size || size > MAX_RING) {
        *n = 0;
        return NULL;
    }
    rptr &= size - 1;
    *n = (wptr - rptr) & (size - 1);
    first = MIN(*n, size - rptr);
    buf = g_malloc0(*n * 4 + 4);
    if (!s7150_gpu_rw(f, base + rptr * 4ull, buf, first * 4ull, false) ||
        !s7150_gpu_rw(f, base, buf + first, (*n - first) * 4ull, false)) {
        g_free(buf);
        return NULL;
    }
    return buf;
}

/*
 * A guest's buffers may refer to others and to themselves. What one write
 * pointer can set off is bounded, or a guest could stop the machine.
 */
void s7150_budget_new(S7150Fn *f)
{
    f->budget = 1 * GiB;
}

bool s7150_budget_take(S7150Fn *f, uint64_t bytes)
{
    if (bytes > f->budget) {
        s7150_log(f->card, f->name, "engine gives up: too much at once");
        f->budget = 0;
        return false;
    }
    f->budget -= bytes;
    return true;
}

S7150Ring *s7150_hqd(S7150Fn *f, uint32_t id, bool alloc)
{
    S7150Ring *unused = NULL;

    for (int i = 1; i < S7150_RINGS; i++) {
        S7150Ring *r = &f->ring[i];

        if (r->on && r->id == id) {
            return r;
        }
        unused = r->on || unused ? unused : r;
    }
    return alloc ? unused : NULL;
}

/* The queue that SRBM_GFX_CNTL selects: pipe | me << 2 | queue << 4 */
uint32_t s7150_hqd_selected(S7150Fn *f)
{
    uint32_t sel = get(f, R_SRBM_GFX_CNTL);

    return (sel & 0xf) | (sel >> 8 & 7) << 4;
}

/* hqd: the registers of the queue, from CP_MQD_BASE_ADDR on */
void s7150_hqd_start(S7150Fn *f, uint32_t id, const uint32_t *hqd)
{
#define HQD(r) hqd[(R_##r - R_CP_MQD_BASE_ADDR) / 4]
    S7150Ring *r = s7150_hqd(f, id, true);

    if (!r) {
        return;
    }
    *r = (S7150Ring) {
        .on = true, .id = id,
        .base = ((uint64_t)HQD(CP_HQD_PQ_BASE_HI) << 32 |
                 HQD(CP_HQD_PQ_BASE)) << 8,
        .size = 2u << MIN(HQD(CP_HQD_PQ_CONTROL) & 0x3f, 30),
        .rptr_addr = (uint64_t)HQD(CP_HQD_PQ_RPTR_REPORT_ADDR_HI) << 32 |
                     HQD(CP_HQD_PQ_RPTR_REPORT_ADDR),
        .doorbell = extract32(HQD(CP_HQD_PQ_DOORBELL_CONTROL), 2, 21),
    };
    r->rptr = r->wptr = HQD(CP_HQD_PQ_RPTR) & (r->size - 1);
    s7150_log(f->card, f->name, "hqd %02x base=%" PRIx64 " size=%x doorbell=%x",
              id, r->base, r->size, r->doorbell);
#undef HQD
}

static void carry_out(S7150Fn *f, S7150Ring *r)
{
    uint32_t n, wptr = r->wptr & (r->size - 1);
    g_autofree uint32_t *buf = s7150_ring_fetch(f, r->base, r->size, r->rptr,
                                                wptr, &n);

    s7150_log(f->card, f->name, "ring %02x rptr=%x wptr=%x%s", r->id, r->rptr,
              wptr, buf ? "" : " cannot be read");
    r->pending = false;
    r->rptr = wptr;
    if (r == &f->ring[0]) {
        f->regs[R_CP_RB0_RPTR / 4] = wptr;
    }
    if (buf) {
        uint64_t report = r->rptr_addr & ~3ull;

        s7150_budget_new(f);
        s7150_pm4(f, r, buf, n, 0);
        s7150_gpu_write32(f, report, wptr);
    }
}

static void kick(S7150Fn *f, S7150Ring *r, uint32_t wptr)
{
    if (!r->size) {
        return;
    }
    r->wptr = wptr;
    r->pending = true;
    if (s7150_running(f)) {
        carry_out(f, r);
    }
}

bool s7150_engine_doorbell(S7150Fn *f, uint32_t index, uint32_t val)
{
    for (int i = 0; i < S7150_RINGS; i++) {
        if (f->ring[i].on && f->ring[i].doorbell == index) {
            kick(f, &f->ring[i], val);
            return true;
        }
    }
    return false;
}

static void gfx_ring(S7150Fn *f)
{
    S7150Ring *r = &f->ring[0];
    uint32_t doorbell = get(f, R_CP_RB_DOORBELL_CONTROL);

    r->id = 0;
    r->size = 2u << MIN(get(f, R_CP_RB0_CNTL) & 0x3f, 30);
    r->base = get64(f, R_CP_RB0_BASE, R_CP_RB0_BASE_HI) << 8;
    r->rptr_addr = get64(f, R_CP_RB0_RPTR_ADDR, R_CP_RB0_RPTR_ADDR_HI);
    r->doorbell = extract32(doorbell, 2, 21);
    r->on = doorbell & BIT(30);
}

/* The register has been stored. */
void s7150_engine_write(S7150Fn *f, uint32_t reg, uint32_t val)
{
    S7150Ring *r = s7150_hqd(f, s7150_hqd_selected(f), false);

    switch (reg) {
    case R_CP_RB0_BASE:
        f->ring[0].rptr = 0;
        /* fall through */
    case R_CP_RB0_CNTL:
    case R_CP_RB0_BASE_HI:
    case R_CP_RB0_RPTR_ADDR:
    case R_CP_RB0_RPTR_ADDR_HI:
    case R_CP_RB_DOORBELL_CONTROL:
        gfx_ring(f);
        break;
    case R_CP_RB0_WPTR:
        if (get(f, R_CP_RB0_BASE)) {
            kick(f, &f->ring[0], val);
        }
        break;
    case R_CP_HQD_ACTIVE:
        if (val & 1) {
            s7150_hqd_start(f, s7150_hqd_selected(f),
                            f->regs + R_CP_MQD_BASE_ADDR / 4);
        } else if (r) {
            r->on = false;
        }
        break;
    case R_CP_HQD_DEQUEUE_REQUEST:
        if (r && (val & 7)) {
            r->on = false;
        }
        break;
    default:
        s7150_sdma_write(f, reg);
    }
}

/* The function has got the GPU: what waits is carried out. */
void s7150_engine_run(S7150Fn *f)
{
    for (int i = 0; i < S7150_RINGS; i++) {
        if (f->ring[i].pending) {
            carry_out(f, &f->ring[i]);
        }
    }
    s7150_sdma_poll(f);
}

void s7150_engine_reset(S7150Fn *f)
{
    memset(f->ring, 0, sizeof(f->ring));
    timer_del(f->sdma_timer);
}
