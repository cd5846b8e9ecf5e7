/*
 * AMD FirePro S7150 model: what the engines have done, as JSON, and rules that
 * make rings hang (property fault-ring).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "../rules.h"
#include "engines.h"

static const char *const kind_name[KIND_MAX] = {
    [KIND_GFX] = "gfx", [KIND_KIQ] = "kiq", [KIND_COMPUTE] = "compute",
    [KIND_SDMA0] = "sdma0", [KIND_SDMA1] = "sdma1",
};

static QDict *counts(const QueueCount *c)
{
    QDict *d = qdict_new();

    qdict_put_int(d, "packets", c->packets);
    qdict_put_int(d, "buffers", c->buffers);
    qdict_put_int(d, "fences", c->fences);
    qdict_put_int(d, "bytes", c->bytes);
    qdict_put_int(d, "suspended", c->suspended);
    return d;
}

char *s7150_json_engine_work(S7150State *s)
{
    QDict *all = qdict_new();

    for (int i = 0; i < s->total_vfs; i++) {
        S7150Fn *f = s7150_vf(s, i);
        QDict *d = qdict_new();

        for (int k = 0; k < KIND_MAX; k++) {
            qdict_put(d, kind_name[k], counts(&f->engines->count[k]));
        }
        qdict_put_int(d, "vm-faults", f->engines->vm_faults);
        qdict_put(all, f->name, d);
    }
    return s7150_json(all);
}

void s7150_engines_account_reset(S7150Fn *f)
{
    memset(f->engines->count, 0, sizeof(f->engines->count));
    f->engines->vm_faults = 0;
}

static bool assign(void *rule, const char *key, const char *value)
{
    S7150RingRule *r = rule;

    if (g_str_equal(key, "function")) {
        return s7150_rule_function(value, &r->vf);
    } else if (g_str_equal(key, "ring")) {
        for (int k = 0; value && k < KIND_MAX; k++) {
            if (g_str_equal(kind_name[k], value)) {
                r->kind = k;
                return true;
            }
        }
    } else if (g_str_equal(key, "until") && value) {
        r->until_flr = true;
        return g_str_equal(value, "flr");
    }
    return false;
}

void s7150_fault_set_ring(S7150State *s, const char *text, Error **errp)
{
    static const S7150RingRule initial = { .vf = S7150_PF, .kind = KIND_GFX };

    s7150_set_rules(text, s->fault.ring, &s->fault.n_ring,
                    sizeof(s->fault.ring[0]), &initial, assign, errp);
}

/* Whether a ring stops fetching */
bool s7150_fault_ring(S7150Fn *f, int kind)
{
    const S7150Faults *t = &f->card->fault;

    for (unsigned i = 0; i < t->n_ring; i++) {
        if (t->ring[i].vf == f->vf && t->ring[i].kind == kind) {
            return true;
        }
    }
    return false;
}

void s7150_fault_ring_flr(S7150Fn *f)
{
    S7150Faults *t = &f->card->fault;

    for (unsigned i = 0; i < t->n_ring;) {
        if (t->ring[i].until_flr && t->ring[i].vf == f->vf) {
            t->ring[i] = t->ring[--t->n_ring];
        } else {
            i++;
        }
    }
}
