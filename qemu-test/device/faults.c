/*
 * AMD FirePro S7150 model: what makes the card misbehave, as rules in
 * properties that may be written while the guest runs (section 7.2). Those of
 * commands are in fault_command.c.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/range.h"
#include "qapi/visitor.h"
#include "rules.h"

/* The card does not answer */

static void update_windows(S7150State *s)
{
    s7150_vram_update_pf_window(s);
    for (int i = 0; i < s->total_vfs; i++) {
        s7150_fb_update_window(s7150_vf(s, i));
    }
}

static void set_gone_now(S7150State *s, bool gone)
{
    s->fault.gone = gone;
    s7150_log(s, "PF", gone ? "gone" : "back");
    update_windows(s);
}

static void back(void *opaque)
{
    set_gone_now(opaque, false);
}

typedef struct Gone {
    bool now;
    uint64_t after, ms;
} Gone;

static bool assign_gone(void *rule, const char *key, const char *value)
{
    Gone *g = rule;

    if (g_str_equal(key, "now") && !value) {
        g->now = true;
        return true;
    } else if (g_str_equal(key, "after")) {
        return s7150_rule_number(value, 10, UINT64_MAX - 1, &g->after);
    } else if (g_str_equal(key, "ms")) {
        g->now = true;
        return s7150_rule_number(value, 10, INT32_MAX, &g->ms);
    }
    return false;
}

static void set_gone(S7150State *s, const char *text, Error **errp)
{
    Gone initial = { 0 }, g[S7150_RULES] = { 0 };

    if (s7150_rules(text, g, sizeof(g[0]), &initial, assign_gone, errp) < 0) {
        return;
    }
    timer_del(s->fault.back_timer);
    s->fault.gone_after = g[0].after ? g[0].after + 1 : 0;
    if (s->fault.gone != g[0].now) {
        set_gone_now(s, g[0].now);
    }
    if (g[0].ms) {
        timer_mod(s->fault.back_timer, s7150_now() + g[0].ms * 1000000);
    }
}

/* After a bus reset the card may be gone, for good or for a time. */
void s7150_fault_bus_reset(S7150State *s)
{
    if (!s->fault.bus_reset && !s->fault.bus_reset_ms) {
        return;
    }
    set_gone_now(s, true);
    if (!s->fault.bus_reset) {
        timer_mod(s->fault.back_timer,
                  s7150_now() + s->fault.bus_reset_ms * 1000000ll);
    }
}

/* Called at each access of the PF's driver: is the card gone? */
bool s7150_fault_gone(S7150State *s)
{
    if (s->fault.gone_after && !--s->fault.gone_after) {
        set_gone_now(s, true);
    }
    return s->fault.gone;
}

/* Forged entries of the interrupt ring */

typedef struct Entry {
    uint64_t source, data, count;
} Entry;

static bool assign_ih(void *rule, const char *key, const char *value)
{
    Entry *e = rule;

    if (g_str_equal(key, "source")) {
        return s7150_rule_number(value, 16, 0xff, &e->source);
    } else if (g_str_equal(key, "data")) {
        return s7150_rule_number(value, 16, UINT32_MAX, &e->data);
    } else if (g_str_equal(key, "count")) {
        return s7150_rule_number(value, 10, 1000000, &e->count);
    }
    return false;
}

static void set_ih(S7150State *s, const char *text, Error **errp)
{
    static const Entry initial = { .count = 1 };
    Entry e[S7150_RULES];
    int n = s7150_rules(text, e, sizeof(e[0]), &initial, assign_ih, errp);

    for (int i = 0; i < n; i++) {
        for (uint64_t k = 0; k < e[i].count; k++) {
            s7150_ih_push(&s->fn, e[i].source, e[i].data, 0);
        }
    }
}

/* The copy of the ring's write pointer: "stuck", or what it always is */

static void set_ih_wptr(S7150State *s, const char *text, Error **errp)
{
    S7150Faults *f = &s->fault;
    bool stuck = g_str_equal(text, "stuck");
    uint64_t n = 0;

    if (*text && !stuck && !s7150_rule_number(text, 16, UINT32_MAX, &n)) {
        error_setg(errp, "s7150: not understood: %s", text);
        return;
    }
    f->wptr_stuck = stuck;
    f->wptr_forged = *text && !stuck;
    f->wptr = n;
    /* At once, and with an interrupt */
    s7150_ih_write_back(&s->fn);
    if (f->wptr_forged) {
        s7150_msi(&s->fn);
    }
}

/* Writes to configuration space that have no effect */

static bool assign_config(void *rule, const char *key, const char *value)
{
    int64_t offset = s7150_config_find(key);

    *(uint32_t *)rule = offset;
    return !value && offset >= 0;
}

static void set_config_write(S7150State *s, const char *text, Error **errp)
{
    uint32_t initial = 0;

    s7150_set_rules(text, s->fault.config_write, &s->fault.n_config_write,
                    sizeof(initial), &initial, assign_config, errp);
}

bool s7150_fault_config_write(S7150State *s, uint32_t addr, int len)
{
    for (unsigned i = 0; i < s->fault.n_config_write; i++) {
        if (range_covers_byte(addr, len, s->fault.config_write[i])) {
            return true;
        }
    }
    return false;
}

/* Registers that read as something else: "[VFn:]NAME=value", "count=N" */

static bool assign_register(void *rule, const char *key, const char *value)
{
    S7150RegisterRule *r = rule;
    g_autofree char *who = NULL;
    const char *name = strchr(key, ':');
    int64_t offset;
    uint64_t n;

    if (g_str_equal(key, "count")) {
        return s7150_rule_number(value, 10, UINT64_MAX, &r->count);
    }
    if (name) {
        who = g_strndup(key, name - key);
        name++;
        if (!s7150_rule_function(who, &r->vf)) {
            return false;
        }
    }
    offset = s7150_mmio_find(name ? name : key);
    if (offset < 0 || !s7150_rule_number(value, 16, UINT32_MAX, &n)) {
        return false;
    }
    r->offset = offset;
    r->value = n;
    return true;
}

static void set_register(S7150State *s, const char *text, Error **errp)
{
    static const S7150RegisterRule initial = {
        .vf = S7150_PF, .offset = UINT32_MAX,
    };

    s7150_set_rules(text, s->fault.reg, &s->fault.n_register,
                    sizeof(s->fault.reg[0]), &initial, assign_register, errp);
}

bool s7150_fault_register(S7150Fn *f, uint32_t reg, uint32_t *val)
{
    S7150Faults *t = &f->card->fault;

    for (unsigned i = 0; i < t->n_register; i++) {
        S7150RegisterRule *r = &t->reg[i];

        if (r->vf == f->vf && r->offset == reg) {
            *val = r->value;
            if (r->count && !--r->count) {
                t->n_register--;
                memmove(r, r + 1, (t->n_register - i) * sizeof(*r));
            }
            return true;
        }
    }
    return false;
}

/* Mailbox: "drop=ack|valid" or "dup=valid", "to=pf|vf", "function=VFn" */

static bool assign_mailbox(void *rule, const char *key, const char *value)
{
    S7150MailboxRule *r = rule;

    if (!value) {
        r->count = 1;
        return g_str_equal(key, "once");
    } else if (g_str_equal(key, "drop")) {
        r->ack = g_str_equal(value, "ack");
        return r->ack || g_str_equal(value, "valid");
    } else if (g_str_equal(key, "dup")) {
        r->duplicate = true;
        return g_str_equal(value, "valid");
    } else if (g_str_equal(key, "to")) {
        r->to_pf = g_str_equal(value, "pf");
        r->to_vf = g_str_equal(value, "vf");
        return r->to_pf || r->to_vf;
    } else if (g_str_equal(key, "function")) {
        return s7150_rule_function(value, &r->vf) && r->vf >= 0;
    } else if (g_str_equal(key, "count")) {
        return s7150_rule_number(value, 10, UINT64_MAX, &r->count);
    }
    return false;
}

static void set_mailbox(S7150State *s, const char *text, Error **errp)
{
    static const S7150MailboxRule initial = {
        .to_pf = true, .to_vf = true, .vf = -1,
    };

    s7150_set_rules(text, s->fault.mailbox, &s->fault.n_mailbox,
                    sizeof(s->fault.mailbox[0]), &initial, assign_mailbox, errp);
}

/* Whether a message or an acknowledgement is lost, or comes twice. */
bool s7150_fault_mailbox(S7150State *s, int vf, bool to_pf, bool ack,
                         bool duplicate)
{
    S7150Faults *f = &s->fault;

    if (ack && f->ack_lost) {
        return true;
    }
    for (unsigned i = 0; i < f->n_mailbox; i++) {
        S7150MailboxRule *r = &f->mailbox[i];

        if (r->ack != ack || r->duplicate != duplicate ||
            !(to_pf ? r->to_pf : r->to_vf) || (r->vf >= 0 && r->vf != vf)) {
            continue;
        }
        if (r->count && !--r->count) {
            f->n_mailbox--;
            memmove(r, r + 1, (f->n_mailbox - i) * sizeof(*r));
        }
        return true;
    }
    return false;
}

/* Bits that flip in VRAM: "offset=HEX,xor=HEX" */

typedef struct Flip {
    uint64_t offset, xor;
} Flip;

static bool assign_vram(void *rule, const char *key, const char *value)
{
    Flip *f = rule;

    if (g_str_equal(key, "offset")) {
        return s7150_rule_number(value, 16, UINT64_MAX, &f->offset);
    } else if (g_str_equal(key, "xor")) {
        return s7150_rule_number(value, 16, UINT32_MAX, &f->xor);
    }
    return false;
}

static void set_vram(S7150State *s, const char *text, Error **errp)
{
    static const Flip initial = { .xor = 1 };
    Flip f[S7150_RULES];
    int n = s7150_rules(text, f, sizeof(f[0]), &initial, assign_vram, errp);

    for (int i = 0; i < n; i++) {
        uint32_t v;

        if (!s7150_vram_read(s, f[i].offset, &v, 4)) {
            error_setg(errp, "s7150: %" PRIx64 " is not in VRAM", f[i].offset);
            return;
        }
        v ^= cpu_to_le32(f[i].xor);
        s7150_vram_write(s, f[i].offset, &v, 4);
    }
}

/* Properties */

typedef struct Knob {
    const char *name;
    size_t text;                /* where the text is kept */
    void (*set)(S7150State *s, const char *text, Error **errp);
    bool action;                /* happens at once, needs a card that runs */
} Knob;

#define TEXT(f) offsetof(S7150State, fault.f)

static const Knob knobs[] = {
    { "fault-command", TEXT(command_text), s7150_fault_set_command },
    { "fault-gone", TEXT(gone_text), set_gone, true },
    { "fault-ih", TEXT(ih_text), set_ih, true },
    { "fault-ih-wptr", TEXT(ih_wptr_text), set_ih_wptr, true },
    { "fault-config-write", TEXT(config_write_text), set_config_write },
    { "fault-register", TEXT(register_text), set_register },
    { "fault-mailbox", TEXT(mailbox_text), set_mailbox },
    { "fault-vram", TEXT(vram_text), set_vram, true },
    { "fault-ring", TEXT(ring_text), s7150_fault_set_ring },
};

static void get_knob(Object *obj, Visitor *v, const char *name, void *opaque,
                     Error **errp)
{
    char **text = (void *)((char *)S7150(obj) + ((const Knob *)opaque)->text);
    char *shown = *text ? *text : (char *)"";

    visit_type_str(v, name, &shown, errp);
}

static void set_knob(Object *obj, Visitor *v, const char *name, void *opaque,
                     Error **errp)
{
    const Knob *k = opaque;
    char **kept = (void *)((char *)S7150(obj) + k->text), *text = NULL;
    Error *err = NULL;

    if (!visit_type_str(v, name, &text, errp)) {
        return;
    }
    if (k->action && !qdev_is_realized(DEVICE(obj))) {
        error_setg(&err, "s7150: %s can be written when the machine runs",
                   name);
    } else {
        k->set(S7150(obj), text, &err);
    }
    if (err) {
        error_propagate(errp, err);
        g_free(text);
        return;
    }
    g_free(*kept);
    *kept = text;
}

void s7150_fault_add_properties(ObjectClass *klass)
{
    for (size_t i = 0; i < ARRAY_SIZE(knobs); i++) {
        object_class_property_add(klass, knobs[i].name, "string", get_knob,
                                  set_knob, NULL, (void *)&knobs[i]);
    }
}

void s7150_fault_init(S7150State *s)
{
    s->fault.back_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, back, s);
}

void s7150_fault_exit(S7150State *s)
{
    g_clear_pointer(&s->fault.back_timer, timer_free);
    for (size_t i = 0; i < ARRAY_SIZE(knobs); i++) {
        g_clear_pointer((char **)(void *)((char *)s + knobs[i].text), g_free);
    }
}
