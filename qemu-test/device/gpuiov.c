/*
 * AMD FirePro S7150 model: the registers of the GPU-IOV capability (section 2)
 * and the command engine with its times. What order is right is in order.c.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/range.h"
#include "hw/pci/pcie_sriov.h"
#include "s7150.h"

static const uint8_t busy_status[CMD_MAX] = {
    [CMD_IDLE] = 0x11, [CMD_SAVE] = 0x12, [CMD_LOAD] = 0x13, [CMD_RUN] = 0x14,
    [CMD_INIT] = 0x15, [CMD_SAVE_RLCV] = 0x16, [CMD_LOAD_RLCV] = 0x17,
};

/* How long it takes to find engines hung (section 2.5, from a log) */
#define HANG_SEEN_NS 102000000

S7150Fn *s7150_vf(S7150State *s, int vf)
{
    return &S7150_VF(PCI_DEVICE(s)->exp.sriov_pf.vf[vf])->fn;
}

/* The function with this id, if the card has it, enabled or not. */
S7150Fn *s7150_function(S7150State *s, uint8_t fcn)
{
    if (fcn == FCN_PF) {
        return &s->fn;
    }
    return (fcn & 0xf0) == FCN_VF0 && (fcn & 0xf) < s->total_vfs ?
           s7150_vf(s, fcn & 0xf) : NULL;
}

bool s7150_vf_enabled(S7150State *s, int vf)
{
    return vf < pcie_sriov_num_vfs(PCI_DEVICE(s));
}

const char *s7150_function_name(uint8_t fcn, char buf[S7150_NAME_LEN])
{
    if (fcn == FCN_PF) {
        return "PF";
    }
    snprintf(buf, S7150_NAME_LEN, (fcn & 0xf0) == FCN_VF0 ? "VF%u" : "?%02x",
             (fcn & 0xf0) == FCN_VF0 ? (fcn & 0xf) + 1u : fcn);
    return buf;
}

static uint8_t function_id(S7150Fn *f)
{
    return s7150_is_pf(f) ? FCN_PF : FCN_VF0 + f->vf;
}

/* Whether a function's engines run now. */
bool s7150_running(S7150Fn *f)
{
    return f->card->live && f->card->current == function_id(f);
}

static void set_status(S7150State *s, uint8_t status)
{
    s7150_cap(s)[GPUIOV_CMD_STATUS] = s->status_4_bits ? status & 0xf : status;
}

/*
 * Times are those of the command that starts or ends, so that the accounts of
 * commands and of what runs agree to the nanosecond.
 */
static void stop_running(S7150State *s, int64_t now)
{
    if (s->live) {
        S7150Fn *f = s7150_function(s, s->current);

        s7150_work_stop(f, now);
        s7150_engines_stop(f);
        s7150_account_run_stop(s, now);
    }
}

static void start_running(S7150State *s, int64_t now)
{
    S7150Fn *f = s7150_function(s, s->current);

    stop_running(s, now);
    s7150_account_run_start(s, now);
    s7150_work_start(f, now);
    if (s->engines && !f->spoilt) {
        s7150_engines_start(f);
    }
}

static void command_end(S7150State *s)
{
    uint8_t *cap = s7150_cap(s);

    s->executing = s->stuck = false;
    if (!s->result || !s->errors_keep_execute) {
        cap[GPUIOV_CMD_CONTROL] &= ~(CMD_CONTROL_EXECUTE | CMD_CONTROL_INTR_EN);
    }
}

/* STATUS goes back to 0 later than EXECUTE does. */
static void lag_over(void *opaque)
{
    set_status(opaque, STATUS_DONE);
}

static void carry_out(S7150State *s, int64_t now)
{
    S7150Fn *f = s7150_function(s, s->fcn);

    if (s->op == CMD_SAVE && s->phase != PHASE_FREE && s->current == s->fcn) {
        s7150_csa_save(s, s->fcn);
    }
    if (s->op == CMD_LOAD) {
        f->spoilt = !s7150_csa_load(s, s->fcn);
    }
    s7150_order_apply(s, s->op, s->fcn);
    if (s->op == CMD_INIT) {
        f->spoilt = false;
        s7150_work_reset(f);
        if (s->engines) {
            s7150_engines_fresh(f);
        }
    }
    if ((s->op == CMD_INIT || s->op == CMD_LOAD_RLCV) && s->fcn != FCN_PF) {
        s7150_show_reset(s, s->fcn & 0xf, false);
    }
    if (s->phase == PHASE_RUNNING && s->current == s->fcn && !s->live &&
        (s->op == CMD_RUN || s->op == CMD_LOAD_RLCV)) {
        start_running(s, now);
    }
}

static void command_done(void *opaque)
{
    S7150State *s = opaque;
    int64_t now = s7150_now();
    char name[S7150_NAME_LEN];

    if (!s->result) {
        carry_out(s, now);
    }
    command_end(s);
    s7150_account_command(s, now, s->result);
    s7150_log(s, "PF", "command-end %s %s status=%02x", s7150_op_name[s->op],
              s7150_function_name(s->fcn, name), s->result);
    if (s->lag_ns && !s->result) {
        timer_mod(s->lag_timer, s7150_now() + s->lag_ns);
    } else {
        set_status(s, s->result);
    }
    if (s->interrupt) {
        s7150_msi(&s->fn);
    }
}

static int64_t latency(S7150State *s, uint8_t op)
{
    uint32_t us = s->op_latency_us[op];

    return (us == UINT32_MAX ? s->latency_us : us) * 1000ll;
}

/* Never ends; only a reset helps. */
static void command_stuck(S7150State *s)
{
    s->stuck = true;
    /* As seen on silicon with an INIT that hung: EXECUTE set, status 0 */
    set_status(s, STATUS_DONE);
    s7150_account_command(s, -1, STATUS_DONE);
    s7150_log(s, "PF", "command-stuck");
}

static void command_start(S7150State *s)
{
    uint8_t *cap = s7150_cap(s);
    uint8_t control = cap[GPUIOV_CMD_CONTROL];
    S7150CommandRule *rule;
    S7150Verdict verdict;
    S7150Fn *f;
    int64_t wait;
    bool hangs;
    char name[S7150_NAME_LEN];

    timer_del(s->lag_timer);
    s->op = control & CMD_CONTROL_TYPE;
    s->op = s->op < CMD_MAX ? s->op : 0;
    s->fcn = cap[GPUIOV_FCN_ID];
    s->interrupt = control & CMD_CONTROL_INTR_EN;
    s->result = STATUS_DONE;
    s->lag_ns = 0;
    s->executing = true;
    s->command_start = s7150_now();
    s->counter[CNT_COMMAND]++;
    f = s7150_function(s, s->fcn);
    if (f) {
        f->commands[s->op]++;
    }
    s7150_log(s, "PF", "command %s %s", s7150_op_name[s->op],
              s7150_function_name(s->fcn, name));

    if (!s7150_posted(s)) {
        s7150_driver_error(s, "%s on a card that is not posted",
                           s7150_op_name[s->op]);
        command_stuck(s);
        return;
    }
    if (!s7150_rlcv_on(s)) {
        s7150_driver_error(s, "%s while RLC-V is halted",
                           s7150_op_name[s->op]);
        command_stuck(s);
        return;
    }
    verdict = s7150_order_check(s, s->op, s->fcn);
    if (verdict == ORDER_NO_FUNCTION) {
        s->result = STATUS_GFX_HANG;
    } else if (verdict == ORDER_ILLEGAL) {
        s->result = s->illegal_status;
    }
    if (f && (s->op == CMD_INIT || s->op == CMD_LOAD)) {
        s7150_fb_check_use(s, s->fcn);
    }
    hangs = f && ((f->spoilt && s->op == CMD_IDLE) ||
                  (s->flr_needs_rlcv && f->flr_seen &&
                   (s->op == CMD_IDLE || s->op == CMD_SAVE)));
    if (hangs) {
        s->result = STATUS_GFX_HANG;
    }
    if (!s->result && s7150_order_stops(s, s->op, s->fcn)) {
        stop_running(s, s->command_start);
    }
    wait = hangs ? HANG_SEEN_NS : latency(s, s->op);
    rule = s7150_fault_command(s, s->op, s->fcn);
    if (rule) {
        s->counter[CNT_COMMAND_FAULT]++;
        if (rule->never || !rule->delay) {
            stop_running(s, s->command_start);      /* it hangs */
        }
        if (rule->never) {
            command_stuck(s);
            return;
        }
        wait = rule->after_ns >= 0 ? rule->after_ns : wait;
        s->lag_ns = rule->lag_ns;
        s->result = rule->delay ? s->result : rule->status;
    }
    set_status(s, busy_status[s->op]);
    if (wait) {
        timer_mod(s->command_timer, s->command_start + wait);
    } else {
        command_done(s);
    }
}

/* Whether the command port takes a write of `len` bytes. */
static bool port_accepts(S7150State *s, uint32_t off, uint32_t val, int len)
{
    int byte = GPUIOV_CMD_CONTROL - (int)off;

    if (!s->executing || !ranges_overlap(off, len, GPUIOV_CMD_CONTROL, 4)) {
        return true;
    }
    if (byte >= 0 && byte < len &&
        (val >> (byte * 8) & CMD_CONTROL_EXECUTE)) {
        s7150_driver_error(s, "command %02x while EXECUTE is set",
                           val >> (byte * 8) & 0xff);
    }
    return false;
}

static bool vf_fb_accepts(S7150State *s, uint32_t off, int len)
{
    if (!ranges_overlap(off, len, GPUIOV_VF0_FB, S7150_MAX_VFS * 4)) {
        return true;
    }
    if (len == 4 && !(off & 3)) {
        return true;
    }
    s7150_driver_error(s, "write of %d bytes to the register of VF%u's "
                       "framebuffer, which takes dwords only", len,
                       (off - GPUIOV_VF0_FB) / 4 + 1);
    return false;
}

/* A write by the PF's driver; off: from the capability's start. */
void s7150_gpuiov_write(S7150State *s, uint32_t off, uint32_t val, int len)
{
    uint8_t *cap = s7150_cap(s), before[GPUIOV_LEN];

    if (!port_accepts(s, off, val, len) || !vf_fb_accepts(s, off, len)) {
        return;
    }
    memcpy(before, cap, sizeof(before));
    pci_default_write_config(PCI_DEVICE(s), CFG_GPUIOV + off, val, len);
    if (memcmp(before + GPUIOV_CNTXT, cap + GPUIOV_CNTXT, 4)) {
        s7150_cntxt_changed(s);
    }
    if (memcmp(before + GPUIOV_FB_CONSUMED, cap + GPUIOV_FB_CONSUMED, 2)) {
        s7150_fb_changed(s);
    }
    for (int i = 0; i < s->total_vfs; i++) {
        if (memcmp(before + GPUIOV_VF0_FB + i * 4, cap + GPUIOV_VF0_FB + i * 4,
                   4)) {
            s7150_fb_check_write(s, i);
            s7150_fb_update_window(s7150_vf(s, i));
        }
    }
    if (range_covers_byte(off, len, GPUIOV_CMD_CONTROL) &&
        (cap[GPUIOV_CMD_CONTROL] & CMD_CONTROL_EXECUTE)) {
        command_start(s);
    }
}

/* Life */

void s7150_gpuiov_init(S7150State *s)
{
    s->command_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, command_done, s);
    s->lag_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, lag_over, s);
}

void s7150_gpuiov_exit(S7150State *s)
{
    g_clear_pointer(&s->command_timer, timer_free);
    g_clear_pointer(&s->lag_timer, timer_free);
}

static void abandon(S7150State *s)
{
    S7150Fn *f = s7150_function(s, s->fcn);

    timer_del(s->command_timer);
    timer_del(s->lag_timer);
    if (s->executing) {
        if (!s->stuck) {
            s7150_account_command(s, -1, STATUS_DONE);
        }
        if (f) {
            f->command_ns += s7150_now() - s->command_start;
        }
    }
    s->result = STATUS_DONE;
    command_end(s);
    set_status(s, STATUS_DONE);
}

/* VF Enable has been cleared: VFs that are enabled again are new ones. */
void s7150_gpuiov_vfs_gone(S7150State *s)
{
    char name[S7150_NAME_LEN];

    if (s->executing && s->fcn != FCN_PF) {
        s7150_driver_error(s, "VFs are disabled while %s to %s runs",
                           s7150_op_name[s->op],
                           s7150_function_name(s->fcn, name));
        abandon(s);
    }
    if (s->phase != PHASE_FREE && s->current != FCN_PF) {
        s7150_driver_error(s, "VFs are disabled while %s has the GPU",
                           s7150_function_name(s->current, name));
        stop_running(s, s7150_now());
        s->phase = PHASE_FREE;
    }
    s->slots &= BIT(0);
}

/* A reset of the PF or of the whole card */
void s7150_gpuiov_reset(S7150State *s)
{
    uint8_t *cap = s7150_cap(s);

    stop_running(s, s7150_now());
    abandon(s);
    s->phase = PHASE_FREE;
    s->current = FCN_PF;
    s->slots = 0;
    if (!s->with_gpuiov) {
        return;
    }
    memset(cap + GPUIOV_CMD_CONTROL, 0, GPUIOV_LEN - GPUIOV_CMD_CONTROL);
    pci_set_word(cap + GPUIOV_FB_AVAIL, s->total_fb_mb);
    s7150_gpuiov_show_vfs(s);
    s7150_fb_changed(s);
    for (int i = 0; i < s->total_vfs; i++) {
        s7150_fb_update_window(s7150_vf(s, i));
    }
}

/* A function level reset of a VF, whoever asked for it */
void s7150_gpuiov_vf_flr(S7150Fn *f)
{
    S7150State *s = f->card;

    f->flr_seen = true;
    s7150_fault_command_flr(s, FCN_VF0 + f->vf, false);
    if (s->stuck && s->fcn == FCN_VF0 + f->vf) {
        abandon(s);
    } else if (!s->executing && s->fcn == FCN_VF0 + f->vf) {
        set_status(s, STATUS_DONE);
    }
}
