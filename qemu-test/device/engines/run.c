/*
 * AMD FirePro S7150 model: when the engines work: only while their function has
 * the GPU, and as long as their work takes. A world switch stops them where
 * they are, between two packets, also in the middle of a buffer.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "engines.h"

/* What a packet takes, and how much memory is moved in 1 ns */
#define PACKET_NS       200
#define BYTES_PER_NS    8
/* How far a queue gets before others have their turn */
#define SLICE_NS        20000
/*
 * How far ahead of its time an engine may be when something is written to it:
 * who waits for a few packets does not wait for the host's timers.
 */
#define AHEAD_NS        1000000
/* How often an engine looks whether what it waits for has come */
#define POLL_NS         200000
/* Enough to know how long any packet is */
#define PEEK            4

/* Where the next packet is: in the innermost buffer, or in the ring */
typedef struct Place {
    uint64_t addr;              /* of the buffer or the ring */
    uint32_t at, left;
    uint32_t mask;              /* of `at` */
    uint32_t vmid;
} Place;

static Place place(Queue *q, const Ring *r)
{
    if (q->depth) {
        const Buffer *b = &q->buffer[q->depth - 1];

        return (Place) { b->addr, b->at, b->len - b->at, UINT32_MAX, b->vmid };
    }
    return (Place) { r->base, q->rptr & (r->size - 1),
                     (q->wptr - q->rptr) & (r->size - 1), r->size - 1, 0 };
}

/* n dwords of a packet, which may go round a ring's end */
static bool fetch(S7150Fn *f, const Place *p, uint32_t *to, uint32_t n)
{
    uint32_t first = p->mask == UINT32_MAX ? n : MIN(n, p->mask + 1 - p->at);

    if (!engine_rw(f, p->vmid, p->addr + p->at * 4ull, to, first * 4ull,
                   false) ||
        !engine_rw(f, p->vmid, p->addr, to + first, (n - first) * 4ull,
                   false)) {
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        to[i] = le32_to_cpu(to[i]);
    }
    return true;
}

static uint32_t *position(Queue *q)
{
    return q->depth ? &q->buffer[q->depth - 1].at : &q->rptr;
}

static bool is_sdma(S7150Fn *f, const Queue *q)
{
    QueueKind kind = engine_kind(f, q);

    return kind == KIND_SDMA0 || kind == KIND_SDMA1;
}

/* Carries out one packet; says what it takes. */
static Step step(S7150Fn *f, Queue *q, const Ring *r, int64_t *ns)
{
    QueueCount *count = &f->engines->count[engine_kind(f, q)];
    Place where = place(q, r);
    g_autofree uint32_t *dw = NULL;
    uint32_t peek[PEEK], n = MIN(where.left, PEEK), len, *at = position(q);
    bool sdma = is_sdma(f, q);
    Packet k;
    Step done;

    if (!fetch(f, &where, peek, n)) {
        return STEP_BAD;
    }
    len = sdma ? sdma_length(peek, n) : pm4_length(peek, n);
    if (!len || (len > where.left && q->depth)) {
        s7150_log(f->card, f->name, "engine hangs on packet %08x", peek[0]);
        return STEP_BAD;
    }
    if (len > where.left) {
        return STEP_WAIT;       /* the rest has not been written yet */
    }
    dw = g_new(uint32_t, len);
    if (!fetch(f, &where, dw, len)) {
        return STEP_BAD;
    }
    k = (Packet) { .f = f, .queue = q, .p = dw, .len = len,
                   .vmid = where.vmid };
    *at = (where.at + len) & where.mask;
    done = sdma ? sdma_packet(&k) : pm4_packet(&k);
    if (done != STEP_DONE) {
        *at = where.at;
        return done;
    }
    while (q->depth && q->buffer[q->depth - 1].at >=
                       q->buffer[q->depth - 1].len) {
        q->depth--;
    }
    count->packets++;
    count->bytes += k.bytes;
    *ns += PACKET_NS + k.bytes / BYTES_PER_NS;
    return STEP_DONE;
}

/* A buffer is to be worked on before what follows its call. */
bool engine_call(Packet *k, uint64_t addr, uint32_t len, uint32_t vmid,
                 bool chain)
{
    Queue *q = k->queue;

    if (chain && q->depth) {
        q->depth--;             /* it takes the place of the one it is in */
    }
    if (q->depth == MAX_DEPTH) {
        return false;
    }
    k->f->engines->count[engine_kind(k->f, q)].buffers++;
    if (len) {
        /* A buffer of the driver's may be a process's; not the other way. */
        q->buffer[q->depth++] = (Buffer) {
            .addr = addr, .len = len, .vmid = k->vmid ? k->vmid : vmid,
        };
    }
    return true;
}

/* Leaves out what follows in the same ring or buffer. */
void engine_skip(Packet *k, uint32_t dwords)
{
    Queue *q = k->queue;

    if (q->depth) {
        Buffer *b = &q->buffer[q->depth - 1];

        b->at += MIN(dwords, b->len - b->at);
    } else {
        Ring r = engine_ring(k->f, q);
        uint32_t left = (q->wptr - q->rptr) & (r.size - 1);

        q->rptr = (q->rptr + MIN(dwords, left)) & (r.size - 1);
    }
}

/* The comparisons that packets wait with; what is none is always true. */
bool engine_compare(uint32_t function, uint32_t value, uint32_t reference)
{
    switch (function) {
    case 1:
        return value < reference;
    case 2:
        return value <= reference;
    case 3:
        return value == reference;
    case 4:
        return value != reference;
    case 5:
        return value >= reference;
    case 6:
        return value > reference;
    default:
        return true;
    }
}

static bool has_work(const Queue *q, const Ring *r)
{
    return r->size && !r->halted && !q->broken &&
           (q->depth || ((q->rptr ^ q->wptr) & (r->size - 1)));
}

/* A queue's slice; returns how long it takes. */
static int64_t slice(S7150Fn *f, Queue *q, const Ring *r, bool *again)
{
    int64_t ns = 0;
    Step done = STEP_DONE;

    while (done == STEP_DONE && ns < SLICE_NS && has_work(q, r)) {
        done = step(f, q, r, &ns);
    }
    q->broken = done == STEP_BAD;
    *again |= done == STEP_WAIT;
    engine_show(f, q);
    if (r->report) {
        engine_write32(f, 0, r->report, is_sdma(f, q) ? q->rptr << 2 : q->rptr);
    }
    return ns;
}

/* All queues of a function have a slice at the same time. */
static void turn(S7150Fn *f)
{
    S7150Engines *e = f->engines;
    bool polls = false, more = false;
    int64_t longest = 0;

    if (!s7150_running(f)) {
        s7150_driver_error(f->card, "the engines of %s would work while it "
                           "does not have the GPU", f->name);
        return;
    }
    e->in_turn = true;
    for (int i = 0; i < QUEUES; i++) {
        Queue *q = &e->queue[i];
        Ring r = engine_ring(f, q);

        if (!r.size || s7150_fault_ring(f, engine_kind(f, q))) {
            continue;
        }
        if (!r.halted && engine_polls(f, q)) {
            engine_poll(f, q);
            polls = true;
        }
        if (has_work(q, &r)) {
            longest = MAX(longest, slice(f, q, &r, &polls));
            more |= has_work(q, &r);
        }
    }
    e->in_turn = false;
    e->busy_until = MAX(e->busy_until, s7150_now()) + longest;
    if (more && longest) {
        timer_mod(e->timer, e->busy_until);
    } else if (polls || more) {
        timer_mod(e->timer, e->busy_until + POLL_NS);
    }
}

static void turn_due(void *opaque)
{
    turn(opaque);
}

/* Something was written that may be work: a pointer, or a halt bit. */
void engine_kick(S7150Fn *f)
{
    S7150Engines *e = f->engines;

    if (!s7150_running(f) || f->spoilt || e->in_turn) {
        return;
    }
    if (s7150_now() + AHEAD_NS >= e->busy_until) {
        turn(f);
    } else {
        timer_mod(e->timer, e->busy_until);
    }
}

/* The function has got the GPU. */
void s7150_engines_start(S7150Fn *f)
{
    f->engines->busy_until = 0;
    engine_kick(f);
}

/* The function loses the GPU; what is left waits for the next time. */
void s7150_engines_stop(S7150Fn *f)
{
    S7150Engines *e = f->engines;

    timer_del(e->timer);
    for (int i = 0; i < QUEUES; i++) {
        Queue *q = &e->queue[i];
        Ring r = engine_ring(f, q);

        if (has_work(q, &r)) {
            e->count[engine_kind(f, q)].suspended++;
        }
    }
}

/* A reset of the function, or INIT: nothing of the engines' state is left. */
void s7150_engines_reset(S7150Fn *f)
{
    S7150Engines *e = f->engines;

    timer_del(e->timer);
    memset(e->queue, 0, sizeof(e->queue));
    memset(e->hqd, 0, sizeof(e->hqd));
    e->busy_until = 0;
}

/* INIT: a function's engines as they are before any driver's set-up */
void s7150_engines_fresh(S7150Fn *f)
{
    static const struct {
        uint32_t first, end;
    } blocks[] = {
        { R_VM_CONTEXT0_CNTL, R_VM_CONTEXT1_PAGE_TABLE_END + 4 },
        { R_CP_RB0_BASE, R_CP_HQD_EOP_DONES + 4 },
        { R_SDMA0_F32_CNTL, R_SDMA0_GFX_DOORBELL + 4 },
        { R_SDMA1_F32_CNTL, R_SDMA1_GFX_DOORBELL + 4 },
    };

    s7150_engines_reset(f);
    for (size_t i = 0; i < ARRAY_SIZE(blocks); i++) {
        memset(f->regs + blocks[i].first / 4, 0,
               blocks[i].end - blocks[i].first);
    }
}

void s7150_engines_init(S7150Fn *f)
{
    f->engines = g_new0(S7150Engines, 1);
    f->engines->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, turn_due, f);
}

void s7150_engines_exit(S7150Fn *f)
{
    if (f->engines) {
        timer_free(f->engines->timer);
        g_clear_pointer(&f->engines, g_free);
    }
}
