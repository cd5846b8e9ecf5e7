/*
 * AMD FirePro S7150 model: which command is legal when, and what it leaves
 * (section 2.6). Knows nothing of registers or time.
 *
 * A wrong order is recorded and then carried out as far as it makes sense, as
 * the original driver gets away with some.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "s7150.h"

const char *const s7150_phase_name[] = {
    [PHASE_FREE] = "free",
    [PHASE_INITED] = "inited",
    [PHASE_LOADED] = "loaded",
    [PHASE_RUNNING] = "running",
    [PHASE_IDLE] = "idle",
};

const char *const s7150_op_name[CMD_MAX] = {
    [0] = "UNKNOWN",
    [CMD_IDLE] = "IDLE",
    [CMD_SAVE] = "SAVE",
    [CMD_LOAD] = "LOAD",
    [CMD_RUN] = "RUN",
    [CMD_CONTEXT_SWITCH] = "CONTEXT_SWITCH",
    [CMD_AUTO_HW_SWITCH] = "AUTO_HW_SWITCH",
    [CMD_INIT] = "INIT",
    [CMD_SAVE_RLCV] = "SAVE_RLCV",
    [CMD_LOAD_RLCV] = "LOAD_RLCV",
};

static uint32_t slot(uint8_t fcn)
{
    return fcn == FCN_PF ? BIT(0) : BIT(1 + (fcn & 0xf));
}

/* Why a command is wrong now; NULL: it is right. */
static const char *wrong(S7150State *s, uint8_t op, uint8_t fcn)
{
    bool same = s->phase != PHASE_FREE && s->current == fcn;

    switch (op) {
    case CMD_IDLE:
        return same && s->phase == PHASE_RUNNING ? NULL : "it does not run";
    case CMD_SAVE:
        return same && s->phase == PHASE_IDLE ? NULL : "it is not idle";
    case CMD_LOAD:
        return s->phase != PHASE_FREE ? "the GPU is not free" :
               !(s->slots & slot(fcn)) ? "it has no saved state" : NULL;
    case CMD_INIT:
        return s->phase != PHASE_FREE ? "the GPU is not free" : NULL;
    case CMD_RUN:
        return same && (s->phase == PHASE_LOADED || s->phase == PHASE_INITED) ?
               NULL : "it is not loaded";
    case CMD_SAVE_RLCV:
        return same && s->phase == PHASE_RUNNING ? NULL : "it does not run";
    case CMD_LOAD_RLCV:
        return fcn == FCN_PF || !s7150_function(s, fcn)->flr_seen ?
               "it has had no reset" :
               s->phase != PHASE_FREE && !same ? "another has the GPU" : NULL;
    default:
        return "there is no such command";
    }
}

S7150Verdict s7150_order_check(S7150State *s, uint8_t op, uint8_t fcn)
{
    char name[S7150_NAME_LEN], current[S7150_NAME_LEN];
    const char *why;

    if (!s7150_function(s, fcn) ||
        (fcn != FCN_PF && !s7150_vf_enabled(s, fcn & 0xf))) {
        s7150_driver_error(s, "%s to function %02x, which is not there",
                           s7150_op_name[op], fcn);
        return ORDER_NO_FUNCTION;
    }
    why = wrong(s, op, fcn);
    if (!why) {
        return ORDER_LEGAL;
    }
    if ((op == CMD_IDLE || op == CMD_SAVE) && s->phase == PHASE_FREE &&
        (s->slots & slot(fcn))) {
        if (s->strict) {
            s7150_driver_error(s, "%s to %s, which is saved already",
                               s7150_op_name[op],
                               s7150_function_name(fcn, name));
        }
        return ORDER_REDUNDANT;
    }
    s7150_driver_error(s, "%s to %s, but %s (the GPU is %s%s%s)",
                       s7150_op_name[op], s7150_function_name(fcn, name), why,
                       s7150_phase_name[s->phase],
                       s->phase == PHASE_FREE ? "" : ", of ",
                       s->phase == PHASE_FREE ? "" :
                       s7150_function_name(s->current, current));
    return ORDER_ILLEGAL;
}

/* Whether a command that begins now takes the GPU from what runs. */
bool s7150_order_stops(S7150State *s, uint8_t op, uint8_t fcn)
{
    return op == CMD_LOAD || op == CMD_INIT ||
           ((op == CMD_IDLE || op == CMD_SAVE) && fcn == s->current);
}

static void take(S7150State *s, uint8_t fcn, S7150Phase phase)
{
    s->current = fcn;
    s->phase = phase;
}

/* What a command that has succeeded leaves. */
void s7150_order_apply(S7150State *s, uint8_t op, uint8_t fcn)
{
    bool same = s->phase != PHASE_FREE && s->current == fcn;

    switch (op) {
    case CMD_IDLE:
        if (same && s->phase == PHASE_RUNNING) {
            s->phase = PHASE_IDLE;
        }
        break;
    case CMD_SAVE:
        if (same) {
            s->phase = PHASE_FREE;
            s->slots |= slot(fcn);
        }
        break;
    case CMD_LOAD:
        take(s, fcn, PHASE_LOADED);
        break;
    case CMD_INIT:
        take(s, fcn, PHASE_INITED);
        s7150_function(s, fcn)->flr_seen = false;
        break;
    case CMD_RUN:
        if (same && s->phase != PHASE_IDLE) {
            s->phase = PHASE_RUNNING;
        }
        break;
    case CMD_LOAD_RLCV:
        take(s, fcn, PHASE_RUNNING);
        s7150_function(s, fcn)->flr_seen = false;
        break;
    }
}
