/*
 * AMD FirePro S7150 model: rules that make commands hang, fail or come late
 * (property fault-command).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "rules.h"

static bool op_number(const char *text, int *op)
{
    for (int i = 1; text && i < CMD_MAX; i++) {
        if (g_str_equal(text, s7150_op_name[i])) {
            *op = i;
            return true;
        }
    }
    return false;
}

static bool assign_command(void *rule, const char *key, const char *value)
{
    S7150CommandRule *r = rule;
    uint64_t n;
    int vf;

    if (g_str_equal(key, "op")) {
        return op_number(value, &r->op);
    } else if (g_str_equal(key, "function")) {
        if (!s7150_rule_function(value, &vf)) {
            return false;
        }
        r->function = vf == S7150_PF ? FCN_PF : FCN_VF0 + vf;
        return true;
    } else if (g_str_equal(key, "status")) {
        if (!s7150_rule_number(value, 16, 0xff, &n)) {
            return false;
        }
        r->status = n;
        r->delay = false;
        return true;
    } else if (g_str_equal(key, "after-ms")) {
        if (!s7150_rule_number(value, 10, INT32_MAX, &n)) {
            return false;
        }
        r->after_ns = n * 1000000;
        return true;
    } else if (g_str_equal(key, "lag-ms")) {
        if (!s7150_rule_number(value, 10, INT32_MAX, &n)) {
            return false;
        }
        r->lag_ns = n * 1000000;
        return true;
    } else if (g_str_equal(key, "skip")) {
        return s7150_rule_number(value, 10, UINT64_MAX, &r->skip);
    } else if (g_str_equal(key, "count")) {
        return s7150_rule_number(value, 10, UINT64_MAX, &r->count);
    } else if (g_str_equal(key, "until") && value) {
        r->until_flr = g_str_equal(value, "flr");
        r->until_reset = g_str_equal(value, "reset");
        return r->until_flr || r->until_reset;
    } else if (g_str_equal(key, "never") && !value) {
        r->never = true;
        return true;
    } else if (g_str_equal(key, "once") && !value) {
        r->count = 1;
        return true;
    }
    return false;
}

void s7150_fault_set_command(S7150State *s, const char *text, Error **errp)
{
    static const S7150CommandRule initial = {
        .function = -1, .delay = true, .after_ns = -1,
    };

    s7150_set_rules(text, s->fault.command, &s->fault.n_command,
                    sizeof(s->fault.command[0]), &initial, assign_command, errp);
}

static void drop_command(S7150Faults *f, unsigned i)
{
    f->n_command--;
    memmove(&f->command[i], &f->command[i + 1],
            (f->n_command - i) * sizeof(f->command[0]));
}

/* The rule for a command that starts now. Valid until the next call. */
S7150CommandRule *s7150_fault_command(S7150State *s, uint8_t op, uint8_t fcn)
{
    S7150Faults *f = &s->fault;

    for (unsigned i = 0; i < f->n_command; i++) {
        S7150CommandRule *r = &f->command[i];

        if ((r->op && r->op != op) ||
            (r->function >= 0 && r->function != fcn)) {
            continue;
        }
        if (r->skip) {
            r->skip--;
            continue;
        }
        if (r->count && !--r->count) {
            /* The last element is kept behind the end, for the caller. */
            S7150CommandRule last = *r;

            drop_command(f, i);
            f->command[f->n_command] = last;
            return &f->command[f->n_command];
        }
        return r;
    }
    return NULL;
}

/* A function's reset, or the card's, ends the rules that say so. */
void s7150_fault_command_flr(S7150State *s, uint8_t fcn, bool reset)
{
    S7150Faults *f = &s->fault;

    for (unsigned i = 0; i < f->n_command;) {
        const S7150CommandRule *r = &f->command[i];

        if ((reset && (r->until_reset || r->until_flr)) ||
            (!reset && r->until_flr &&
             (r->function < 0 || r->function == fcn))) {
            drop_command(f, i);
        } else {
            i++;
        }
    }
}
