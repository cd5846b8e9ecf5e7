/*
 * AMD FirePro S7150 model: the queues of the engines as registers, doorbells
 * and queue descriptors (MQDs) set them up: the gfx ring, the compute queues
 * with the KIQ, the rings of both SDMA engines.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "engines.h"

/* The largest ring that is believed, as the logarithm of its dwords */
#define MAX_RING_LOG2   20
#define SDMA_DISTANCE   (R_SDMA1_GFX_RB_CNTL - R_SDMA0_GFX_RB_CNTL)
/* The first register of a queue in its descriptor, in dwords */
#define MQD_REGISTERS   0x80

static uint32_t reg(S7150Fn *f, uint32_t r)
{
    return f->regs[r / 4];
}

static uint64_t reg_pair(S7150Fn *f, uint32_t lo, uint32_t hi)
{
    return engine_pair(reg(f, lo), reg(f, hi));
}

static int number(S7150Fn *f, const Queue *q)
{
    return q - f->engines->queue;
}

static uint32_t ring_size(uint32_t log2)
{
    return log2 >= 3 && log2 <= MAX_RING_LOG2 ? 1u << log2 : 0;
}

/* Compute queues: the number of a bank is (ME - 1) << 5 | pipe << 3 | queue. */

static uint32_t *hqd_reg(S7150Fn *f, uint32_t bank, uint32_t r)
{
    return &f->engines->hqd[bank][(r - R_CP_MQD_BASE_ADDR) / 4];
}

static bool is_hqd_reg(uint32_t r)
{
    return r >= R_CP_MQD_BASE_ADDR && r <= R_CP_HQD_EOP_DONES;
}

/* The bank that SRBM_GFX_CNTL selects; -1: none, as ME 0 has no such queues */
static int selected(S7150Fn *f)
{
    uint32_t cntl = reg(f, R_SRBM_GFX_CNTL);
    uint32_t me = extract32(cntl, 2, 2);

    return me == 1 || me == 2 ? (int)((me - 1) << 5 | extract32(cntl, 0, 2) << 3 |
                                      extract32(cntl, 8, 3)) : -1;
}

/* ring_id of interrupts: pipe | ME << 2 | queue << 4 */
uint32_t engine_queue_id(S7150Fn *f, const Queue *q)
{
    int n = number(f, q), bank = n - QUEUE_HQD0;

    if (n < QUEUE_HQD0) {
        return n == QUEUE_SDMA1 ? 1 : 0;
    }
    return (bank >> 3 & 3) | ((bank >> 5) + 1) << 2 | (bank & 7) << 4;
}

QueueKind engine_kind(S7150Fn *f, const Queue *q)
{
    uint32_t schedulers = reg(f, R_RLC_CP_SCHEDULERS);
    int n = number(f, q);

    switch (n) {
    case QUEUE_GFX:
        return KIND_GFX;
    case QUEUE_SDMA0:
        return KIND_SDMA0;
    case QUEUE_SDMA1:
        return KIND_SDMA1;
    }
    /* As the guest's driver tells the RLC: ME << 5 | pipe << 3 | queue */
    return (schedulers & RLC_CP_SCHEDULERS_VALID) &&
           (schedulers & 0x7f) == n - QUEUE_HQD0 + 0x20u ? KIND_KIQ
                                                          : KIND_COMPUTE;
}

static Ring gfx_ring(S7150Fn *f)
{
    uint32_t doorbell = reg(f, R_CP_RB_DOORBELL_CONTROL);

    if (!reg(f, R_CP_RB0_BASE) && !reg(f, R_CP_RB0_BASE_HI)) {
        return (Ring) { 0 };
    }
    return (Ring) {
        .base = reg_pair(f, R_CP_RB0_BASE, R_CP_RB0_BASE_HI) << 8,
        /* in units of 8 bytes */
        .size = ring_size(extract32(reg(f, R_CP_RB0_CNTL), 0, 6) + 1),
        .report = reg_pair(f, R_CP_RB0_RPTR_ADDR, R_CP_RB0_RPTR_ADDR_HI) & ~3ull,
        .doorbell = doorbell & CP_DOORBELL_EN ? extract32(doorbell, 2, 21)
                                              : NO_DOORBELL,
        .halted = reg(f, R_CP_ME_CNTL) & CP_ME_CNTL_HALT,
    };
}

static Ring hqd_ring(S7150Fn *f, uint32_t bank)
{
#define HQD(r) (*hqd_reg(f, bank, R_CP_##r))
    return (Ring) {
        .base = engine_pair(HQD(HQD_PQ_BASE), HQD(HQD_PQ_BASE_HI)) << 8,
        .size = ring_size(extract32(HQD(HQD_PQ_CONTROL), 0, 6) + 1),
        .report = engine_pair(HQD(HQD_PQ_RPTR_REPORT_ADDR),
                              HQD(HQD_PQ_RPTR_REPORT_ADDR_HI)) & ~3ull,
        .doorbell = HQD(HQD_PQ_DOORBELL_CONTROL) & CP_DOORBELL_EN ?
                    extract32(HQD(HQD_PQ_DOORBELL_CONTROL), 2, 21) :
                    NO_DOORBELL,
        .halted = reg(f, R_CP_MEC_CNTL) & (bank < HQDS / 2 ?
                                           CP_MEC_CNTL_ME1_HALT :
                                           CP_MEC_CNTL_ME2_HALT),
    };
#undef HQD
}

static Ring sdma_ring(S7150Fn *f, uint32_t by)
{
    uint32_t cntl = reg(f, R_SDMA0_GFX_RB_CNTL + by);
    uint32_t doorbell = reg(f, R_SDMA0_GFX_DOORBELL + by);

    if (!(cntl & SDMA_RB_ENABLE)) {
        return (Ring) { 0 };
    }
    return (Ring) {
        .base = reg_pair(f, R_SDMA0_GFX_RB_BASE + by,
                         R_SDMA0_GFX_RB_BASE_HI + by) << 8,
        .size = ring_size(extract32(cntl, 1, 5)),
        .report = reg_pair(f, R_SDMA0_GFX_RB_RPTR_ADDR_LO + by,
                           R_SDMA0_GFX_RB_RPTR_ADDR_HI + by) & ~3ull,
        .doorbell = doorbell & SDMA_DOORBELL_ENABLE ?
                    extract32(doorbell, 0, 21) : NO_DOORBELL,
        .halted = reg(f, R_SDMA0_F32_CNTL + by) & SDMA_F32_HALT,
    };
}

Ring engine_ring(S7150Fn *f, const Queue *q)
{
    int n = number(f, q);

    switch (n) {
    case QUEUE_GFX:
        return gfx_ring(f);
    case QUEUE_SDMA0:
        return sdma_ring(f, 0);
    case QUEUE_SDMA1:
        return sdma_ring(f, SDMA_DISTANCE);
    default:
        return q->on ? hqd_ring(f, n - QUEUE_HQD0) : (Ring) { 0 };
    }
}

/* Only SDMA engines look for their write pointers in memory here. */
bool engine_polls(S7150Fn *f, const Queue *q)
{
    int n = number(f, q);
    uint32_t by = n == QUEUE_SDMA1 ? SDMA_DISTANCE : 0;

    return (n == QUEUE_SDMA0 || n == QUEUE_SDMA1) &&
           (reg(f, R_SDMA0_GFX_RB_WPTR_POLL_CNTL + by) & SDMA_POLL_ENABLE);
}

void engine_poll(S7150Fn *f, Queue *q)
{
    uint32_t by = number(f, q) == QUEUE_SDMA1 ? SDMA_DISTANCE : 0, wptr;

    if (engine_read32(f, 0, reg_pair(f, R_SDMA0_GFX_RB_WPTR_POLL_ADDR_LO + by,
                                     R_SDMA0_GFX_RB_WPTR_POLL_ADDR_HI + by) &
                            ~3ull, &wptr)) {
        q->wptr = wptr >> 2;
    }
}

/* Puts a queue's pointers into its registers. */
void engine_show(S7150Fn *f, const Queue *q)
{
    int n = number(f, q);
    uint32_t by = n == QUEUE_SDMA1 ? SDMA_DISTANCE : 0;

    switch (n) {
    case QUEUE_GFX:
        f->regs[R_CP_RB0_RPTR / 4] = q->rptr;
        f->regs[R_CP_RB0_WPTR / 4] = q->wptr;
        break;
    case QUEUE_SDMA0:
    case QUEUE_SDMA1:
        f->regs[(R_SDMA0_GFX_RB_RPTR + by) / 4] = q->rptr << 2;
        f->regs[(R_SDMA0_GFX_RB_WPTR + by) / 4] = q->wptr << 2;
        break;
    default:
        *hqd_reg(f, n - QUEUE_HQD0, R_CP_HQD_PQ_RPTR) = q->rptr;
        *hqd_reg(f, n - QUEUE_HQD0, R_CP_HQD_PQ_WPTR) = q->wptr;
    }
}

static void restart(Queue *q, uint32_t rptr, uint32_t wptr)
{
    *q = (Queue) { .on = q->on, .rptr = rptr, .wptr = wptr };
}

static void activate(S7150Fn *f, uint32_t bank, bool on)
{
    Queue *q = &f->engines->queue[QUEUE_HQD0 + bank];

    q->on = on;
    restart(q, *hqd_reg(f, bank, R_CP_HQD_PQ_RPTR),
            *hqd_reg(f, bank, R_CP_HQD_PQ_WPTR));
    *hqd_reg(f, bank, R_CP_HQD_ACTIVE) = on;
    s7150_log(f->card, f->name, "hqd %02x %s", bank, on ? "on" : "off");
}

/* The KIQ maps a queue: its registers come from memory. */
void engine_map_queue(S7150Fn *f, uint32_t bank, uint64_t mqd,
                      uint32_t doorbell)
{
    uint32_t *regs = f->engines->hqd[bank];
    uint32_t *control = hqd_reg(f, bank, R_CP_HQD_PQ_DOORBELL_CONTROL);

    if (!engine_rw(f, 0, mqd + MQD_REGISTERS * 4, regs, HQD_REGS * 4, false)) {
        return;
    }
    for (int i = 0; i < HQD_REGS; i++) {
        regs[i] = le32_to_cpu(regs[i]);
    }
    *control = deposit32(*control, 2, 21, doorbell) | CP_DOORBELL_EN;
    activate(f, bank, true);
}

/* The KIQ unmaps the queue with this doorbell, or all but itself. */
void engine_unmap_queue(S7150Fn *f, uint32_t doorbell, bool all)
{
    for (int i = 0; i < HQDS; i++) {
        Queue *q = &f->engines->queue[QUEUE_HQD0 + i];

        if (q->on && engine_kind(f, q) != KIND_KIQ &&
            (all || engine_ring(f, q).doorbell == doorbell)) {
            activate(f, i, false);
        }
    }
}

bool s7150_engine_doorbell(S7150Fn *f, uint32_t index, uint32_t val)
{
    for (int i = 0; i < QUEUES; i++) {
        Queue *q = &f->engines->queue[i];
        Ring r = engine_ring(f, q);

        if (r.size && r.doorbell == index) {
            q->wptr = (i == QUEUE_SDMA0 || i == QUEUE_SDMA1) ? val >> 2 : val;
            engine_kick(f);
            return true;
        }
    }
    return false;
}

static void hqd_write(S7150Fn *f, uint32_t bank, uint32_t r, uint32_t val)
{
    Queue *q = &f->engines->queue[QUEUE_HQD0 + bank];

    switch (r) {
    case R_CP_HQD_ACTIVE:
        activate(f, bank, val & 1);
        break;
    case R_CP_HQD_DEQUEUE_REQUEST:
        if ((val & 7) && q->on) {
            activate(f, bank, false);
        }
        return;
    case R_CP_HQD_PQ_WPTR:
        q->wptr = val;
        *hqd_reg(f, bank, r) = val;
        break;
    default:
        *hqd_reg(f, bank, r) = val;
        return;
    }
    engine_kick(f);
}

/* Registers that are not the function's own copy; false: they are */
bool s7150_engine_reg_write(S7150Fn *f, uint32_t r, uint32_t val)
{
    int bank = selected(f);

    if (is_hqd_reg(r) && bank >= 0) {
        hqd_write(f, bank, r, val);
        return true;
    }
    return false;
}

bool s7150_engine_reg_read(S7150Fn *f, uint32_t r, uint32_t *val)
{
    int bank = selected(f);

    if (is_hqd_reg(r) && bank >= 0) {
        *val = *hqd_reg(f, bank, r);
        return true;
    }
    return false;
}

/* What has been stored in a register may start, stop or move a queue. */
void s7150_engine_written(S7150Fn *f, uint32_t r, uint32_t val)
{
    Queue *q = f->engines->queue;

    switch (r) {
    case R_CP_RB0_CNTL:
        if (val & CP_RB_RPTR_WR_ENA) {
            restart(&q[QUEUE_GFX], 0, 0);
        }
        break;
    case R_CP_RB0_WPTR:
        q[QUEUE_GFX].wptr = val;
        break;
    case R_SDMA0_GFX_RB_RPTR:
        restart(&q[QUEUE_SDMA0], val >> 2, q[QUEUE_SDMA0].wptr);
        break;
    case R_SDMA1_GFX_RB_RPTR:
        restart(&q[QUEUE_SDMA1], val >> 2, q[QUEUE_SDMA1].wptr);
        break;
    case R_SDMA0_GFX_RB_WPTR:
        q[QUEUE_SDMA0].wptr = val >> 2;
        break;
    case R_SDMA1_GFX_RB_WPTR:
        q[QUEUE_SDMA1].wptr = val >> 2;
        break;
    case R_GPU_HDP_FLUSH_REQ:
        f->regs[R_GPU_HDP_FLUSH_DONE / 4] = val;        /* nothing is cached */
        return;
    case R_VM_INVALIDATE_REQUEST:
        f->regs[R_VM_INVALIDATE_RESPONSE / 4] = val;
        return;
    case R_CP_RB0_BASE:
    case R_CP_RB0_BASE_HI:
    case R_CP_RB_DOORBELL_CONTROL:
    case R_CP_ME_CNTL:
    case R_CP_MEC_CNTL:
    case R_SDMA0_GFX_RB_CNTL:
    case R_SDMA1_GFX_RB_CNTL:
    case R_SDMA0_GFX_RB_WPTR_POLL_CNTL:
    case R_SDMA1_GFX_RB_WPTR_POLL_CNTL:
    case R_SDMA0_F32_CNTL:
    case R_SDMA1_F32_CNTL:
        break;
    default:
        return;
    }
    engine_kick(f);
}
