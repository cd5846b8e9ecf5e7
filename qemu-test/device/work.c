/*
 * AMD FirePro S7150 model: GPU work for test programs on VFs. The real part has
 * nothing of the kind; its registers and its doorbell are where no real driver
 * looks.
 *
 * A program queues units of work, each of so many microseconds of GPU time, by
 * a doorbell of its VF. The GPU works on them in order, but only while that VF
 * runs; what is left of a unit waits for the next time. Queued work is lost by
 * a reset of the VF, and by INIT.
 *
 * From outside it looks as if the VF's gfx ring had work: the pointers
 * CP_RB0_WPTR and CP_RB0_RPTR differ, and the write pointer's shadow in VRAM is
 * kept where CP_RB_WPTR_POLL_ADDR says (section 4.10). A unit is one dword.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "s7150.h"

#define DOORBELL_WORK   0x1ffff0        /* W  us of work to queue */

enum {                                  /* in BAR5 of a VF, read only */
    WORK_ID = 0x3fe00,                  /* 574f524b */
    WORK_QUEUED = 0x3fe04,              /* units waiting or under way */
    WORK_COMPLETED = 0x3fe08,           /* units completed since the reset */
    WORK_LEFT_US = 0x3fe0c,
    WORK_DONE_US = 0x3fe10,
    WORK_REFUSED = 0x3fe14,             /* units that found the queue full */
};

static uint32_t used(const S7150Work *w)
{
    return w->tail - w->head;
}

static uint64_t left(const S7150Work *w)
{
    return w->queued - w->done;
}

static bool busy(S7150Fn *f)
{
    return s7150_running(f) && used(&f->work);
}

/* The pointers of the gfx ring, unless a real driver's is there */
static void show_pointers(S7150Fn *f)
{
    S7150Work *w = &f->work;
    uint64_t shadow =
        (uint64_t)f->regs[R_CP_RB_WPTR_POLL_ADDR_HI / 4] << 32 |
        (f->regs[R_CP_RB_WPTR_POLL_ADDR_LO / 4] & ~3u);

    if (f->card->engines) {
        return;
    }
    f->regs[R_CP_RB0_WPTR / 4] = w->tail;
    f->regs[R_CP_RB0_RPTR / 4] = w->head;
    if (shadow) {
        s7150_gpu_write32(f, shadow, w->tail);
    }
}

/*
 * Brings the account up to a time; each unit that ends raises an interrupt, as
 * a fence does.
 */
static void advance(S7150Fn *f, int64_t now)
{
    S7150Work *w = &f->work;
    uint64_t ran = s7150_running(f) && !f->spoilt ? now - w->since : 0;

    w->since = now;
    while (ran && used(w)) {
        uint64_t *unit = &w->unit[w->head % ARRAY_SIZE(w->unit)];
        uint64_t n = MIN(*unit, ran);

        *unit -= n;
        ran -= n;
        w->done += n;
        if (!*unit) {
            w->head++;
            w->completed++;
            show_pointers(f);
            s7150_ih_push(f, IH_SRC_CP_EOP, 0, 0);
        }
    }
}

/* The timer only runs while there is something to wait for. */
static void arm(S7150Fn *f)
{
    S7150Work *w = &f->work;

    if (busy(f) && !f->spoilt) {
        timer_mod(f->work_timer, w->since +
                  w->unit[w->head % ARRAY_SIZE(w->unit)]);
    } else {
        timer_del(f->work_timer);
    }
}

static void unit_over(void *opaque)
{
    S7150Fn *f = opaque;

    advance(f, s7150_now());
    arm(f);
}

bool s7150_work_doorbell(S7150Fn *f, uint32_t offset, uint32_t val)
{
    S7150Work *w = &f->work;

    if (s7150_is_pf(f) || offset != DOORBELL_WORK) {
        return false;
    }
    advance(f, s7150_now());
    if (used(w) == ARRAY_SIZE(w->unit)) {
        w->refused++;
    } else if (val) {
        w->unit[w->tail++ % ARRAY_SIZE(w->unit)] = val * 1000ull;
        w->queued += val * 1000ull;
        show_pointers(f);
    }
    arm(f);
    return true;
}

bool s7150_work_read(S7150Fn *f, uint32_t reg, uint32_t *val)
{
    S7150Work *w = &f->work;

    if (s7150_is_pf(f)) {
        return false;
    }
    switch (reg) {
    case R_GRBM_STATUS:
        advance(f, s7150_now());
        *val = GRBM_STATUS_IDLE | (busy(f) ? GRBM_STATUS_GUI_ACTIVE : 0);
        return true;
    case R_CP_STAT:
        advance(f, s7150_now());
        *val = busy(f) ? CP_STAT_BUSY : 0;
        return true;
    case R_CP_RB0_RPTR:
        advance(f, s7150_now());
        return false;           /* as memory */
    }
    if (reg < WORK_ID || reg > WORK_REFUSED) {
        return false;
    }
    advance(f, s7150_now());
    switch (reg) {
    case WORK_ID:
        *val = 0x574f524b;
        break;
    case WORK_QUEUED:
        *val = used(w);
        break;
    case WORK_COMPLETED:
        *val = w->completed;
        break;
    case WORK_LEFT_US:
        *val = MIN(left(w) / 1000, UINT32_MAX);
        break;
    case WORK_DONE_US:
        *val = w->done / 1000;
        break;
    case WORK_REFUSED:
        *val = w->refused;
        break;
    }
    return true;
}

/* The function runs from now on. */
void s7150_work_start(S7150Fn *f, int64_t now)
{
    f->work.since = now;
    arm(f);
}

/* The function is about to stop; it still counts as running. */
void s7150_work_stop(S7150Fn *f, int64_t now)
{
    advance(f, now);
    timer_del(f->work_timer);
}

void s7150_work_init(S7150Fn *f)
{
    f->work_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, unit_over, f);
}

void s7150_work_exit(S7150Fn *f)
{
    g_clear_pointer(&f->work_timer, timer_free);
}

void s7150_work_reset(S7150Fn *f)
{
    memset(&f->work, 0, sizeof(f->work));
    f->work.since = s7150_now();
    timer_del(f->work_timer);
}

char *s7150_json_work(S7150State *s)
{
    QDict *d = qdict_new();

    for (int i = 0; i < s->total_vfs; i++) {
        S7150Fn *f = s7150_vf(s, i);
        QDict *w = qdict_new();

        advance(f, s7150_now());
        qdict_put_int(w, "queued-us", f->work.queued / 1000);
        qdict_put_int(w, "done-us", f->work.done / 1000);
        qdict_put_int(w, "left-us", left(&f->work) / 1000);
        qdict_put_int(w, "completed", f->work.completed);
        qdict_put(d, f->name, w);
    }
    return s7150_json(d);
}
